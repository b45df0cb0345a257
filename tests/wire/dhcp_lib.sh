# shellcheck shell=bash
# What the DHCP wire tests share: our server as a process of its own in $srv, clients in $cli, and tshark,
# which judges every reply at the end. Source it after lib.sh and net_new.

host_args=(server=10.77.0.1/24 pool=10.77.0.100-10.77.0.149 router=10.77.0.1 dns=10.77.0.1 domain=lab.internal
	lease=3600 netboot-lease=60 port=8080 ra=yes node=master1,10.77.0.10,02:00:00:00:00:01/02:00:00:00:00:02)
runs=0
leases=$work/leases
mkdir "$leases"
chown nobody "$leases"

# serve KEY=VALUE...: starts the server; $log is what it says, $server its pid, $host its parent's.
serve() {
	runs=$((runs + 1))
	log=$work/host$runs.log
	start "host$runs" ip netns exec "$srv" "$bin/tests/wire/dhcpd_host" s0 "$leases" "${host_args[@]}" "$@"
	host=$started
	wait_for 5 "the server" grep -q '^READY' "$log" || { cat "$log"; exit 1; }
	server=$(awk '/^READY/ { print $2 }' "$log")
}
stop() { kill -"${1:-TERM}" "$server"; wait_for 5 "the server's end" grep -q '^END' "$log"; }

# told REGEX: what the server told the provisioner, and only the lines that match.
told() { grep '^EXCHANGE' "$log" | grep -E -- "$1"; }
hears() { wait_for 3 "$1" told "$1"; }

mac() { ip -n "$cli" link set c0 address "02:00:00:00:00:$1"; }
flush() { ip -n "$cli" -4 addr flush dev c0 scope global; }

# udhcpc needs a script that sets the address, or it cannot release it.
cat >"$work/udhcpc" <<-'SCRIPT'
	#!/bin/sh
	case $1 in
	bound) ip addr add "$ip/$mask" dev "$interface"; env >"$0.env" ;;
	deconfig) ip -4 addr flush dev "$interface" scope global ;;
	esac
SCRIPT
chmod +x "$work/udhcpc"
udhcpc() { in_cli timeout 20 busybox udhcpc -f -q -n -i c0 -t 4 -T 1 -s "$work/udhcpc" "$@" 2>&1; }
# told_udhcpc NAME: a variable of the lease that udhcpc got last.
told_udhcpc() { sed -n "s/^$1=//p" "$work/udhcpc.env"; }

# dhclient: until it has a lease or has given up; its words are the output.
dhclient() {
	in_cli timeout 20 dhclient -4 -1 -d -v -sf /bin/true -lf "$work/dhclient.leases" -pf "$work/dhclient.pid" c0 \
		>"$work/dhclient.log" 2>&1 &
	local pid=$!
	wait_for 15 "dhclient" grep -qE '^bound to|No DHCPOFFERS' "$work/dhclient.log"
	kill "$(cat "$work/dhclient.pid")" 2>/dev/null
	wait $pid
	cat "$work/dhclient.log"
}
bound_to() { sed -n 's/^bound to \([0-9.]*\) .*/\1/p'; }

# packets FILE PART...: checks made in Python, which print "pass SENTENCE" or "fail SENTENCE: DETAIL".
packets() {
	local word rest
	while read -r word rest; do
		case $word in
		pass) pass "$rest" ;;
		fail) fail "${rest%%: *}" "${rest#*: }" ;;
		'#') echo "# $rest" ;;
		esac
	done < <(in_cli env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/wire/$1" "${@:2}" 2>"$work/packets.err")
	[ ! -s "$work/packets.err" ] || fail "no error in the script" "$(tail -n 3 "$work/packets.err")"
}

# watch: from here on all that passes c0 is kept for judge.
watch() {
	in_srv ethtool -K s0 tx off >/dev/null # or the kernel leaves checksums to a NIC, which a veth does not have
	in_cli tshark -i c0 -q -w "$work/all.pcapng" >/dev/null 2>&1 &
	tshark=$!
	defer "kill $tshark; wait $tshark"
	wait_for 10 "tshark" test -s "$work/all.pcapng"
}

by_dhcp=dhcp # a test that speaks plain BOOTP as well says here which replies are not that
from_us='((udp.srcport == 67 || udp.srcport == 4011) && ip.src == 10.77.0.1) || icmpv6.type == 134'
complaints() { tshark -r "$work/all.pcapng" "${@:2}" -Y "($1) && (_ws.malformed || _ws.expert.severity >= 6291456)" 2>/dev/null | head -n 5; }

# out_of_order: replies whose options do not begin with 53, 54, 51 (when there is a 51), or in which anything
# but the end, which tshark calls 0, follows the relay's option.
out_of_order() {
	tshark -r "$work/all.pcapng" -Y "dhcp.type == 2 && $by_dhcp && ($from_us)" -T fields -E aggregator=, -e dhcp.option.type 2>/dev/null |
		awk -F, '{
			for (i = n = 0; i++ < NF;) {
				if ($i == 51 && i != 3) n++
				if ($i == 82 && (i != NF - 1 || $NF != 0)) n++
			}
			if (n || $1 != 53 || $2 != 54) print
		}' | sort | uniq -c | head -n 5
}

# judge LEAST: tshark has the last word on every reply, of which there must be LEAST.
judge() {
	sleep 0.5 # dumpcap hands over what it has captured every now and then
	kill $tshark
	wait $tshark 2>/dev/null
	local replies
	replies=$(tshark -r "$work/all.pcapng" -Y "$from_us" 2>/dev/null | wc -l)
	ok "tshark has seen our replies ($replies)" test "$replies" -ge "$1"
	is "tshark finds nothing to warn of in any of them" "" "$(complaints "$from_us")"
	is "and their checksums are right" "" "$(complaints "$from_us" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE)"
	is "in each, 53, 54 and 51 come first and 82 last" "" "$(out_of_order)"
}
