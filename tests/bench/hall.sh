#!/usr/bin/env bash
# A hall of nodes that powers on at once: 200 nodes load an image of 400 MiB through one link, at us, at us without a
# queue, and at nginx, each in turn. What the link carries is measured in the same run, by the same client.
#
#   NODES=200 MIB=400            the hall, and its image
#   RATE=10gbit                  what the link is throttled to; "none" leaves it to what the machine can do
#   TRANSFERS=40                 how many load at a time
#   WAIT_MS=5000                 how long a node that was told 503 waits before it asks again, as the boot script does
#   RUNS=1                       interleaved runs, of which the median counts
: "${RUNS:=1}"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_crowd.sh"
: "${NODES:=200}" "${MIB:=$(quick && echo 100 || echo 400)}" "${RATE:=10gbit}" "${TRANSFERS:=40}" "${WAIT_MS:=5000}"
contenders=(slipway unqueued nginx)

"$top/tests/bench/install-deps" nginx=nginx-light jq=jq || die "the rivals are not at hand"

tree=$work/tree
image=$tree/images/lab/1
mkdir -p "$image" "$tree"/{agent,firmware}
head -c 33554432 /dev/urandom >"$image/initrd.img"
for ((i = 32; i < MIB; i += 32)); do head -c 33554432 "$image/initrd.img"; done >>"$image/initrd.img"
truncate -s "${MIB}M" "$image/initrd.img"
jq -n --arg s "$(sha256sum <"$image/initrd.img" | cut -d' ' -f1)" --argjson b "$(stat -c %s "$image/initrd.img")" \
	'{format: 1, name: "lab", version: "1", files: [{name: "initrd.img", size: $b, sha256: $s}]}' >"$image/manifest.json"
chmod -R a+rX "$work"
cat >"$work/nginx.conf" <<-END
	daemon off; pid $work/nginx.pid; error_log $work/nginx.err; worker_processes 2; user nobody nogroup;
	events { worker_connections 2048; }
	http { access_log off; sendfile on; tcp_nopush on; server { listen 10.77.0.1:80; root $tree; } }
END

launch_slipway() { exec env NETBOOT_TRANSFERS="$TRANSFERS" "$bin/tests/wire/netboot_host" 10.77.0.1 "$tree/images" "$tree/firmware" "$tree/agent"; }
launch_unqueued() { exec env NETBOOT_TRANSFERS=4000 "$bin/tests/wire/netboot_host" 10.77.0.1 "$tree/images" "$tree/firmware" "$tree/agent"; }
launch_nginx() { exec nginx -c "$work/nginx.conf"; }
load() { # WHO OPTION...
	local who=$1
	shift
	timeout 300 ip netns exec "${cli_of[$who]}" "$bin/tests/bench/hall_load" 10.77.0.1 /images/lab/1/initrd.img \
		"$image/initrd.img" "$@" 2>>"$work/load.log"
}
bring_up() {
	local who=$1
	crowd_net bh "$who"
	if [ "$RATE" != none ]; then
		ip netns exec "$srv" tc qdisc add dev s0 root tbf rate "$RATE" burst 8mb latency 20ms || return 1
	fi
	crowd_start "$who" tree bin work TRANSFERS
	served() { timeout 10 ip netns exec "$cli" curl -sI http://10.77.0.1/images/lab/1/initrd.img -o /dev/null -f; }
	wait_for 20 "$who" served
}

# One transfer at a time for what the link carries; then the hall.
measure() {
	local who=$1 json before n
	for before in 1 2 3; do
		json=$(load "$who" -n 1 -a 10.78.255.1)
		note link "$who" 1 "$(jq .mib_per_s <<<"$json")"
	done
	before=$(all_cpu_ms "$who")
	n=$(load "$who" -n "$NODES" -a 10.78.$run.1 -w "$WAIT_MS" -c 1)
	if [ -z "$n" ]; then left_out+=("$who: no end within 300 s"); return; fi
	note seconds "$who" 1 "$(jq .seconds <<<"$n")"
	note failed "$who" 1 "$(jq .failed <<<"$n")"
	note first "$who" 1 "$(jq .first_s <<<"$n")"
	note mean "$who" 1 "$(jq .mean_s <<<"$n")"
	note longest "$who" 1 "$(jq .longest_load_s <<<"$n")"
	note told "$who" 1 "$(jq .told <<<"$n")"
	note late "$who" 1 "$(jq .late <<<"$n")"
	note cpu "$who" 1 "$(calc "($(all_cpu_ms "$who") - $before) / ($NODES * $MIB / 1024)")"
	if [ "$who" = slipway ] && [ "$(jq .failed <<<"$n")" != 0 ]; then broken=1; fi
}
# What the link was seen to carry at best, whoever sent.
best_link() { awk '$1 == "link" && $4 > m { m = $4 } END { print m }' "$figures"; }

describe_machine
warn_if_shared
broken=0
crowd_up
for ((run = 1; run <= RUNS; run++)); do
	for who in "${up[@]}"; do progress "run $run of $RUNS: $who"; measure "$who"; done
done

for who in "${up[@]}"; do note over "$who" 1 "$(calc "$(median seconds "$who" 1) / ($NODES * $MIB / $(best_link))")"; done
heading "$NODES nodes load $MIB MiB; link: $RATE" "${contenders[@]}"
table_row "one node alone, MiB/s" link 1 %.0f none
table_row "the hall, s" seconds 1 %.1f less
table_row "  times bytes / link rate" over 1 %.3f none
table_row "  failed" failed 1 %.0f none
table_row "the first has its image after, s" first 1 %.1f less
table_row "the mean node, s" mean 1 %.1f less
table_row "the longest load, s" longest 1 %.1f less
table_row "times told to wait" told 1 %.0f none
table_row "begun before how many that waited" late 1 %.0f none
table_row "server's CPU ms per GiB" cpu 1 %.0f less
for text in "${left_out[@]}"; do say "$text"; done
say "unqueued is slipway with as many places as nodes. A link that one node alone can not fill is as fast as it was seen."
say ""
target "the hall takes at most 1.1 times bytes / link rate" "$(median over slipway 1) <= 1.1" "$(median over slipway 1) times"
target "none failed" "$(median failed slipway 1) == 0" "$(median failed slipway 1) failed"
target "no slower than nginx" "$(median seconds slipway 1) <= 1.02 * $(median seconds nginx 1)" \
	"$(median seconds slipway 1) s, $(median seconds nginx 1) s"
target "the mean node has its image sooner than at nginx" "$(median mean slipway 1) < $(median mean nginx 1)" \
	"$(median mean slipway 1) s, $(median mean nginx 1) s"
say "$targets_met targets met, $targets_missed not met"
exit $broken
