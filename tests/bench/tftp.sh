#!/usr/bin/env bash
# The TFTP server beside tftpd-hpa, atftpd and dnsmasq: the same clients at each in turn, every byte compared.
#
#   RUNS=3                       interleaved runs, of which the median counts
#   MANY=1000                    transfers at once
#   CONTENDERS="slipway hpa atftpd dnsmasq"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_crowd.sh"
: "${MANY:=$(quick && echo 200 || echo 1000)}"
: "${CONTENDERS:=slipway hpa atftpd dnsmasq}"
read -ra contenders <<<"$CONTENDERS"
broken=0

"$top/tests/bench/install-deps" in.tftpd=tftpd-hpa atftpd=atftpd dnsmasq=dnsmasq-base jq=jq nft=nftables ||
	die "the rivals are not at hand"

tree=$work/tree
mkdir -p "$tree"/{images,agent,firmware}
head -c 41943040 /dev/urandom >"$tree/firmware/forty.bin"
head -c 1048576 "$tree/firmware/forty.bin" >"$tree/firmware/one.bin"
chmod -R a+rX "$work"

launch_slipway() { exec "$bin/tests/wire/netboot_host" 10.77.0.1 "$tree/images" "$tree/firmware" "$tree/agent"; }
launch_hpa() { exec in.tftpd --foreground --secure --address 10.77.0.1:69 --user nobody "$tree/firmware"; }
launch_atftpd() {
	exec atftpd --daemon --no-fork --port 69 --bind-address 10.77.0.1 --user nobody.nogroup --maxthread 2000 \
		--logfile /dev/null --verbose=0 "$tree/firmware"
}
launch_dnsmasq() {
	exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --port=0 --user=root --interface=s0 \
		--quiet-tftp --log-facility=/dev/null --pid-file= --enable-tftp --tftp-root="$tree/firmware" --tftp-max=4000
}
version_slipway() { "$bin/slipway" version 2>/dev/null | awk '{ print $NF; exit }'; }
version_hpa() { in.tftpd -V 2>&1 | grep -o '[0-9]\.[0-9]*' | head -n 1; }
version_atftpd() { atftpd --version 2>&1 | grep -o '[0-9]\.[0-9.]*[0-9]' | head -n 1; }
version_dnsmasq() { dnsmasq --version | sed -n 's/^Dnsmasq version \([0-9.]*\).*/\1/p'; }

# No server and no rival: what two system calls a block cost in this kernel, as a bound of what lockstep can be.
launch_floor() { exec "$bin/tests/bench/tftp_floor" 10.77.0.1 "$tree/firmware/one.bin"; }

load() { # WHO FILE OPTION...
	local who=$1 file=$2
	shift 2
	timeout 120 ip netns exec "${cli_of[$who]}" "$bin/tests/bench/tftp_load" 10.77.0.1 "$file" "$tree/firmware/$file" \
		-b 1468 "$@" 2>>"$work/load.log"
}
bring_up() {
	local who=$1
	crowd_net bt "$who"
	crowd_start "$who" tree bin
	served() { load "$who" one.bin >/dev/null; }
	wait_for 10 "$who" served
}

all_rss_mib() {
	local p total=0
	for p in $(ip netns pids "${srv_of[$1]}"); do total=$((total + $(rss_kib "$p" 2>/dev/null || echo 0) + 0)); done
	echo $((total / 1024))
}

# measure METRIC WHO FILE OPTION...: seconds, CPU and failures of one load.
measure() {
	local metric=$1 who=$2 before json
	shift 2
	before=$(all_cpu_ms "$who")
	json=$(load "$who" "$@")
	if [ -z "$json" ]; then left_out+=("$who: no end of $metric within 120 s"); return; fi
	sleep 0.2 # children come home
	note "$metric.rate" "$who" 1 "$(jq .mib_per_s <<<"$json")"
	note "$metric.s" "$who" 1 "$(jq .seconds <<<"$json")"
	note "$metric.failed" "$who" 1 "$(jq .failed <<<"$json")"
	# in.tftpd's children are nobody's when they end: their work can not be told.
	[ "$who" = hpa ] || note "$metric.cpu" "$who" 1 "$(calc "($(all_cpu_ms "$who") - $before) / $(jq '.done + .failed' <<<"$json") / $(jq '.mib' <<<"$json")")"
	if [ "$who" = slipway ] && [ "$(jq .failed <<<"$json")" != 0 ]; then broken=1; fi
}
# One packet of a hundred is lost, each way, but for requests and the answer to an OACK (which some clients never repeat).
lossy() {
	local side
	for side in "${srv_of[$1]}" "${cli_of[$1]}"; do
		if [ "$2" = on ]; then
			ip netns exec "$side" nft 'table inet lossy {
				chain in { type filter hook input priority 0; udp dport != 69 @th,64,32 != 0x00040000 numgen random mod 100 < 1 drop; }
			}'
		else
			ip netns exec "$side" nft delete table inet lossy
		fi
	done
}

describe_machine
warn_if_shared
crowd_up
bring_up floor || die "tftp_floor did not come up"
keep_awake
for ((run = 1; run <= RUNS; run++)); do
	progress "run $run of $RUNS"
	measure single floor one.bin -n 40
	for who in "${up[@]}"; do measure single "$who" forty.bin; done
	for who in "${up[@]}"; do measure window "$who" forty.bin -w 16; done
	for who in "${up[@]}"; do
		lossy "$who" on
		measure loss "$who" one.bin -w 16 -n 4 -c 4
		measure loss_lockstep "$who" one.bin -n 4 -c 4
		lossy "$who" off
	done
done
let_sleep
progress "$MANY transfers at once"
for who in "${up[@]}"; do
	{ while sleep 0.5; do all_rss_mib "$who"; done >"$work/rss.$who"; } &
	sampler=$!
	measure many "$who" one.bin -n "$MANY" -c "$MANY" -a 10.78.0.1
	measure many_window "$who" one.bin -n "$MANY" -c "$MANY" -a 10.78.0.1 -w 16
	kill $sampler
	wait $sampler 2>/dev/null
	note rss "$who" 1 "$(sort -n "$work/rss.$who" | tail -n 1)"
done
measure many floor one.bin -n "$MANY" -c "$MANY" -a 10.78.0.1

names=()
for who in "${contenders[@]}"; do names+=("$who $("version_$who")"); done
heading "blocks of 1468, median of $RUNS; in brackets how many times better slipway is" "${names[@]}"
table_row "1 x 40 MiB, MiB/s" single.rate 1 %.0f more
table_row "1 x 40 MiB, windows of 16, MiB/s" window.rate 1 %.0f more
table_row "4 x 1 MiB, windows, 1 % lost, s" loss.s 1 %.2f less
table_row "4 x 1 MiB, no windows, 1 % lost, s" loss_lockstep.s 1 %.2f less
table_row "$MANY x 1 MiB at once, s" many.s 1 %.1f less
table_row "  of which failed" many.failed 1 %.0f none
table_row "  CPU ms per MiB" many.cpu 1 %.1f less
table_row "$MANY x 1 MiB, windows of 16, s" many_window.s 1 %.1f less
table_row "  of which failed" many_window.failed 1 %.0f none
table_row "  CPU ms per MiB" many_window.cpu 1 %.1f less
table_row "resident MiB (all processes)" rss 1 %.0f less
for text in "${left_out[@]}"; do say "$text"; done
say "One client waits for one server and the other way round: the CPUs were kept awake for those rows, for all alike."
say "One receive and one send a block, and nothing else (tftp_floor), without windows: $(median single.rate floor 1) MiB/s;" \
	"$MANY at once in $(median many.s floor 1) s, $(median many.cpu floor 1) ms of CPU per MiB. No server is faster than that."

best() { for w in "${contenders[@]:1}"; do median "$1" "$w" 1; done | sort "$2" | head -n 1; }
# Only who failed nothing has a time that counts.
best_many() {
	for w in "${contenders[@]:1}"; do
		[ "$(median "$1.failed" "$w" 1)" = 0 ] && median "$1.s" "$w" 1
	done | sort -g | head -n 1
}
say ""
single=$(calc "$(median single.rate slipway 1) / $(best single.rate -gr)")
window=$(calc "$(median window.rate slipway 1) / $(best window.rate -gr)")
many=$(calc "$(median many.s slipway 1) / $(best_many many)")
many_window=$(calc "$(median many_window.s slipway 1) / $(best_many many_window)")
target "one transfer: at least the best rival's rate" "$single >= 1" "${single}x"
target "windows of 16: at least twice the best rival's rate" "$window >= 2" "${window}x"
target "$MANY at once: at most half the best rival's time" "$many <= 0.5" "${many}x"
target "  in windows of 16" "$many_window <= 0.5" "${many_window}x"
target "$MANY at once: none failed" "$(median many.failed slipway 1) + $(median many_window.failed slipway 1) == 0" \
	"$(median many.failed slipway 1) and $(median many_window.failed slipway 1) failed"
target "$MANY at once: at most 3 ms of CPU per MiB" "$(median many.cpu slipway 1) <= 3" "$(median many.cpu slipway 1) ms"
target "  in windows of 16" "$(median many_window.cpu slipway 1) <= 3" "$(median many_window.cpu slipway 1) ms"
target "$MANY at once: under 30 MiB resident" "$(median rss slipway 1) < 30" "$(median rss slipway 1) MiB, test host included"
target "1 % loss: a block costs less than a second without windows" \
	"$(median loss_lockstep.s slipway 1) / ($(stat -c %s "$tree/firmware/one.bin") / 1468 * 0.02) < 1" \
	"$(calc "$(median loss_lockstep.s slipway 1) / ($(stat -c %s "$tree/firmware/one.bin") / 1468 * 0.02)") s for each lost packet"
target "1 % loss: a MiB takes less than a second" "$(median loss.s slipway 1) < 1" "$(median loss.s slipway 1) s"
say "$targets_met targets met, $targets_missed not met"
exit $broken
