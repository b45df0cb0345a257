#!/bin/bash
# ProxyDHCP: a foreign DHCP server (dnsmasq) leases the addresses and knows nothing of booting; beside it
# slipway in mode proxy says what to boot. Real firmware boots its script from the two of them: iPXE in a
# BIOS machine's network card, and EDK2's own PXE client. By hand, with curl and scapy: who gets a
# configuration then, and who does not.
. "$(dirname "$0")/rack_lib.sh"

rack_new proxy
foreign=$rack-f
defer "ip netns del $foreign"

# The foreign server has a namespace of its own, as it has a machine of its own: 10.77.0.2.
foreign_up() {
	ip netns add "$foreign" &&
		ip link add f0 netns "$rack" type veth peer name f1 netns "$foreign" &&
		ip -n "$rack" link set f0 master br0 up &&
		ip -n "$foreign" link set lo up &&
		ip -n "$foreign" addr add 10.77.0.2/24 dev f1 &&
		ip -n "$foreign" link set f1 up
	start dnsmasq ip netns exec "$foreign" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 \
		--interface=f1 --bind-interfaces --dhcp-range=10.77.0.200,10.77.0.219,255.255.255.0,1h --no-ping \
		--dhcp-authoritative --log-dhcp --log-facility=- --dhcp-leasefile="$work/leases" --user=root
}
leased() { awk -v m="$1" '$2 == m { print $3 }' "$work/leases"; }

no_os
sed 's|^  pool:.*|  mode: proxy|' "$top/docs/examples/lab/cluster.yaml" >"$work/cluster.yaml"
rack_up && rack_fill "$os" "$work/cluster.yaml" && foreign_up && rack_serve --log-level debug ||
	{ fail "a rack beside a foreign DHCP server can be set up"; done_testing; }

# --- real firmware -------------------------------------------------------------------------------

rack_on master1 bios 1
must 60 "a BIOS machine boots its own script" master1 said master1 'Slipway: master1 (master) boots lab 1'
rack_off master1
address=$(leased 52:54:00:77:01:01)
like "with an address of the foreign server" '^10\.77\.0\.2[01][0-9]$' "$address"
is "which is the one that it is known by" "$address" "$(rack_cli nodes master1 -o json | jq -r .address)"
ok "the timeline says where it has it from" has_line master1 "iPXE takes from another server $address through 52:54:00:77:01:01, loads http://10.77.0.1/boot.ipxe"

rack_on worker1 uefi 2
must 90 "a UEFI machine asks port 4011 what to boot" worker1 has_line worker1 'firmware asked port 4011 what to boot: snponly.efi'
must 90 "and boots its own script" worker1 said worker1 'Slipway: worker1 (worker) boots lab 1'
rack_off worker1
ok "its loader came by TFTP" has_line worker1 'loader +snponly\.efi by TFTP'
like "its address is of the foreign server" '^10\.77\.0\.2[01][0-9]$' "$(leased 52:54:00:77:02:01)"

rack_on worker2 uefi-http 3
must 120 "a machine of UEFI HTTP boot boots its own script" worker2 said worker2 'Slipway: worker2 (worker) boots lab 1'
rack_off worker2
ok "its loader came by HTTP" has_line worker2 'loader +/firmware/snponly\.efi by HTTP'

# --- who gets a configuration, and who does not --------------------------------------------------

# Three machines that are played by hand: a node's operating system, one of the office's, and a thief.
office=$rack-o
defer "ip netns del $office"
ip netns add "$office"
join_net() { # NAME MAC [ADDRESS]
	ip link add "r$1" netns "$rack" type veth peer name "$1" netns "$office"
	ip -n "$rack" link set "r$1" master br0 up
	ip -n "$office" link set "$1" address "$2" up
	[ -z "${3:-}" ] || ip -n "$office" addr add "$3/24" dev "$1"
}
join_net node 52:54:00:77:03:02
join_net desk 02:00:00:00:0d:01
join_net thief 02:00:00:00:0e:01 10.77.0.66
in_office() { ip netns exec "$office" "$@"; }
printf '#!/bin/sh\n[ "$1" != bound ] || ip addr add "$ip/24" dev "$interface"\n' >"$work/udhcpc"
chmod +x "$work/udhcpc"
dhcp() { in_office timeout 20 busybox udhcpc -f -q -n -i "$1" -t 5 -T 1 -s "$work/udhcpc" >/dev/null 2>&1; }
address_on() { ip -n "$office" -br -4 addr show "$1" | grep -oE '10\.[0-9.]+' | head -n 1; }
# fetch INTERFACE PATH: the body goes to $work/body, the status is printed.
fetch() { in_office curl -s -m 5 --interface "$1" -o "$work/body" -w '%{http_code}' "http://10.77.0.1$2"; }
script='/script.ipxe?mac=52-54-00-77-03-02'
boots() { fetch "$1" "$script" >/dev/null; grep -q '^kernel ' "$work/body"; }

ok "a node's system and a desk's get addresses of the foreign server" eval "dhcp node && dhcp desk"
has() { [ "$(rack_cli nodes worker2 -o json | jq -r .address)" = "$1" ]; }
ok_soon "the node is known by the one that it asked for" has "$(address_on node)"
is "from there it gets its boot script" 200 "$(fetch node "$script")"
config=$(grep -o '/n/[0-9a-f]*/config' "$work/body" | head -n 1)
is "and its configuration" 200 "$(fetch node "$config")"
is "but not the thief with its URL" 403 "$(fetch thief "$config")"
ok "nor its script" eval "! boots thief"
like "which says why" "worker2 has address $(address_on node), but this request came from 10\.77\.0\.66" "$(cat "$work/body")"
ignored() { rack_cli status -o json | jq '.counters.dhcp_not_pxe // 0'; }
settled() { local was=$(ignored); sleep 6; [ "$(ignored)" = "$was" ]; } # counters are told every 5 s
wait_for 30 "the counters" settled
before=$(ignored)
# What anybody may send without rights: a datagram that says it is worker2 and takes the thief's address.
in_office python3 - <<-'PY'
	import socket, struct
	mac = bytes.fromhex("525400770302")
	for server in (b"\x0a\x4d\x00\x02", b""):
	    options = b"\x35\x01\x03\x32\x04\x0a\x4d\x00\x42" + (b"\x36\x04" + server if server else b"") + b"\xff"
	    packet = struct.pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, 7, 0, 0, mac) + b"\x63\x82\x53\x63" + options
	    for to, port in (("10.77.0.1", 67), ("255.255.255.255", 67), ("10.77.0.1", 4011)):
	        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
	        s.bind(("10.77.0.66", 0))
	        s.sendto(packet, (to, port))
PY
heard() { [ "$(ignored)" -ge $((before + 6)) ]; }
ok_soon "such datagrams are heard, and not believed" heard
ok "the thief gets no script for them" eval "! boots thief"
ok "the node still gets its own" boots node
is "the desk is nobody's business" "" "$(rack_cli nodes | grep -i 02:00:00:00:0d:01)"
like "and its address is not the node's to boot with" "but this request came from $(address_on desk)" "$(fetch desk "$script"; cat "$work/body")"

is "no address was leased by us" '[]' "$(rack_cli leases -o json | jq -c .)"
is "nor any acknowledgement sent but on port 4011" "0" "$(rack_cli status -o json | jq '.counters.dhcp_ack // 0')"
echo "# done after $SECONDS s"
done_testing
