#!/usr/bin/env bash
# The DHCP server before packets that lie, are cut, are too long, or come a hundred thousand times. What it is known
# that other servers have stumbled over is here, each with the packet that did it (docs/reference/dhcp.md has the list).
. "$(dirname "$0")/../lib.sh"
need_root
net_new dhe
. "$(dirname "$0")/dhcp_lib.sh"
: "${DHCP_REPEATS:=100000}"

serve
watch
ip -n "$cli" addr add 10.77.0.60/24 dev c0
mac 60
same=$server
packets dhcp_edges.py lengths client_ids overload fragments nested texts sizes cut header frames states pxe_port neighbours mutants=2000
ok "it is still the same process" kill -0 "$same"
is "no control character of a packet is in the log" "" "$(LC_ALL=C grep -naP '[\x00-\x08\x0b-\x1f\x7f]' "$log" | head -n 3)"
is "nor a line that a packet wrote" "" "$(grep -n '^EXCHANGE forged' "$log")"
# What a relay wrote goes back as it came, be it nonsense: that alone is not ours.
from_us="($from_us) && !(dhcp.option.type == 82)"
judge 1000

# --- a restart reads what was stored ---------------------------------------------------------------

stop KILL
serve
like "killed and started anew, it reads all its leases" '[1-9][0-9]* leases are known' "$(cat "$log")"
is "and none of them made no sense" "" "$(grep -E 'made no sense|damaged' "$log")"
packets dhcp_edges.py

# --- again and again -------------------------------------------------------------------------------

memory() { awk '/^RssAnon/ { print $2 }' "/proc/$server/status"; }
fds() { ls "/proc/$server/fd" | wc -l; }
open=$(fds)
for what in discover request reboot renew nak inform pxe ipxe fqdn malformed relayed bootp decline release; do
	in_cli env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/wire/dhcp_edges.py" "flood=$what" >"$work/frames"
	in_cli "$bin/tests/wire/dhcp_flood" c0 5000 <"$work/frames" >/dev/null
	# What waited to be told to the provisioner leaves holes behind, once. A leak is there every time.
	for try in 1 2 3; do
		before=$(memory)
		out=$(in_cli "$bin/tests/wire/dhcp_flood" c0 "$DHCP_REPEATS" <"$work/frames")
		after=$(memory)
		[ $((after - before)) -gt 256 ] || break
	done
	is "$what, $DHCP_REPEATS times: all is answered to the end" "$DHCP_REPEATS frames" "$out"
	ok "$what: memory does not grow ($before KiB, then $after KiB)" test $((after - before)) -le 256
done
is "no file was left open" "$open" "$(fds)"
ok "it is still the same process" kill -0 "$server"
stop KILL
serve
is "and its leases are whole" "" "$(grep -E 'made no sense|damaged' "$log")"
packets dhcp_edges.py
stop
done_testing
