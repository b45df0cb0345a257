#!/usr/bin/env bash
# Seeing what the DHCP server does, through the whole server: `slipway leases` with 12,000 leases while machines
# are served, `slipway trace` with tshark as the judge of what it records.
. "$(dirname "$0")/../lib.sh"
need_root
net_new see
. "$(dirname "$0")/server_lib.sh"
node_mac=02:00:00:00:00:11

server_files
server_image
cat >"$yaml" <<-CONFIG
	cluster: see
	network: {internal: {interface: s0, address: 10.77.0.1/16}}
	dhcp: {pool: 10.77.16.0-10.77.79.255, lease: 2h, conflict-probe: off}
	image: lab/1
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	nodes:
	  - {name: m1, role: master, mac: $node_mac, address: 10.77.0.11}
CONFIG
ip -n "$srv" addr flush dev s0
ip -n "$srv" addr add 10.77.0.1/16 dev s0

# --- helpers -------------------------------------------------------------------------------------

answers() { cli status && worker dhcpd && cli leases; } # a list that was begun before dhcpd said hello is cut
fill() { in_cli /usr/bin/python3 "$top/tests/wire/dhcp_fill.py" c0 "$@"; }
lease() { cli leases "$1" --all --json | jq -r ".[0].$2"; }
is_state() { [ "$(lease "$1" state)" = "$2" ]; }
udhcpc() { in_cli timeout 30 busybox udhcpc -f -q -n -i c0 -t 5 -T 2 -s "$work/bound" "$@" 2>&1; }
mac() { ip -n "$cli" link set c0 address "$1"; }

server_start --log-level info

# --- leases --------------------------------------------------------------------------------------

is "a server that holds no lease lists none" 0 "$(cli leases --count)"
like "but says of which columns" '^ADDRESS +CLIENT +NODE +STATE' "$(cli leases)"
mac $node_mac
like "a node gets its address" 'lease of 10\.77\.0\.11 obtained' "$(udhcpc -x hostname:evil-node)"
mac 02:00:00:00:00:55
like "a stranger gets one of the pool" 'lease of 10\.77\.16\.0 obtained' "$(udhcpc -x hostname:laptop)"
is "the list tells of the node" "10.77.0.11 $node_mac m1 bound 10.77.0.0/16 7200" \
	"$(cli leases m1 --json | jq -r '.[] | "\(.address) \(.mac) \(.node) \(.state) \(.subnet) \(.lease_s)"')"
has_hostname() { [ "$(lease 10.77.16.0 hostname)" = laptop ]; }
ok "and how the stranger calls itself" wait_for 5 "the exchange" has_hostname
left=$((($(lease 10.77.16.0 ends_ms) - $(date +%s%3N)) / 1000))
ok "its lease ends in two hours ($left s)" test $left -gt 7100 -a $left -le 7200
is "one line for each, for a person" "ADDRESS 10.77.0.11 10.77.16.0" "$(cli leases | awk '{ print $1 }' | paste -sd ' ')"
is "strangers alone" 10.77.16.0 "$(cli leases --unknown --json | jq -r '.[].address')"
for arg in m1 $node_mac 10.77.0.11 10.77.0.8/29; do
	is "found by $arg" 10.77.0.11 "$(cli leases "$arg" --json | jq -r '.[].address')"
done
is "several at once" 2 "$(cli leases m1 10.77.16.0/24 --count)"
is "what ends within 10 minutes" 0 "$(cli leases --expiring 10m --count)"
is "and within 3 hours" 2 "$(cli leases --expiring 3h --count)"
is "none is declined" 0 "$(cli leases --state declined --count)"
out=$(cli leases m9 2>&1)
is "a machine that nobody knows is not found" 3 $?
like "and named" '"m9" is no machine, MAC, address or network' "$out"
out=$(cli leases --state bond 2>&1)
is "a state that does not exist is refused" 1 $?
like "with those that do" 'not bound, offered, declined or free' "$out"
is "a filter that cannot be read is not silently none" 400 \
	"$(curl -s -o "$work/body" -w '%{http_code}' --unix-socket "$socket" 'http://slipway/v1/leases?&match=m1')"

# --- a quarantine --------------------------------------------------------------------------------

decline() { # as the holder of the address does that finds somebody else there
	in_cli /usr/bin/python3 - "$1" "$2" <<-'PY'
		import sys
		from scapy.all import BOOTP, DHCP, IP, UDP, Ether, sendp
		mac, address = sys.argv[1:]
		sendp(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) /
		      BOOTP(chaddr=bytes.fromhex(mac.replace(":", "")), xid=1) /
		      DHCP(options=[("message-type", "decline"), ("requested_addr", address), ("server_id", "10.77.0.1"), "end"]),
		      iface="c0", verbose=False)
	PY
}
decline 02:00:00:00:00:55 10.77.16.0
ok "an address that its holder declines is in quarantine" wait_for 5 "it" is_state 10.77.16.0 declined
out=$(cli leases --clear-quarantine 10.77.0.11 2>&1)
is "a bound one can not be let out" 3 $?
like "because it is not in" '10\.77\.0\.11 is not in quarantine' "$out"
like "the operator lets it out" 'may be given out again' "$(cli leases --clear-quarantine 10.77.16.0)"
is "it is free" free "$(lease 10.77.16.0 state)"
is "and not listed with those in use" 1 "$(cli leases --count)"
like "the stranger's timeline says so" 'operator let 10\.77\.16\.0 out of quarantine, which 02:00:00:00:00:55 had declined' \
	"$(cli events 02:00:00:00:00:55)"
is "a second time there is nothing to let out" 3 "$(cli leases --clear-quarantine 10.77.16.0 >/dev/null 2>&1; echo $?)"
was=$(worker dhcpd)
kill -9 "$was"
is_back() { [ -n "$(worker dhcpd)" ] && [ "$(worker dhcpd)" != "$was" ] && cli leases --count; }
ok "dhcpd killed with -9 is back" wait_for 10 "it" is_back
is "and has it on disk that the address is free" free "$(lease 10.77.16.0 state)"

# --- many, while machines are served --------------------------------------------------------------

is "12,000 machines get their leases" "12000 leases" "$(fill 12000)"
before=$(ms)
n=$(cli leases --count)
echo "# $n leases listed in $(($(ms) - before)) ms"
is "all are listed" 12001 "$n"
cli leases --json | jq -r '.[].address' >"$work/addresses"
sort -t. -n -k1,1 -k2,2 -k3,3 -k4,4 -u "$work/addresses" >"$work/sorted"
ok "each once, in the order of their addresses" cmp "$work/addresses" "$work/sorted"
fill 3000 12000 >"$work/fill" &
filling=$!
lists=0 wrong=0
while kill -0 $filling 2>/dev/null; do
	[ "$(cli leases --count)" -ge 12001 ] || wrong=$((wrong + 1))
	lists=$((lists + 1))
done
wait $filling
is "while lists are read one after the other, 3,000 more machines are served" "3000 leases" "$(cat "$work/fill")"
is "and no list ($lists) lacks a lease" 0 $wrong
pids=()
for i in 1 2 3 4 5 6; do
	cli leases --count >"$work/count$i" 2>&1 &
	pids+=($!)
done
wait "${pids[@]}"
is "six operators at once get the whole list" "15001 15001 15001 15001 15001 15001" "$(cat "$work"/count? | paste -sd ' ')"
for _ in 1 2 3 4 5; do
	curl -s --unix-socket "$socket" http://slipway/v1/leases | head -c 1000 >/dev/null # leaves in the middle of it
done
is "readers that leave in the middle are no harm" 15001 "$(cli leases --count)"
echo "# dhcpd: $(awk '/^(VmRSS|RssAnon)/ { print $1, $2, $3 }' /proc/"$(worker dhcpd)"/status | paste -sd ' ')"

# --- a trace -------------------------------------------------------------------------------------

# trace NAME ARGUMENT...: in the background; $work/NAME.err tells when it has begun. `ended NAME` stops it as Ctrl-C
# would, and waits.
declare -A tracing
trace() {
	local name=$1
	shift
	env --default-signal=INT "$bin/slipway" trace --socket "$socket" "$@" >"$work/$name" 2>"$work/$name.err" </dev/null &
	tracing[$name]=$!
	defer "kill ${tracing[$name]}; wait ${tracing[$name]}"
	wait_for 10 "trace $name" grep -q 'packets of s0' "$work/$name.err"
}
ended() {
	kill -INT "${tracing[$1]}"
	wait "${tracing[$1]}"
}
seen() { grep -qE -- "$1" "$work/$2"; }
flood() {
	in_cli /usr/bin/python3 - <<-'PY'
		from scapy.all import ICMPv6ND_RS, IP, UDP, Ether, IPv6, Raw, sendp
		mac = "02:00:00:00:00:77"
		udp = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
		sendp([udp / Raw(b"\x1b[31m" * 20),
		       Ether(src=mac, dst="33:33:00:00:00:02") / IPv6(src="fe80::77", dst="ff02::2", hlim=255) / ICMPv6ND_RS()],
		      iface="c0", verbose=False)
	PY
}

trace lines
trace lines.json --output json
trace all.pcapng --write -
trace node m1 --write "$work/node.pcapng"
trace two 10.77.0.11 --count 2
trace address 10.77.0.11
mac $node_mac
like "firmware is served while it is traced" 'lease of 10\.77\.0\.11 obtained' \
	"$(udhcpc -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016 -x "hostname:$(printf 'a\033[31m')")"
mac 02:00:00:00:00:78
like "and a stranger" 'lease of 10\.77\.[0-9.]* obtained' "$(udhcpc)"
flood
ok "a malformed packet is told as one" wait_for 5 "it" seen 'In +02:00:00:00:00:77 .* => dropped: malformed packet' lines
ok "so are a router solicitation" wait_for 5 "it" seen 'fe80::77 > ff02::2: router solicitation => is answered' lines
ok "and its answer" wait_for 5 "it" seen 'Out 02:00:00:00:00:77 .* router advertisement' lines
wait "${tracing[two]}"
is "a trace of two packets ends by itself" 0 $?
is "with two lines" 2 "$(wc -l <"$work/two")"
for name in lines lines.json all.pcapng node address; do
	ended $name
	is "Ctrl-C ends a trace cleanly ($name)" 0 $?
done
like "in the four steps of a lease each line tells who, what and why: DISCOVER" \
	'^[0-9:.]{15} In +02:00:00:00:00:11 m1 0\.0\.0\.0\.68 > 255\.255\.255\.255\.67: DISCOVER xid 0x[0-9a-f]{8} .*arch 7 .*=> OFFER 10\.77\.0\.11 for firmware, lease 60 s, boot file "snponly.efi"' \
	"$(cat "$work/lines")"
like "OFFER" '^[0-9:.]{15} Out 02:00:00:00:00:11 m1 10\.77\.0\.1\.67 > 10\.77\.0\.11\.68: OFFER xid' "$(cat "$work/lines")"
like "REQUEST" 'REQUEST xid 0x[0-9a-f]* .*wants 10\.77\.0\.11 of 10\.77\.0\.1 .* => ACK 10\.77\.0\.11' "$(cat "$work/lines")"
like "ACK" 'ACK xid 0x[0-9a-f]* => ACK 10\.77\.0\.11 for firmware' "$(cat "$work/lines")"
is "nothing in them reaches the terminal as more than text" "" "$(LC_ALL=C grep -anP '[^\x20-\x7e]' "$work/lines")"
like "and the end says how many there were" '[0-9]+ packets, 0 lost' "$(cat "$work/lines.err")"
is "each line of JSON is an object with a frame" 0 "$(jq -e 'select(.frame == "" or .wall_us < 1)' "$work/lines.json" | wc -l)"
frames() { tshark -r "$work/$1" "${@:2}" 2>"$work/tshark.err"; }
# The kernel of $cli solicits routers when it likes: only DHCP is counted.
is "the record of all holds as many messages as there are lines" "$(grep -c ' xid ' "$work/lines")" \
	"$(frames all.pcapng -Y dhcp.option.dhcp | wc -l)"
is "that of a node none but its own" "" "$(frames node.pcapng -Y 'dhcp.hw.mac_addr != 02:00:00:00:00:11')"
is "its four" "1 2 3 5" "$(frames node.pcapng -T fields -e dhcp.option.dhcp -Y dhcp | sort -u | paste -sd ' ')"
is "found by its address it is the same" "$(frames node.pcapng -Y dhcp | wc -l)" "$(grep -c ' xid ' "$work/address")"
is "tshark finds nothing to warn of in what was sent, and no wrong checksum" "" "$(frames all.pcapng -o ip.check_checksum:TRUE \
	-o udp.check_checksum:TRUE -Y 'frame.packet_flags_direction == 2 && (_ws.malformed || _ws.expert.severity >= 6291456)')"
like "comments say what was decided" 'm1: OFFER 10\.77\.0\.11 for firmware' "$(frames node.pcapng -T fields -e frame.comment)"
like "of what was dropped, too" 'dropped: malformed packet' "$(frames all.pcapng -T fields -e frame.comment)"
is "requests came in, replies went out" "0x00000001 0x00000002" \
	"$(frames node.pcapng -T fields -e frame.packet_flags_direction -Y dhcp | sort -u | paste -sd ' ')"
out=$(capinfos -tEsaecFI "$work/all.pcapng" 2>&1)
is "capinfos reads it" 0 $?
like "as pcapng of Ethernet" 'pcapng' "$out"
like "on an interface with a name" 'Name = s0' "$out"
like "in nanoseconds" 'Time precision = nanoseconds' "$out"
like "of slipway" 'slipway' "$(capinfos "$work/all.pcapng")"

counter() { cli status --counters | awk -v c="$1" '$1 == c { print $2 }'; }
is_counted() { [ "$(counter dhcp_malformed)" = 1 ]; }
ok "the malformed packet is counted under the name of its reason" wait_for 15 "the counter" is_counted
like "with what it means" '^dhcp_malformed +1 +malformed packet$' "$(cli status --counters)"
like "for Prometheus, too" '^slipway_dhcp_malformed_total 1$' "$(curl -s --unix-socket "$socket" http://slipway/metrics)"

# What is never read must not hold up anybody: a reader that stands still while thousands are served.
trace stopped --output json
kill -STOP "${tracing[stopped]}"
before=$(ms)
is "a reader that stands still holds up nobody" "3000 leases" "$(fill 3000)"
echo "# 3,000 leases beside it in $(($(ms) - before)) ms"
trace beside --count 3
fill 10 >/dev/null
wait "${tracing[beside]}"
is "nor other readers" 3 "$(wc -l <"$work/beside")"
kill -CONT "${tracing[stopped]}"
fill 1 >/dev/null # what was lost is told with the next packet
n_told() { jq -s 'map(1 + .lost) | add' "$work/stopped"; }
has_all() { [ "$(n_told)" -ge $((4 * 3011)) ]; }
ok "it then gets what was kept for it, and the number of those that were not" wait_for 10 "them" has_all
ended stopped
like "which the end says, too" '[0-9]+ packets, [1-9][0-9]* lost' "$(tail -n 1 "$work/stopped.err")"
echo "# $(tail -n 1 "$work/stopped.err")"

# Whatever is killed.
trace through
for w in dhcpd provisioner; do
	was=$(worker $w)
	kill -9 "$was"
	is_new() { [ -n "$(worker $w)" ] && [ "$(worker $w)" != "$was" ] && cli status; }
	ok "$w killed with -9 is back" wait_for 10 "it" is_new
	[ $w = dhcpd ] && word='dhcpd has been started' || word='the server is back'
	ok "which the trace tells" wait_for 10 "the word" seen "$word" through.err
	had=$(wc -l <"$work/through")
	fill 1 20000 >/dev/null
	more() { [ "$(wc -l <"$work/through")" -ge $((had + 4)) ]; }
	ok "and it goes on" wait_for 10 "packets" more
done
ended through
is "cleanly to its end" 0 $?
out=$(cli trace m9 2>&1)
is "a machine that nobody knows can not be traced" 3 $?
like "and is named" '"m9" is no machine' "$out"
is "a file that can not be written is an error" 1 "$(cli trace -w /nowhere/x -t 1 >/dev/null 2>&1; echo $?)"
is "a trace of one second ends by itself" 0 "$(cli trace -t 1 >/dev/null 2>&1; echo $?)"

# --- the end -------------------------------------------------------------------------------------

server_ends
done_testing
