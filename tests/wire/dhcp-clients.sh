#!/usr/bin/env bash
# The DHCP server before every client that Debian has: dhclient, udhcpc, dhcpcd, systemd-networkd, nmap's
# scripts, dhcping and Kea's perfdhcp, each through the whole life of a lease.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dhc
. "$(dirname "$0")/dhcp_lib.sh"

# What a lease must end in: how often this client was answered so. count REQUEST REPLY MAC
count() { told "^EXCHANGE $1 $2 mac=02:00:00:00:00:$3 " | wc -l; }
at_least() { [ "$(count "$1" "$2" "$3")" -ge "$4" ]; }
address_of() { ip -n "$cli" -4 -o addr show dev c0 scope global | awk '{ sub("/.*", "", $4); print $4 }'; }
has_address() { [ "$(address_of)" = "$1" ]; }
ends() { kill -- "-$1" 2>/dev/null; wait "$1" 2>/dev/null; }
begin() { flush; ip -n "$cli" route flush dev c0; mac "$1"; }

# --- dhclient --------------------------------------------------------------------------------------

# Its own script would write the host's resolv.conf.
cat >"$work/dhclient-script" <<-'SCRIPT'
	#!/bin/sh
	case $reason in
	BOUND | REBOOT) ip addr replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
	EXPIRE | FAIL | RELEASE | STOP) ip -4 addr flush dev "$interface" scope global ;;
	esac
	env | sort >"$0.$reason"
SCRIPT
chmod +x "$work/dhclient-script"
dhclient_with() { in_cli timeout 30 dhclient -4 -v -sf "$work/dhclient-script" -lf "$work/life.leases" -pf "$work/life.pid" "$@" c0; }
dhclient_is_up() { wait_for 15 "dhclient" grep -q '^bound to' "$work/dhclient$1.log"; }
dhclient_runs() { start "dhclient$1" dhclient_with -1 -d; dhclient_is_up "$1"; }
dhclient_ends() { kill "$(cat "$work/life.pid")"; ends $started; }
heard() { sed -n "s/^$2=//p" "$work/dhclient-script.$1"; }
types() { grep -oE '^DHCP[A-Z]+' "$work/dhclient$1.log" | uniq | paste -sd' '; }

serve lease=20 probe=100
watch
begin 21
dhclient_runs 1
ok "dhclient gets a lease on its first boot" dhclient_is_up 1
first=$(address_of)
is "dhclient: first boot is DISCOVER, OFFER, REQUEST, ACK" "DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK" "$(types 1)"
is "dhclient: mask, router, name server, domain, broadcast address, server and times are as configured" \
	"255.255.255.0 10.77.0.1 10.77.0.1 lab.internal 10.77.0.255 10.77.0.1 20 10 17" \
	"$(for v in subnet_mask routers domain_name_servers domain_name broadcast_address dhcp_server_identifier dhcp_lease_time dhcp_renewal_time dhcp_rebinding_time; do heard BOUND new_$v; done | paste -sd' ')"
ok "dhclient renews by unicast before its lease is over" wait_for 25 "RENEW" test -s "$work/dhclient-script.RENEW"
is "dhclient: the renewed lease is the same" "$first" "$(heard RENEW new_ip_address)"
like "dhclient: the renewal went to the server's address" "^DHCPREQUEST for $first on c0 to 10\.77\.0\.1 port 67" "$(cat "$work/dhclient1.log")"
dhclient_ends
flush
# From here on no lease shall end by itself, however slow the machine that tests.
stop
serve lease=600 probe=100
dhclient_runs 2
ok "dhclient boots again with its lease file" dhclient_is_up 2
is "dhclient: a reboot is REQUEST, ACK and nothing else" "DHCPREQUEST DHCPACK" "$(types 2)"
is "dhclient: INIT-REBOOT gives the same address" "$first" "$(address_of)"
dhclient_ends
# A server that was started anew, and lost nothing.
stop KILL
serve lease=600 probe=100
flush
dhclient_runs 3
ok "dhclient: INIT-REBOOT is answered by a server that was killed in between" dhclient_is_up 3
is "dhclient: with the same address" "$first" "$(address_of)"
dhclient_ends
dhclient_with -r >"$work/release.log" 2>&1
ok "dhclient releases its lease" hears "RELEASE - mac=02:00:00:00:00:21 address=$first .*note=gave its address back"
is "dhclient: and has no address any more" "" "$(address_of)"
begin 22
dhclient_runs 4
ok "dhclient with another MAC and the same lease file" dhclient_is_up 4
like "dhclient: an address that was given back is free for somebody who asks for it" \
	"^DHCPACK of $first from 10\.77\.0\.1" "$(cat "$work/dhclient4.log")"
dhclient_ends

# The building gets another network, and the machine wakes up in it with its old lease.
stop
ip -n "$srv" addr replace 10.78.0.1/24 dev s0
serve server=10.78.0.1/24 pool=10.78.0.100-10.78.0.149 router=10.78.0.1 dns=10.78.0.1
flush
dhclient_runs 5
ok "dhclient wakes up in a network with other addresses" dhclient_is_up 5
is "dhclient: hears NAK at once, and starts from the beginning" \
	"DHCPREQUEST DHCPNAK DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK" "$(types 5)"
like "dhclient: has an address of the new network" '^10\.78\.0\.1[0-4][0-9]$' "$(address_of)"
dhclient_ends
stop
ip -n "$srv" addr del 10.78.0.1/24 dev s0

# --- udhcpc ----------------------------------------------------------------------------------------

serve lease=8 probe=100
udhcpc_is_up() { wait_for 10 "udhcpc" grep -q 'lease of' "$work/udhcpc$1.log"; }
udhcpc_runs() { start "udhcpc$1" in_cli busybox udhcpc -f -n -R -i c0 -t 4 -T 1 -s "$work/udhcpc" "${@:2}"; udhcpc_is_up "$1"; }
begin 31
udhcpc_runs 1
ok "udhcpc gets a lease" udhcpc_is_up 1
first=$(address_of)
kill -USR1 "$(ip netns pids "$cli" | while read -r p; do grep -qs '^busybox$' "/proc/$p/comm" && echo "$p"; done)"
ok "udhcpc renews when told to" wait_for 8 "renewal" at_least REQUEST ACK 31 2
ok "udhcpc renews by itself" wait_for 12 "renewal" at_least REQUEST ACK 31 3
is "udhcpc: keeps its address" "$first" "$(address_of)"
ends $started
ok "udhcpc -R gives its address back when it ends" hears "RELEASE - mac=02:00:00:00:00:31 address=$first "
stop
serve lease=600 probe=100
begin 32
like "udhcpc that is a UEFI PXE ROM, answered by broadcast, gets a netboot lease" 'lease time 60' \
	"$(udhcpc -B -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016 -O bootfile -O tftp)"
is "udhcpc: boot file and server of the ROM are in the header and in options 67 and 66" \
	"snponly.efi 10.77.0.1 snponly.efi 10.77.0.1" \
	"$(told_udhcpc boot_file) $(told_udhcpc siaddr) $(told_udhcpc bootfile) $(told_udhcpc tftp)"
flush
like "udhcpc: the machine's OS gets the ROM's address although it sends another client identifier" \
	"lease of $(told_udhcpc ip) obtained" "$(udhcpc -C -x 0x3d:ff0000000100030001020000000032)"
begin 33
like "udhcpc -r gets the free address it asks for" 'lease of 10\.77\.0\.133 obtained' "$(udhcpc -r 10.77.0.133)"
begin 34
like "udhcpc -r for an address that is taken gets another one" 'lease of 10\.77\.0\.1([0124][0-9]|3[0-24-9]) obtained' "$(udhcpc -r 10.77.0.133)"
begin 35
like "udhcpc -r for an address of another network gets one of ours" 'lease of 10\.77\.0\.1[0-4][0-9] obtained' "$(udhcpc -r 192.168.1.5)"
begin 36
like "udhcpc that checks by ARP (-a) finds the address free" 'lease of 10\.77\.0\.1[0-4][0-9] obtained' "$(udhcpc -a500)"
begin 37
like "udhcpc with a wish for its lease time is heard, up to what we allow" 'lease time 600' "$(udhcpc -x lease:3600)"
begin 02
like "udhcpc on the second NIC of a node gets the node's address" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc -C)"
is "udhcpc: and the node's name" master1 "$(told_udhcpc hostname)"

# --- dhcpcd ----------------------------------------------------------------------------------------

# It keeps leases, sockets and a chroot of its own: in a mount namespace, so that the host sees none of it.
cat >"$work/dhcpcd-run" <<-'SCRIPT'
	#!/bin/sh
	mkdir -p /run/dhcpcd /var/lib/dhcpcd
	mount -t tmpfs none /run && mount -t tmpfs none /var/lib/dhcpcd && mkdir -p /run/dhcpcd || exit
	timeout -k 2 60 dhcpcd -4 -B -d -t 20 -f /dev/null -c "$0-hook" "$@" c0
SCRIPT
printf '#!/bin/sh\nenv | grep ^new_ | tr -d "\047"\n' >"$work/dhcpcd-run-hook"
chmod +x "$work"/dhcpcd-run*
# It leaves children of its own session behind, which keep port 68.
dhcpcds() { ip netns pids "$cli" | while read -r p; do grep -qs '^dhcpcd$' "/proc/$p/comm" && echo "$p"; done; }
no_dhcpcd() { for p in $(dhcpcds); do kill -9 "$p"; done; [ -z "$(dhcpcds)" ]; }
dhcpcd_ends() { ends "$started"; wait_for 5 "dhcpcd's end" no_dhcpcd; }
stop
serve lease=30
begin 41
start dhcpcd in_cli "$work/dhcpcd-run"
ok "dhcpcd checks by ARP that nobody has the address, and takes it" wait_for 15 "dhcpcd" grep -qE 'c0: leased 10\.77\.0\.1[0-4][0-9] for 30 seconds' "$work/dhcpcd.log"
first=$(sed -nE 's/.*c0: leased ([0-9.]+) for.*/\1/p' "$work/dhcpcd.log" | head -n 1)
ok "dhcpcd: the address is on the interface" wait_for 5 "address" has_address "$first"
pid=$(dhcpcds | sort -n | head -n 1)
# It misses a signal that comes while its script runs.
nudge() { kill -"$1" "$pid" 2>/dev/null; sleep 0.4; "${@:2}"; }
ok "dhcpcd renews when told to" wait_for 12 "renewal" nudge USR1 at_least REQUEST ACK 41 2
ok "dhcpcd gives its address back when told to" wait_for 12 "RELEASE" nudge ALRM told "RELEASE - mac=02:00:00:00:00:41 address=$first "
is "dhcpcd: has nothing to complain of" "" "$(grep -iE 'invalid|truncat|bogus|reject|NAK' "$work/dhcpcd.log")"
dhcpcd_ends
begin 42
# -T shows what it was offered and ends; 9.4.1 dies on the way out and may leave children in the namespace.
in_cli "$work/dhcpcd-run" -T >"$work/dhcpcd-t.log" 2>&1 </dev/null
dhcpcd_ends
for v in 'ip_address=10\.77\.0\.1[0-4][0-9]' subnet_cidr=24 'routers=10\.77\.0\.1' 'broadcast_address=10\.77\.0\.255' dhcp_lease_time=30 \
	dhcp_renewal_time=15 dhcp_rebinding_time=26 'dhcp_server_identifier=10\.77\.0\.1'; do
	like "dhcpcd -T understands ${v%%=*}" "^new_$v\$" "$(cat "$work/dhcpcd-t.log")"
done
stop
serve lease=30 rapid-commit=yes
begin 43
start dhcpcd in_cli "$work/dhcpcd-run" -o rapid_commit -A
ok "dhcpcd with rapid commit has its lease in two messages" hears 'DISCOVER ACK mac=02:00:00:00:00:43 '
ok "dhcpcd: and is content" wait_for 15 "dhcpcd" grep -qE 'c0: leased 10\.77\.0\.1[0-4][0-9] for 30 seconds' "$work/dhcpcd.log"
is "dhcpcd: it sent no REQUEST" 0 "$(told 'REQUEST .*mac=02:00:00:00:00:43 ' | wc -l)"
dhcpcd_ends
stop
serve lease=8 probe=100

# --- systemd-networkd ------------------------------------------------------------------------------

# A read-only /sys is how it knows that there is no udev to wait for.
cat >"$work/networkd-run" <<-'SCRIPT'
	#!/bin/sh
	mount -t tmpfs none /run && mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp || exit
	cp "$1" /run/systemd/network/ && echo 0123456789abcdef0123456789abcdef >/run/machine-id
	mount --bind /run/machine-id /etc/machine-id
	mount -o remount,bind,ro /sys
	SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console exec /lib/systemd/systemd-networkd
SCRIPT
chmod +x "$work/networkd-run"
networkd_runs() {
	printf '%s\n' '[Match]' Name=c0 '[Network]' DHCP=ipv4 LinkLocalAddressing=no IPv6AcceptRA=no '[DHCPv4]' "${@:2}" >"$work/c0.network"
	start "networkd$1" in_cli "$work/networkd-run" "$work/c0.network"
	networkd_is_up "$1"
}
networkd_is_up() { wait_for 15 "networkd" grep -q 'DHCPv4 address and routes set' "$work/networkd$1.log"; }
networkd_said() { wait_for 12 "$2" grep -qE "$2" "$work/networkd$1.log"; }
begin 51
networkd_runs 1 SendRelease=yes
ok "networkd gets a lease, its DUID being its identifier" networkd_is_up 1
first=$(address_of)
like "networkd: has an address of the pool" '^10\.77\.0\.1[0-4][0-9]$' "$first"
is "networkd: has the default route" "default via 10.77.0.1 " "$(ip -n "$cli" route show default | grep -o 'default via [0-9.]* ')"
ok "networkd renews by unicast" networkd_said 1 'DHCPv4 client: REQUEST \(renewing\)'
ok "networkd: and is answered" wait_for 8 "renewal" at_least REQUEST ACK 51 2
is "networkd: keeps its address" "$first" "$(address_of)"
ends $started
ok "networkd gives its address back when it ends" hears "RELEASE - mac=02:00:00:00:00:51 address=$first "
begin 51
networkd_runs 2 ClientIdentifier=mac SendRelease=no
ok "networkd gets a lease, its MAC being its identifier" networkd_is_up 2
is "networkd: another identifier, the same address" "$first" "$(address_of)"
ends $started
begin 52
networkd_runs 3 RequestBroadcast=yes
ok "networkd that wants its answers by broadcast gets a lease" networkd_is_up 3
ends $started

# --- nmap, dhcping ---------------------------------------------------------------------------------

begin 61
ip -n "$cli" addr add 10.77.0.149/24 dev c0
out=$(in_cli timeout 60 nmap -n -e c0 --script broadcast-dhcp-discover --script-args broadcast-dhcp-discover.timeout=4 2>&1)
for what in 'DHCP Message Type: DHCPOFFER' 'IP Offered: 10\.77\.0\.1[0-4][0-9]' 'Server Identifier: 10\.77\.0\.1' 'Subnet Mask: 255\.255\.255\.0' \
	'Router: 10\.77\.0\.1' 'Domain Name Server: 10\.77\.0\.1' 'Domain Name: lab\.internal' 'Broadcast Address: 10\.77\.0\.255' 'IP Address Lease Time: 8s' 'Renewal Time Value: 4s' 'Rebinding Time Value: 7s'; do
	like "nmap reads in the offer: ${what//\\/}" "$what" "$out"
done
out=$(in_cli timeout 60 nmap -n -Pn -e c0 -sU -p67 --script dhcp-discover 10.77.0.1 2>&1)
like "nmap gets an ACK to its INFORM" 'DHCP Message Type: DHCPACK' "$out"
like "nmap: with the parameters" 'Domain Name: lab\.internal' "$out"
is "nmap: and no lease" "" "$(grep -iE 'Lease Time|Renewal|Rebinding|IP Offered: [1-9]' <<<"$out")"

mac 62
like "dhcping gets an answer to REQUEST, and gives the address back" 'Got answer from: 10\.77\.0\.1' \
	"$(in_cli timeout 20 dhcping -v -t 10 -c 10.77.0.149 -s 10.77.0.1 -h 02:00:00:00:00:62 2>&1)"
ok "dhcping: the REQUEST was granted" hears 'REQUEST ACK mac=02:00:00:00:00:62 address=10\.77\.0\.149 '
ok "dhcping: the RELEASE was heard" hears 'RELEASE - mac=02:00:00:00:00:62 address=10\.77\.0\.149 '
like "dhcping -i gets an answer to INFORM" 'Got answer from: 10\.77\.0\.1' \
	"$(in_cli timeout 20 dhcping -v -t 10 -i -c 10.77.0.149 -s 10.77.0.1 -h 02:00:00:00:00:63 2>&1)"
flush
stop

# --- perfdhcp --------------------------------------------------------------------------------------

# It is always a relay; what counts here is that no two of its clients ever have the same address.
ip -n "$cli" addr add 10.77.0.60/16 dev c0
serve server=10.77.0.1/16 pool=10.77.16.0-10.77.31.255 lease=600
in_cli timeout 60 perfdhcp -4 -r 300 -R 100000 -p 3 -W 2000000 -u -b mac=02:01:00:00:00:00 -l 10.77.0.60 10.77.0.1 >"$work/perfdhcp.log" 2>&1
perf() { awk -v part="$1" -v key="$2: " '/Statistics for/ { in_part = index($0, part) } in_part && index($0, key) == 1 { print substr($0, length(key) + 1); exit }' "$work/perfdhcp.log"; }
ok "perfdhcp has had its leases ($(perf REQUEST-ACK 'received packets'))" test "$(perf REQUEST-ACK 'received packets')" -gt 100
is "perfdhcp: no offer was made to two clients" 0 "$(perf DISCOVER-OFFER 'non unique addresses')"
is "perfdhcp: no address was leased to two clients" 0 "$(perf REQUEST-ACK 'non unique addresses')"
in_cli timeout 60 perfdhcp -4 -r 200 -f 100 -F 60 -R 200 -p 2 -W 2000000 -b mac=02:02:00:00:00:00 -l 10.77.0.60 10.77.0.1 >"$work/perfdhcp.log" 2>&1
ok "perfdhcp renews ($(perf '(renewal)' 'received packets') answered)" test "$(perf '(renewal)' 'received packets')" -gt 50
ok "perfdhcp releases ($(told 'RELEASE - ' | wc -l) heard)" test "$(told 'RELEASE - ' | wc -l)" -gt 30
ok "it is still the same process" kill -0 "$server"
stop
judge 500
done_testing
