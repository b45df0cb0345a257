#!/usr/bin/env bash
# The DHCP server is killed with SIGKILL again and again while 64 clients at a time get leases for 1,500 machines
# that come back all the time. Nobody who has heard an ACK may ever be given another address, and no two
# the same.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dk
. "$(dirname "$0")/dhcp_lib.sh"
kills=20
serve server=10.77.0.1/16 pool=10.77.16.0-10.77.31.255

start load ip netns exec "$cli" "$bin/tests/bench/dhcp_load" c0 dora clients=64 machines=1500 count=25000 pause=20 \
	retry=200 tries=200 within=200000
load=$started
under_load=0
for ((i = 0; i < kills; i++)); do
	sleep 0.$((RANDOM % 3))$((RANDOM % 10))
	kill -0 $load 2>/dev/null && under_load=$((under_load + 1))
	stop KILL
	serve server=10.77.0.1/16 pool=10.77.16.0-10.77.31.255
done
echo "# $under_load of $kills kills while clients asked"
ok "the server was killed while clients asked" test $under_load -ge 3
wait $load
is "the clients say that no answer was wrong" 0 $?
result=$(tail -n 1 "$work/load.log")
echo "# $result"
value() { jq -r ".$1" <<<"$result"; }
is "every machine got its lease in the end" 0 "$(value failed)"
is "no machine's address changed" 0 "$(value moved)"
is "no two machines hold one address" 0 "$(value duplicates)"
is "no machine was refused what it held" 0 "$(value naks)"
stop KILL
is "no database was damaged" 0 "$(find "$leases" -name '*damaged*' | wc -l)"
serve server=10.77.0.1/16 pool=10.77.16.0-10.77.31.255
like "all leases are there after the last one" '1500 leases are known' "$(cat "$log")"
stop
done_testing
