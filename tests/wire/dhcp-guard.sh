#!/usr/bin/env bash
# The DHCP server among hostile and careless neighbours: addresses that somebody uses already, other DHCP
# servers, and clients that want too much. The neighbours are real: a host with an address of ours, dnsmasq, udhcpd.
. "$(dirname "$0")/../lib.sh"
need_root

# A switch in a namespace of its own joins the server's s0, the clients' c0 and the neighbour's q0.
lan_new() {
	srv=gd-$$-s cli=gd-$$-c nbr=gd-$$-q hub=gd-$$-h
	local ns
	for ns in $srv $cli $nbr $hub; do
		ip netns add "$ns" || exit 1
		defer "ip netns del $ns"
		ip -n "$ns" link set lo up
	done
	ip -n "$hub" link add br0 type bridge forward_delay 0 mcast_snooping 0
	ip -n "$hub" link set br0 up
	port "$srv" s0
	port "$cli" c0
	port "$nbr" q0
	ip -n "$srv" addr add 10.77.0.1/24 dev s0
	ip -n "$nbr" link set q0 address 02:00:00:00:00:99
}
port() {
	ip link add "$2" netns "$1" type veth peer name "h-$2" netns "$hub"
	ip -n "$hub" link set "h-$2" master br0 up
	ip -n "$1" link set "$2" up
}
lan_new
. "$(dirname "$0")/dhcp_lib.sh"

in_nbr() { ip netns exec "$nbr" "$@"; }
squat() { ip -n "$nbr" addr add "$1/24" dev q0; }
leave() { ip -n "$nbr" addr flush dev q0; }
counted() { grep -E "^COUNTER $1 " "$log" | tail -n 1 | awk '{ print $3 }'; }
# has_counted NAME N: the counter has come to exactly N; they are told every 5 s.
has_counted() { [ "$(counted "$1")" = "$2" ]; }
forget() { rm -rf "$leases"/* "$work/dhclient.leases"; flush; }

# --- addresses that somebody uses already ---
squat 10.77.0.100
serve probe=300
watch
mac 11
like "address that a neighbour uses is not offered" 'lease of 10\.77\.0\.101 obtained' "$(udhcpc)"
ok "timeline names who has it" hears 'DISCOVER - mac=02:00:00:00:00:11 address=10\.77\.0\.100 .*note=10\.77\.0\.100 is in use by 02:00:00:00:00:99: quarantined'
ok "conflict is counted" wait_for 7 "the counter" has_counted dhcp_conflict 1
like "client that comes back to its lease gets it again" 'lease of 10\.77\.0\.101 obtained' "$(udhcpc)"
ok "unprobed: two addresses were, since the server began" wait_for 7 "the counter" has_counted dhcp_probing 2
stop KILL
flush
leave
serve probe=300
mac 12
like "after kill -9 the quarantine holds, though the neighbour has left" 'lease of 10\.77\.0\.102 obtained' "$(udhcpc -r 10.77.0.100)"
ok "by what was on disk, not by asking again" test -z "$(told 'in use by')"
stop

forget
squat 10.77.0.100
serve probe=300 quarantine=2 pool=10.77.0.100-10.77.0.100
mac 13
like "when all that is left is in use, there is no lease" 'no lease' "$(udhcpc -t 1)"
leave
sleep 2 # the quarantine itself is what is tested
like "when the neighbour has left, the address is given again after its quarantine" 'lease of 10\.77\.0\.100 obtained' "$(udhcpc)"
stop

forget
squat 10.77.0.10
serve probe=300
mac 01
like "node whose address a neighbour uses is offered it all the same" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc)"
ok "loudly" hears 'mac=02:00:00:00:00:01 address=10\.77\.0\.10 .*note=ADDRESS CONFLICT: 02:00:00:00:00:99 uses this node.s address 10\.77\.0\.10'
stop
leave

forget
serve probe=30000
packets dhcp_guard_packets.py probed=7
stop KILL
serve probe=300
ip -n "$cli" link set c0 address 06:00:00:00:00:07
like "killed while it probes, the server offers the same after a restart" 'lease of 10\.77\.0\.100 obtained' "$(udhcpc)"
stop
flush

# --- a pool that is taken by made-up machines ---
ip -n "$cli" link set c0 address 02:00:00:00:00:15
pool_nodes=()
for n in $(seq 1 20); do pool_nodes+=("node=worker$n,-,06:00:00:00:00:$(printf %02x "$n")"); done
serve probe=300 "${pool_nodes[@]}"
packets dhcp_guard_packets.py flood=20000,1,20
mac 01
like "node with an address of its own gets it as well" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc)"
ok "why the others got nothing is counted" wait_for 7 "the counter" grep -q '^COUNTER dhcp_kept_for_nodes [1-9]' "$log"
stop
forget

squat 10.77.0.100
serve probe=300 quarantine=40 pool=10.77.0.100-10.77.0.100
mac 16
like "when the only address left is in use, there is no lease" 'no lease' "$(udhcpc -t 1)"
leave
like "but once it is silent it is given back before its quarantine ends" 'lease of 10\.77\.0\.100 obtained' "$(udhcpc -t 10)"
stop
forget

# --- other DHCP servers ---
ip -n "$nbr" addr add 10.77.0.9/24 dev q0
rival() { wait_for 10 "word of $1" grep -qE "^RIVAL $1" "$log"; }
start dnsmasq ip netns exec "$nbr" dnsmasq -k -d --conf-file=/dev/null -p 0 -i q0 --dhcp-range=10.77.0.200,10.77.0.210,1h \
	--dhcp-leasefile="$work/dnsmasq.leases" --log-dhcp
other=$started
wait_for 10 "dnsmasq" grep -q 'DHCP, IP range' "$work/dnsmasq.log"
serve probe=300 watch=yes
ok "dnsmasq is noticed, without a client" rival 'OFFER address=10\.77\.0\.9 mac=02:00:00:00:00:99 offered=10\.77\.0\.2[01][0-9] '
ok "and warned of" grep -qE 'warn .*another DHCP server is on this network: address=10\.77\.0\.9 mac=02:00:00:00:00:99' "$log"
ok "its offer is not taken" test -z "$(grep DHCPREQUEST "$work/dnsmasq.log")"
kill "$other"
wait "$other" 2>/dev/null
packets dhcp_guard_packets.py choose=30,8
ok "server that only a client's choice tells of is named" rival '- address=10\.77\.0\.8 mac=00:00:00:00:00:00 .*client=06:00:00:00:00:1e'
packets dhcp_guard_packets.py refuse=31,7
ok "server that refuses addresses is named" rival 'NAK address=10\.77\.0\.7 mac=06:00:00:00:00:77 '
is "each is told once" 1 "$(grep -c '^RIVAL NAK address=10\.77\.0\.7 ' "$log")"
stop

cat >"$work/udhcpd.conf" <<-CONF
	start 10.77.0.220
	end 10.77.0.230
	interface q0
	lease_file $work/udhcpd.leases
	pidfile $work/udhcpd.pid
CONF
touch "$work/udhcpd.leases"
start udhcpd ip netns exec "$nbr" busybox udhcpd -f "$work/udhcpd.conf"
other=$started
wait_for 10 "udhcpd" grep -q started "$work/udhcpd.log"
serve watch=yes
ok "udhcpd is noticed" rival 'OFFER address=10\.77\.0\.9 mac=02:00:00:00:00:99 offered=10\.77\.0\.2[23][0-9] '
stop
kill "$other"
wait "$other" 2>/dev/null
leave
forget
serve watch=yes
mac 18
like "without another server" 'lease of 10\.77\.0\.100 obtained' "$(udhcpc)"
ok "the question was asked" wait_for 10 "the counters" grep -q '^COUNTER dhcp_ack' "$log"
ok "none is noticed" test -z "$(grep '^RIVAL' "$log")"
stop
forget

# --- a network behind a relay: the neighbour is its router, and has one of its addresses ---
ip -n "$nbr" addr add 10.77.0.9/24 dev q0
ip -n "$nbr" addr add 10.78.0.1/32 dev lo
ip -n "$nbr" addr add 10.78.0.100/32 dev lo
ip -n "$srv" route add 10.78.0.0/24 via 10.77.0.9
serve probe=300 subnet=10.78.0.0/24,10.78.0.100-10.78.0.120,10.78.0.1
packets dhcp_guard_packets.py relayed=40,78
ok "behind a relay an address is asked for by ping" hears 'DISCOVER - mac=06:00:00:00:00:28 address=10\.78\.0\.100 .*note=10\.78\.0\.100 is in use by a machine behind the relay: quarantined'
ok "and the next one offered" hears 'DISCOVER OFFER mac=06:00:00:00:00:28 address=10\.78\.0\.101 '
stop
ip -n "$nbr" addr flush dev lo
ip -n "$nbr" link set lo down
ip -n "$nbr" link set lo up
leave
forget

# --- limits, and questions that come twice, late, or from another VLAN ---
serve limit=20 server=10.77.0.1/16 pool=10.77.16.0-10.77.47.255
packets dhcp_guard_packets.py greedy=2000,1000
ok "the greedy machine's timeline says so" hears 'DISCOVER - mac=06:00:00:00:03:e8 .*note=asks too often'
ok "and the greedy NIC's" hears 'DISCOVER - mac=06:00:00:00:00:66 .*note=speaks for too many machines'
is "once" 1 "$(told 'mac=06:00:00:00:03:e8 .*note=asks too often' | wc -l)"
mac 01
like "node boots as if nothing were" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc)"
packets dhcp_guard_packets.py vlan=50 twice=51 "stale=52,$server"
ok "stale ones are counted, the relayed one too" wait_for 7 "the counter" has_counted dhcp_stale 2
ok "frames of other VLANs are counted" has_counted dhcp_vlan 1
stop
forget

# --- crowds ---
ip -n "$srv" link set s0 txqueuelen 10000
serve probe=300 server=10.77.0.1/16 pool=10.77.16.0-10.77.47.255
packets dhcp_packets.py storm=4000
packets dhcp_guard_packets.py power_on=1000
stop

judge 6000
is "no server ended but as it was told" "" "$(cat "$work"/host*.log | grep '^END' | grep -vE '^END (0|137)$')"
done_testing
