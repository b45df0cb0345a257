#!/usr/bin/env bash
# 60,000 machines get their leases from one DHCP server: what it weighs with them, and that it comes back with all.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dm
. "$(dirname "$0")/dhcp_lib.sh"
many=60000 limit_kib=$((20 * 1024))
weight() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
serve_many() { serve server=10.77.0.1/16 pool=10.77.1.0-10.77.240.255 log=info tell=no; }
# load KEY=VALUE...: the load generator's summary
load() { in_cli "$bin/tests/bench/dhcp_load" c0 dora clients=256 machines=$many count=$many retry=500 tries=50 within=200000 "$@" | tail -n 1; }
value() { jq -r ".$1" <<<"$result"; }

serve_many
result=$(load)
echo "# $result"
is "every machine gets a lease" $many "$(value done)"
is "no two hold one address" 0 "$(value duplicates)"
if [ "$(basename "$bin")" = release ]; then
	echo "# $(weight) KiB resident"
	ok "the server takes less than 20 MiB" test "$(weight)" -lt $limit_kib
else
	skip "the server takes less than 20 MiB" "only a release build is as small as it can be"
fi
stop KILL
began=${EPOCHREALTIME/./}
serve_many
echo "# it answers $(((${EPOCHREALTIME/./} - began) / 1000)) ms after it was started, $(weight) KiB resident"
like "killed and started again it knows all of them" "$many leases are known" "$(cat "$log")"
if [ "$(basename "$bin")" = release ]; then
	ok "and takes less than 20 MiB" test "$(weight)" -lt $limit_kib
else
	skip "and takes less than 20 MiB" "only a release build is as small as it can be"
fi
result=$(load)
is "every machine keeps its lease" "$many 0" "$(value done) $(value moved)"
stop
done_testing
