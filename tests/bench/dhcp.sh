#!/usr/bin/env bash
# The DHCP server beside Kea, ISC dhcpd and dnsmasq: the same load on each in turn, in namespaces of their own.
#
#   SIZES="1000 10000 60000"   leases made before the load
#   RUNS=3                     interleaved runs, of which the median counts; SPAN_MS=2000 each
#   CONTENDERS="slipway kea isc dnsmasq"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_dhcp.sh"
: "${SIZES:=$(quick && echo 1000 || echo 1000 10000 60000)}"
: "${SPAN_MS:=$(quick && echo 1000 || echo 2000)}"
: "${CONTENDERS:=slipway kea isc dnsmasq}"
read -ra contenders <<<"$CONTENDERS"
read -ra sizes <<<"$SIZES"
first_size=${sizes[0]} last_size=${sizes[-1]}
broken=0

"$top/tests/bench/install-deps" kea-dhcp4=kea-dhcp4-server perfdhcp=kea-admin dhcpd=isc-dhcp-server \
	dnsmasq=dnsmasq-base jq=jq || die "the rivals are not at hand"

# What would take minutes and teach nothing: it is said in the table.
cannot() {
	case $1:$2 in
	dnsmasq:?????*) [ "$2" -gt 10000 ] && echo "dnsmasq with $2 leases left out: it needs minutes to read them" ;;
	esac
}

# take WHO SIZE JSON METRIC=JQ...: notes figures of a run; a wrong answer of ours is a broken benchmark.
take() {
	local who=$1 size=$2 json=$3 pair
	shift 3
	[ -n "$json" ] || { say "no result from $who" >&2; broken=1; return; }
	for pair in "$@"; do
		note "${pair%%=*}" "$who" "$size" "$(jq -r "${pair#*=}" <<<"$json")"
	done
	if [ "$(jq '.wrong + .lost_by_us' <<<"$json")" != 0 ] ||
		{ [ "$who" = slipway ] && [ "$(jq '.duplicates' <<<"$json")" != 0 ]; }; then
		say "$who: $(jq -c '{mode, wrong, first_wrong, duplicates, lost_by_us}' <<<"$json")" >&2
		[ "$who" != slipway ] || broken=1
	fi
}

measure_dora() {
	local key=$1-$2 before json
	before=$(cpu_us "${pid_of[$key]}")
	json=$(load "$key" dora clients=256 machines="$2" count=10000000 within="$SPAN_MS")
	take "$1" "$2" "$json" rate=.rate p99=.whole_us.p99/1000
	note cpu "$1" "$2" "$(calc "($(cpu_us "${pid_of[$key]}") - $before) / $(jq .done <<<"$json")")"
}

# The disk's mood changes: it is asked right before and right after.
disk_ms() { "$bin/tests/bench/disk_sync" "$work" 30 4 | jq .overwrite_us.p50/1000; }
measure_idle() {
	local before json
	[ "$1" != slipway ] || before=$(disk_ms)
	json=$(load "$1-$2" idle count=100 machines="$2" within=3000)
	take "$1" "$2" "$json" idle_offer=.offer_us.p50/1000 idle_ack=.ack_us.p50/1000
	[ "$1" = slipway ] || return 0
	note disk disk "$2" "$(calc "($before + $(disk_ms)) / 2")"
	note idle_ratio "$1" all "$(calc "$(jq .ack_us.p50/1000 <<<"$json") / $(tail -n 1 "$figures" | cut -d' ' -f4)")"
}

measure_storm() {
	take "$1" "$3" "$(load "$1-$2" storm count="$3" within="$(quick && echo 1000 || echo 2000)")" \
		storm=.done storm_ms=.seconds*1000
}

# hall WHO RUN: 1,000 machines that nobody has seen before.
hall() {
	load "$1-$first_size" hall count=1000 first="$((500000 + 1000 * $2))" within="$(quick && echo 10000 || echo 30000)"
}
measure_halls() {
	local who run pids=()
	for ((run = 1; run <= RUNS; run++)); do
		take slipway 1000 "$(hall slipway "$run")" hall=.done hall_s=.seconds
	done
	for who in "${contenders[@]:1}"; do # they mostly wait for a second try: all at a time
		is_up "$who-$first_size" || continue
		hall "$who" 1 >"$work/hall.$who" &
		pids+=($!)
	done
	[ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" # without a name it would wait for the servers, too
	for who in "${contenders[@]:1}"; do
		is_up "$who-$first_size" && take "$who" 1000 "$(cat "$work/hall.$who")" hall=.done hall_s=.seconds
	done
}

# relay KEY RATE: a run of perfdhcp, which plays a relay; prints how many of 1,000 exchanges were lost.
relay() {
	ip netns exec "${cli_of[$1]}" timeout 20 perfdhcp -4 -r "$2" -p 2 -R 1000 -b mac=02:c0:00:00:00:00 -u -W 300000 \
		-l 10.77.0.2 10.77.0.1 2>/dev/null |
		awk '/^sent packets/ && !sent { sent = $3 } /^received packets/ { got = $3 } END { print sent ? 1000 * (1 - got / sent) : 1000 }'
}
relay_keeps_up() { # at the second try at least: others use this machine, too
	is_true "$(relay "$1" "$2") < 1" || is_true "$(relay "$1" "$2") < 1"
}
measure_relay() {
	local rate best=0
	relay "$1-$2" 500 >/dev/null # its leases
	for rate in 500 1000 2000 3000 4000 6000 8000 10000 12000 15000; do
		relay_keeps_up "$1-$2" "$rate" || break
		best=$rate
	done
	note relay "$1" 1000 "$best"
}

measure_memory() {
	note rss "$1" "$2" "$(calc "$(rss_kib "${pid_of[$1-$2]}") / 1024")"
	note pss "$1" "$2" "$(calc "$(pss_kib "${pid_of[$1-$2]}") / 1024")"
}

measure_start() {
	local began
	stop "$1-$2"
	began=$EPOCHREALTIME
	launch "$1-$2" 60 || { say "$1 did not come up again" >&2; return; }
	note start "$1" "$2" "$(calc "$EPOCHREALTIME - $began")"
	note rss_start "$1" "$2" "$(calc "$(rss_kib "${pid_of[$1-$2]}") / 1024")"
}

bring_all_up() {
	local who size why
	for size in "${sizes[@]}"; do
		for who in "${contenders[@]}"; do
			why=$(cannot "$who" "$size")
			if [ -n "$why" ]; then
				left_out+=("$why")
			elif ! bring_up "$who-$size"; then
				left_out+=("$who with $size leases did not come up: $(tail -n 1 "$work/$who-$size.log")")
				[ "$who" != slipway ] || broken=1
				stop "$who-$size"
			fi
		done
	done
}

# each CALL SIZE...: CALL WHO SIZE... for each contender that is up with that many leases.
each() {
	local call=$1 who
	shift
	for who in "${contenders[@]}"; do
		if is_up "$who-$1"; then "$call" "$who" "$@"; fi
	done
}

# All are up at the same time and take turns: what else this machine does hits all sizes and all servers alike.
measure_all() {
	local size run
	for ((run = 1; run <= RUNS; run++)); do
		progress "run $run of $RUNS"
		for size in "${sizes[@]}"; do each measure_dora "$size"; done
		for size in "${sizes[@]}"; do each measure_idle "$size"; done
		each measure_storm "$first_size" 1000
		each measure_storm "$first_size" 4000
	done
	for size in "${sizes[@]}"; do each measure_memory "$size"; done
	progress "1,000 machines powered on"
	measure_halls
	quick || { progress "perfdhcp as a relay" && each measure_relay "$first_size"; }
	progress "starting anew"
	each measure_start "$last_size"
}

print_tables() {
	local size names=() durable=() who text
	for who in "${contenders[@]}"; do
		names+=("$who $("version_$who")")
		durable+=("$([ "$who" = kea ] && echo "no (no fsync)" || echo yes)")
	done
	heading "median of $RUNS; in brackets how many times better slipway is" "${names[@]}"
	row "lease on disk before its ACK" "${durable[@]}"
	for size in "${sizes[@]}"; do table_row "DORA/s, $size leases" rate "$size" %.0f more; done
	for size in "${sizes[@]}"; do table_row "CPU us per DORA, $size leases" cpu "$size" %.0f less; done
	for size in "${sizes[@]}"; do table_row "DORA p99 ms, $size leases" p99 "$size" %.1f less; done
	for size in "${sizes[@]}"; do table_row "idle ACK p50 ms, $size leases" idle_ack "$size" %.2f less; done
	table_row "idle OFFER p50 ms" idle_offer "$first_size" %.2f less
	table_row "storm of 1000: answered" storm 1000 %.0f more
	table_row "storm of 4000: answered" storm 4000 %.0f more
	table_row "hall of 1000: hold a lease" hall 1000 %.0f more
	table_row "hall of 1000: s until the last" hall_s 1000 %.2f less
	table_row "perfdhcp (relay): DORA/s, no loss" relay 1000 %.0f more
	table_row "start with $last_size leases, s" start "$last_size" %.2f less
	table_row "resident MiB then" rss_start "$last_size" %.1f none
	for size in "${sizes[@]}"; do table_row "resident MiB after load, $size" rss "$size" %.1f none; done
	for size in "${sizes[@]}"; do table_row "of it its own (PSS), $size" pss "$size" %.1f none; done
	for size in "${sizes[@]}"; do row "the disk's own fdatasync ms, $size" "$(printf %.2f "$(median disk disk "$size")")"; done
	for text in "${left_out[@]}"; do say "$text"; done
}

# worst METRIC WHO: over all sizes. ratio_to WHO: our rate to theirs, at the size where it is least.
worst() { for s in "${sizes[@]}"; do median "$1" "$2" "$s"; done | sort -g | tail -n 1; }
ratio_to() {
	for s in "${sizes[@]}"; do calc "$(median rate slipway "$s") / $(median rate "$1" "$s")"; done |
		grep . | sort -g | head -n 1
}
round() { [ -z "$1" ] || printf %.2f "$1"; }
print_targets() {
	local kea isc flat idle
	kea=$(ratio_to kea) isc=$(ratio_to isc) idle=$(median idle_ratio slipway all)
	flat=$(calc "$(median rate slipway "$last_size") / $(median rate slipway "$first_size")")
	[ "$last_size" != "$first_size" ] || flat=
	printf '\n'
	target "DORA rate at least 5 times Kea's, at each size" "$kea >= 5" "$(round "$kea")x"
	target "DORA rate at least 15 times ISC's, at each size" "$isc >= 15" "$(round "$isc")x"
	target "at most 40 us of CPU per DORA, at each size" "$(worst cpu slipway) <= 40" "$(round "$(worst cpu slipway)") us"
	target "flat from $first_size to $last_size leases (to 0.8)" "$flat >= 0.8" "$(round "$flat")"
	target "idle ACK p50 within 1.3 times the disk's fdatasync" "$idle <= 1.3" "$(round "$idle")x"
	target "starts with 60000 leases in under 1 s" "$(median start slipway 60000) < 1" "$(round "$(median start slipway 60000)") s"
	target "and is under 20 MiB resident with them" "$(median rss_start slipway 60000) < 20" \
		"$(round "$(median rss_start slipway 60000)") MiB"
	target "a storm of 4000 DISCOVERs loses none" "$(median storm slipway 4000) == 4000" "$(median storm slipway 4000)"
	target "1000 machines powered on hold a lease within 2 s" \
		"$(median hall slipway 1000) == 1000 && $(median hall_s slipway 1000) <= 2" \
		"$(median hall slipway 1000) in $(round "$(median hall_s slipway 1000)") s"
	printf '\n%d targets met, %d not met\n' $targets_met $targets_missed
}

left_out=()
describe_machine
warn_if_shared
bring_all_up
measure_all
print_tables
warn_if_shared
print_targets
exit $broken
