#!/usr/bin/env bash
# The whole server with a hall in its cluster.yaml: its first start, one node changed, all nodes changed, one more node, what
# an operator asks for, a provisioner that is killed, a restart. Meanwhile a client asks for the first boot script again and
# again, as nodes do, and another one for /metrics: the longest answer is how long the provisioner did not listen.
#
#   NODES=10000 RUNS=3
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_hall.sh"
contenders=(slipway)
: "${NODES:=$(quick && echo 1000 || echo 10000)}"

net_new bv
config=$work/config socket=$work/slipway.sock
mkdir -p "$work"/{agent,images/flatcar/1}
hall_write "$config" "$NODES"
cp -R "$top/templates" "$work/templates"
install -m 755 "$bin/slipway-join" "$work/agent/"
echo kernel >"$work/images/flatcar/1/flatcar_production_pxe.vmlinuz"
echo ramdisk >"$work/images/flatcar/1/flatcar_production_pxe_image.cpio.gz"
"$bin/slipway" images import "$work/images/flatcar/1" --name flatcar/1 --insecure --store "$work/images" \
	--templates "$work/templates" >/dev/null || die "no image"
chmod -R a+rX "$work"
ip -n "$srv" addr flush dev s0
ip -n "$srv" addr add 10.64.0.1/15 dev s0
ip -n "$cli" addr add 10.64.0.150/15 dev c0

cli() { "$bin/slipway" "$1" --socket "$socket" "${@:2}"; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
provisioner() { pgrep -P "$serve" -f "^slipway worker provisioner "; }
pids() { ip netns pids "$srv"; }
answers() { curl -sf --unix-socket "$socket" http://slipway/v1/status && [ "$(pids | wc -l)" -ge 11 ]; }

# all_cpu_ms: of all processes, and of the children that they have waited for.
all_cpu_ms() {
	local p
	for p in $(pids); do cat "/proc/$p/stat" 2>/dev/null; done |
		awk -v hz="$ticks" '{ sub(/.*\) /, ""); t += $12 + $13 + $14 + $15 } END { print int(t * 1000 / hz) }'
}
all_pss_kib() {
	local p
	for p in $(pids); do cat "/proc/$p/smaps_rollup" 2>/dev/null; done | awk '/^Pss:/ { t += $2 } END { print t + 0 }'
}
watch_memory() { while sleep 0.2; do all_pss_kib; done; }

# begin_serve: returns when it answers; what that took is in $took.
begin_serve() {
	local began
	began=$(now_ms)
	: >"$work/serve.log"
	ip netns exec "$srv" "$bin/slipway" serve --config "$config/cluster.yaml" --state "$work/state" --images "$work/images" \
		--templates "$work/templates" --agent "$work/agent" --socket "$socket" --user nobody >>"$work/serve.log" 2>&1 </dev/null &
	serve=$!
	until answers >/dev/null 2>&1; do
		kill -0 "$serve" 2>/dev/null && [ $(($(now_ms) - began)) -lt 120000 ] || die "it does not start: $(tail -n 5 "$work/serve.log")"
		sleep 0.02
	done
	took=$(($(now_ms) - began))
}
end_serve() { kill -TERM "$serve"; wait "$serve"; }
defer 'kill -9 $serve; wait $serve' # the one that runs at the end

# measured METRIC COMMAND...: its time, and the CPU time of the server for it.
measured() {
	local what=$1 began cpu
	shift
	cpu=$(all_cpu_ms) began=$(now_ms)
	"$@" >"$work/out" 2>&1
	case $? in 0 | 2) ;; *) die "$*: $(tail -n 5 "$work/out")" ;; esac
	note "$what.ms" slipway 1 $(($(now_ms) - began))
	note "$what.cpu_ms" slipway 1 $(($(all_cpu_ms) - cpu))
}

# patient METRIC COMMAND...: the same, with clients that ask all the while, and until dhcpd knows its nodes.
patient() {
	local what=$1 begun since
	ip netns exec "$cli" python3 tests/bench/serve_wait.py http 10.64.0.1 /boot.ipxe >"$work/node.json" &
	local node=$!
	python3 tests/bench/serve_wait.py unix "$socket" /metrics >"$work/operator.json" &
	local operator=$!
	sleep 0.5
	since=$(($(stat -c %s "$work/serve.log") + 1)) begun=$(now_ms)
	measured "$@"
	learned() { known=$(tail -c "+$since" "$work/serve.log" | grep -m 1 ' nodes are known'); }
	wait_for 10 "dhcpd" learned && note "$what.dhcpd_ms" slipway 1 $(($(date -d "${known%% *}" +%s%3N) - begun))
	sleep 0.5
	kill "$node" "$operator"
	wait "$node" "$operator"
	[ "$(jq -s 'map(.failed) | add' "$work/node.json" "$work/operator.json")" = 0 ] || die "questions got no answer"
	note "$what.node_ms" slipway 1 "$(jq .max_ms "$work/node.json")"
	note "$what.operator_ms" slipway 1 "$(jq .max_ms "$work/operator.json")"
}

ask() { curl -sf --unix-socket "$socket" "http://slipway$1"; }
ask_often() { local i; for ((i = 0; i < 100; i++)); do ask /v1/status >/dev/null || return 1; done; }

describe_machine
for ((run = 1; run <= RUNS; run++)); do
	progress "run $run of $RUNS"
	rm -rf "$work/state"
	watch_memory >"$work/memory" &
	watcher=$!
	begin_serve
	note first.ms slipway 1 "$took"
	note first.cpu_ms slipway 1 "$(all_cpu_ms)"
	sleep 3.5 # so long a change counts as fresh, and cluster.yaml is read at each look

	hall_change "$config" "run=$run"
	measured plan cli plan
	patient one cli apply
	sed -Ei "/^kernel-args:/d; s/^image: .*/&\nkernel-args: [run=$run]/" "$config/cluster.yaml"
	patient all cli apply
	hall_add "$config" "$run"
	patient added cli apply
	sleep 3.5
	measured nodes cli nodes
	measured status cli status
	measured often ask_often
	measured metrics ask /metrics

	victim=$(provisioner) began=$(now_ms)
	kill -9 "$victim"
	until [ -n "$(provisioner)" ] && [ "$(provisioner)" != "$victim" ] && answers >/dev/null 2>&1; do sleep 0.02; done
	note killed.ms slipway 1 $(($(now_ms) - began))
	end_serve
	begin_serve
	note restart.ms slipway 1 "$took"
	sleep 1
	note pss slipway 1 $(($(all_pss_kib) / 1024))
	note provisioner_pss slipway 1 $(($(pss_kib "$(provisioner)") / 1024))
	kill "$watcher"
	note peak slipway 1 $(($(sort -n "$work/memory" | tail -n 1) / 1024))
	end_serve
done

heading "$NODES nodes, median of $RUNS, in ms" "slipway serve"
rows() { # TEXT METRIC...: a row for each
	local text=$1 m
	shift
	for m in "$@"; do table_row "$text${m#*:}" "${m%%:*}" 1 %.0f none; done
}
rows "" "first.ms:first start, until it answers" "first.cpu_ms:  CPU of all processes" "restart.ms:restart" "killed.ms:provisioner killed, until it is back"
for what in "one:one node changed" "all:every node changed" "added:one node added"; do
	m=${what%%:*}
	rows "" "$m.ms:${what#*:}, apply" "$m.cpu_ms:  CPU of all processes" "$m.node_ms:  longest answer to a node" \
		"$m.operator_ms:  longest answer to an operator" "$m.dhcpd_ms:  until dhcpd knows them all"
done
rows "" "plan.ms:plan of one changed node" "plan.cpu_ms:  CPU of all processes" "nodes.ms:nodes" "nodes.cpu_ms:  CPU of all processes" \
	"status.ms:status" "often.cpu_ms:100 looks at /v1/status, CPU" "metrics.ms:/metrics" \
	"pss:resident, all processes, MiB" "provisioner_pss:  the provisioner, MiB" "peak:  all, at most, MiB"
say ""
for t in "$NODES nodes rendered, validated, published in 5 s of one core|first.cpu_ms|5000|ms" "  under 200 MiB resident, all processes|peak|200|MiB" \
	"  answers again within 1 s of a restart|restart.ms|1000|ms" "one changed node is published in 1 s of one core|one.cpu_ms|1000|ms" \
	"  and keeps nobody waiting for more than 250 ms|one.node_ms|250|ms" "plan of one in 1 s of one core|plan.cpu_ms|1000|ms"; do
	IFS='|' read -r text metric limit unit <<<"$t"
	target "$text" "$(median "$metric" slipway 1) < $limit" "$(printf %.0f "$(median "$metric" slipway 1)") $unit"
done
say "$targets_met targets met, $targets_missed not met"
warn_if_shared
