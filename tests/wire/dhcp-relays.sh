#!/usr/bin/env bash
# Clients in other networks, behind real relays: ISC's dhcrelay with and without option 82 and with link
# selection, dnsmasq's, and one relay behind another.
#
#   srv (s0 10.77.0.1) --- (c0 10.77.0.2) cli (a0 10.88.0.1) --- far a
#                                             (b0 10.89.0.1) --- far b --- (d0 10.91.0.1) --- far d
#                                             (x0 10.90.0.1) --- far x, a network that is not served
. "$(dirname "$0")/../lib.sh"
need_root
net_new dhr
. "$(dirname "$0")/dhcp_lib.sh"

declare -A far
# wire NAME NAMESPACE ADDRESS: a new namespace far[NAME], its NIC "n0" joined to NAME0 of the one given.
wire() {
	far[$1]=dhr-$$-$1
	ip netns add "${far[$1]}" || exit 1
	defer "ip netns del ${far[$1]}"
	ip link add "${1}0" netns "$2" type veth peer name n0 netns "${far[$1]}"
	ip -n "$2" addr add "$3" dev "${1}0"
	ip -n "$2" link set "${1}0" up
	ip -n "${far[$1]}" link set lo up
	ip -n "${far[$1]}" link set n0 up
}
ip -n "$cli" addr add 10.77.0.2/24 dev c0
wire a "$cli" 10.88.0.1/24
wire b "$cli" 10.89.0.1/24
wire x "$cli" 10.90.0.1/24
wire d "${far[b]}" 10.91.0.1/24
in_cli sysctl -qw net.ipv4.ip_forward=1
ip -n "$srv" route add 10.88.0.0/14 via 10.77.0.2

serve lease=20 probe=100 subnet=10.88.0.0/24,10.88.0.100-10.88.0.149,10.88.0.1 subnet=10.89.0.0/24,10.89.0.100-10.89.0.149,10.89.0.1 \
	subnet=10.91.0.0/24,10.91.0.100-10.91.0.149,10.91.0.1 node=branch1,10.88.0.10,02:00:00:00:08:01
watch

# A client's script that also sets the route: a renewal goes to the server itself, not to the relay.
cat >"$work/udhcpc" <<-'SCRIPT'
	#!/bin/sh
	case $1 in
	bound) ip addr add "$ip/$mask" dev "$interface"; ip route replace default via "$router"; env >"$0.env" ;;
	deconfig) ip -4 addr flush dev "$interface" scope global ;;
	esac
SCRIPT
# at PLACE COMMAND...
at() { ip netns exec "${far[$1]}" "${@:2}"; }
far_mac() { ip -n "${far[$1]}" -4 addr flush dev n0 scope global; ip -n "${far[$1]}" link set n0 address "02:00:00:00:08:$2"; }
# lease PLACE MAC [OPTION...]: what udhcpc says there, as that machine.
lease() { far_mac "$1" "$2"; at "$1" timeout 20 busybox udhcpc -f -q -n -i n0 -t 4 -T 1 -s "$work/udhcpc" "${@:3}" 2>&1; }
relay_is_up() { ip netns exec "$1" grep -q ':0043 ' /proc/net/udp; }
# relay NAMESPACE COMMAND...
relay() { start relay ip netns exec "$@"; wait_for 10 "the relay" relay_is_up "$1"; }
unrelay() { kill -- "-$started" 2>/dev/null; wait "$started" 2>/dev/null; }

# --- dhcrelay --------------------------------------------------------------------------------------

relay "$cli" dhcrelay -4 -d --no-pid -iu c0 -id a0 -id b0 -id x0 10.77.0.1
like "dhcrelay: client of the first network gets an address of it" 'lease of 10\.88\.0\.100 obtained from 10\.77\.0\.1, lease time 20' "$(lease a 21)"
is "dhcrelay: with that network's router and mask" "10.88.0.1 255.255.255.0" "$(told_udhcpc router) $(told_udhcpc subnet)"
like "dhcrelay: client of the second network gets an address of that" 'lease of 10\.89\.0\.100 obtained' "$(lease b 22)"
like "dhcrelay: client that wants its answers by broadcast" 'lease of 10\.88\.0\.101 obtained' "$(lease a 23 -B)"
like "dhcrelay: node gets its fixed address" 'lease of 10\.88\.0\.10 obtained' "$(lease a 01)"
is "dhcrelay: and its name" branch1 "$(told_udhcpc hostname)"
like "dhcrelay: node in a network that its address is not of gets another address, or none, but never that one" \
	'lease of 10\.89\.0\.1[0-4][0-9] obtained|no lease' "$(lease b 01)"
like "dhcrelay: UEFI machine" 'lease of 10\.88\.0\.1[0-4][0-9] obtained' \
	"$(lease a 24 -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016)"
is "dhcrelay: UEFI machine hears our address, not the relay's, as its boot server" "snponly.efi 10.77.0.1" "$(told_udhcpc boot_file) $(told_udhcpc siaddr)"
like "dhcrelay: client of a network that is not served gets nothing" 'no lease' "$(lease x 25)"
is "dhcrelay: which is said once for that relay" 1 "$(grep -c '^EXCHANGE DISCOVER - .*note=relay 10\.90\.0\.1 asks for the network of 10\.90\.0\.1' "$log")"
like "dhcrelay: the server's own network is served beside" 'lease of 10\.77\.0\.1[0-4][0-9] obtained' \
	"$(in_cli timeout 20 busybox udhcpc -f -q -n -i c0 -t 4 -T 1 -s /bin/true 2>&1)"

# The machine is carried from one network to the other with its lease in hand.
cat >"$work/dhclient-script" <<-'SCRIPT'
	#!/bin/sh
	case $reason in
	BOUND | REBOOT) ip addr replace "$new_ip_address/$new_subnet_mask" dev "$interface"; ip route replace default via "${new_routers%% *}" ;;
	EXPIRE | FAIL | RELEASE | STOP) ip -4 addr flush dev "$interface" scope global ;;
	esac
	echo "$reason" >>"$0.reasons"
SCRIPT
chmod +x "$work/dhclient-script"
client() { at "$1" timeout 60 dhclient -4 -v -sf "$work/dhclient-script" -lf "$work/far.leases" -pf "$work/far.pid" "${@:3}" n0 >"$work/far$2.log" 2>&1; }
is_bound() { grep -q '^bound to' "$work/far$1.log"; }
client_ends() { kill "$(cat "$work/far.pid")" 2>/dev/null; wait $client 2>/dev/null; }
renewed() { grep -qx RENEW "$work/dhclient-script.reasons"; }
far_mac a 31
client a 1 -1 -d & client=$!
ok "dhclient behind dhcrelay gets a lease" wait_for 15 "dhclient" is_bound 1
first=$(sed -n 's/^bound to \([0-9.]*\) .*/\1/p' "$work/far1.log")
ok "dhclient renews past the relay, straight to the server" wait_for 25 "RENEW" renewed
like "dhclient: the renewal was unicast, and answered by the server" "^DHCPREQUEST for $first on n0 to 10\.77\.0\.1 port 67" "$(cat "$work/far1.log")"
client_ends
far_mac a 99
far_mac b 31
client b 2 -1 -d & client=$!
ok "dhclient wakes up in the other network" wait_for 15 "dhclient" is_bound 2
is "dhclient: its old address is refused there at once, and it gets one of that network" \
	"DHCPREQUEST DHCPNAK DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK 10.89.0" \
	"$(grep -oE '^DHCP[A-Z]+' "$work/far2.log" | uniq | paste -sd' ') $(sed -n 's/^bound to \([0-9]*\.[0-9]*\.[0-9]*\)\..*/\1/p' "$work/far2.log")"
client_ends
client b 3 -r
ok "dhclient releases past the relay" hears 'RELEASE - mac=02:00:00:00:08:31 address=10\.89\.0\.1'
unrelay

# --- option 82 -------------------------------------------------------------------------------------

relay "$cli" dhcrelay -4 -d --no-pid -a -m forward -iu c0 -id a0 -id b0 10.77.0.1
like "dhcrelay -a: client gets its lease" 'lease of 10\.88\.0\.1[0-4][0-9] obtained' "$(lease a 41)"
like "dhcrelay -a: broadcast" 'lease of 10\.89\.0\.1[0-4][0-9] obtained' "$(lease b 42 -B)"
like "dhcrelay -a: a wish for an address of another network ends in one of this" 'lease of 10\.88\.0\.1[0-4][0-9] obtained' "$(lease a 43 -r 10.89.0.120)"
unrelay
relay "$cli" dhcrelay -4 -d --no-pid -a -U c0 -id a0 -id b0 10.77.0.1
like "dhcrelay -U: the network is chosen by link selection, not by giaddr" 'lease of 10\.88\.0\.1[0-4][0-9] obtained' "$(lease a 44)"
like "dhcrelay -U: and so is the other" 'lease of 10\.89\.0\.1[0-4][0-9] obtained' "$(lease b 45)"
unrelay

# --- one relay behind another ----------------------------------------------------------------------

ip -n "${far[b]}" -4 addr flush dev n0 scope global
ip -n "${far[b]}" addr add 10.89.0.2/24 dev n0
at b ip route replace default via 10.89.0.1
at b sysctl -qw net.ipv4.ip_forward=1
ip -n "$cli" route replace 10.91.0.0/24 via 10.89.0.2
relay "$cli" dhcrelay -4 -d --no-pid -a -m forward -iu c0 -id a0 -id b0 10.77.0.1
near=$started
relay "${far[b]}" dhcrelay -4 -d --no-pid -a -iu n0 -id d0 10.89.0.1
like "a relay behind a relay: client gets an address of its own network" 'lease of 10\.91\.0\.1[0-4][0-9] obtained' "$(lease d 51)"
unrelay
started=$near
unrelay

# --- dnsmasq ---------------------------------------------------------------------------------------

# It listens on 67 only for what it relays: no DNS, no leases of its own.
relay "$cli" dnsmasq -k -C /dev/null -p 0 --pid-file= -u root --log-dhcp --log-facility=- --dhcp-relay=10.88.0.1,10.77.0.1 --dhcp-relay=10.89.0.1,10.77.0.1
like "dnsmasq's relay: client of the first network" 'lease of 10\.88\.0\.1[0-4][0-9] obtained' "$(lease a 61)"
like "dnsmasq's relay: client of the second network, by broadcast" 'lease of 10\.89\.0\.1[0-4][0-9] obtained' "$(lease b 62 -B)"
unrelay

ok "it is still the same process" kill -0 "$server"
stop
judge 20
relayed='dhcp.type == 2 && dhcp.ip.relay != 0.0.0.0'
# What one relay wrote, the same client's reply must carry, byte by byte.
infos() { tshark -r "$work/all.pcapng" -Y "$1 && dhcp.option.type == 82" -T fields -e dhcp.id -e dhcp.option.agent_information_option.agent_circuit_id \
	-e dhcp.option.agent_information_option.link_selection 2>/dev/null | sort -u; }
ok "replies to relays were seen ($(infos "$relayed" | wc -l) with option 82)" test "$(infos "$relayed" | wc -l)" -ge 4
is "each carries the relay's option 82 as it came" "" "$(comm -13 <(infos "dhcp.type == 1") <(infos "$relayed"))"
is "each goes to port 67 of the relay" "" "$(tshark -r "$work/all.pcapng" -Y "$relayed && ($from_us) && udp.dstport != 67" 2>/dev/null | head -n 3)"
done_testing
