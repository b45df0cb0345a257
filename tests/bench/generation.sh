#!/usr/bin/env bash
# A hall's cluster.yaml published: every node rendered, checked, converted and put on disk; then once more after a change
# of one node, and when one comes. Beside it the same role's template through Python's Jinja2, which only renders: a tenth of
# the nodes, times ten.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_hall.sh"
contenders=(slipway jinja2)
NODES=$(quick && echo 1000 || echo 10000)
load=$bin/tests/bench/generation_load

hall_write "$work/config" "$NODES"
jq -s '.[0] * .[1]' tests/data/config/context.json tests/data/config/worker.json >"$work/context.json" || die "no context"

publish() { # WHAT: publishes, and notes what that took
	local out
	out=$("$load" "$work/config" templates "$work/archive") || die "it could not be published"
	for key in ms cpu_ms rss_mib rendered; do
		note "$1.$key" slipway 1 "$(jq ".$key" <<<"$out")"
	done
}

describe_machine
for ((run = 1; run <= RUNS; run++)); do
	progress "run $run of $RUNS"
	rm -rf "$work/archive" && mkdir "$work/archive"
	publish all
	hall_change "$work/config" "run=$run"
	publish one
	hall_add "$work/config" "$run"
	publish added
	read -r ms _ < <(python3 tests/bench/generation_jinja.py templates "$work/context.json" $((NODES / 10))) || die "Jinja2 failed"
	note all.ms jinja2 1 $((ms * 10))
done

heading "$NODES nodes, median of $RUNS; in brackets how many times better slipway is" \
	"slipway, on disk" "Jinja2 renders"
table_row "every node, ms" all.ms 1 %.0f less
table_row "  of CPU" all.cpu_ms 1 %.0f less
table_row "  resident MiB at most" all.rss_mib 1 %.0f less
table_row "one node changed, ms" one.ms 1 %.0f less
table_row "  nodes rendered for that" one.rendered 1 %.0f less
table_row "one node added, ms" added.ms 1 %.0f less
table_row "  nodes rendered for that" added.rendered 1 %.0f less
say ""
target "$NODES nodes in under 5 s" "$(median all.ms slipway 1) < 5000" "$(median all.ms slipway 1) ms"
target "  under 200 MiB resident" "$(median all.rss_mib slipway 1) < 200" "$(median all.rss_mib slipway 1) MiB"
target "one changed node renders one" "$(median one.rendered slipway 1) == 1" "$(median one.rendered slipway 1)"
say "$targets_met targets met, $targets_missed not met"
warn_if_shared
