#!/usr/bin/env bash
# A hall's cluster.yaml published: every node rendered, checked, converted and put on disk; then once more after a change
# of one node, and when one comes. Beside it the same role's template through Python's Jinja2, which only renders: a tenth of
# the nodes, times ten.
. "$(dirname "$0")/lib.sh"
contenders=(slipway jinja2)
NODES=$(quick && echo 1000 || echo 10000)
load=$bin/tests/bench/generation_load

mkdir -p "$work/config/nodes.d"
cat >"$work/config/cluster.yaml" <<-YAML
	cluster: hall
	network: {internal: {interface: bond0, address: 10.64.0.1/15}}
	dhcp: {pool: 10.64.0.100-10.64.0.199, router: 10.64.0.1, dns: [10.64.0.1]}
	image: flatcar/1
	node-bond: {mode: 802.3ad}
	ssh-authorized-keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHfLJ6PnGTOBKNYkpIWjWYNQmbJAGW5HpXNIMf5lDNSC ops]
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	  worker: {template: worker.yaml}
YAML
for ((i = 0; i < NODES; i++)); do
	printf -- '- {name: n%05d, role: %s, mac: ["02:00:00:00:%02x:%02x", "02:00:00:01:%02x:%02x"], address: 10.65.%d.%d}\n' \
		$i "$([ $i -lt 3 ] && echo master || echo worker)" $((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255))
done | sed 's/10\.65\.0\.0}/10.65.100.1}/' >"$work/config/nodes.d/hall.yaml"
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
	sed -Ei "s/^- \{name: n00500,( kernel-args: [^,]*,)?/- {name: n00500, kernel-args: [run=$run],/" \
		"$work/config/nodes.d/hall.yaml"
	publish one
	printf -- '- {name: new%d, role: worker, mac: ["02:00:00:02:00:%02x", "02:00:00:03:00:%02x"], address: 10.65.200.%d}\n' "$run" "$run" "$run" "$run" >>"$work/config/nodes.d/hall.yaml"
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
