#!/usr/bin/env bash
# The cluster.yaml of a hall: read, parsed and cross-checked, beside PyYAML with libyaml (CSafeLoader), which only
# parses the same files. One file, and the same nodes in files of a hundred below nodes.d.
. "$(dirname "$0")/lib.sh"
contenders=(slipway pyyaml)
NODES=$(quick && echo 1000 || echo 10000)
load=$bin/tests/bench/config_load

cat >"$work/hall.py" <<'PY'
import os, sys
folder, nodes, per_file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.makedirs(folder + "/nodes.d")
def rows(first, end):
    for i in range(first, end):
        own = ", kernel-args: [row=%d], vars: {rack: {unit: %d}}" % (i, i % 42) if i % 4 == 0 else ""
        yield ('- {name: n%05d, role: %s, mac: ["02:00:00:00:%02x:%02x", "02:00:00:01:%02x:%02x"], address: 10.0.%d.%d%s}\n'
               % (i, "master" if i < 3 else "worker", i >> 8, i & 255, i >> 8, i & 255, 1 + i // 250, 1 + i % 250, own))
with open(folder + "/cluster.yaml", "w") as f:
    f.write("""cluster: hall
network: {internal: {interface: bond0, address: 10.0.0.1/15}}
dhcp: {pool: 10.1.200.0-10.1.220.255, dns: [10.0.0.1], router: 10.0.0.254}
image: flatcar/1
kernel-args: [quiet]
node-bond: {mode: 802.3ad}
vars: {rack: {row: a}, dns: {ttl: 60}}
roles:
  master: {template: master.yaml, addons: [etcd]}
  worker: {template: worker.yaml, vars: {rack: {row: b}}}
nodes:
""")
    if per_file == 0:
        f.writelines(rows(0, nodes))
for at in range(0, nodes if per_file else 0, per_file or 1):
    with open(folder + "/nodes.d/%05d.yaml" % at, "w") as f:
        f.writelines(rows(at, min(at + per_file, nodes)))
PY
cat >"$work/pyyaml.py" <<'PY'
import glob, resource, sys, time, yaml
best = cpu = 1e9
for _ in range(int(sys.argv[2])):
    began, busy = time.monotonic(), time.process_time()
    whole = [yaml.load(open(p), yaml.CSafeLoader) for p in [sys.argv[1] + "/cluster.yaml"] + sorted(glob.glob(sys.argv[1] + "/nodes.d/*.yaml"))]
    if time.monotonic() - began < best:
        best, cpu = time.monotonic() - began, time.process_time() - busy
print("%.1f %.1f %d %d" % (best * 1000, cpu * 1000, 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
PY
python3 "$work/hall.py" "$work/one" "$NODES" 0 || die "no hall"
python3 "$work/hall.py" "$work/many" "$NODES" 100 || die "no hall"

measure() { # WHO LAYOUT COMMAND...
	local who=$1 layout=$2 ms cpu n kib
	shift 2
	read -r ms cpu n kib < <("$@") || die "$who could not read it"
	note "$layout.ms" "$who" 1 "$ms"
	note "$layout.cpu" "$who" 1 "$cpu"
	note "$layout.rss" "$who" 1 "$(calc "$kib / 1024")"
	[ "$who" != slipway ] || [ "$n" = "$NODES" ] || die "$n nodes instead of $NODES"
}

describe_machine
for ((run = 1; run <= RUNS; run++)); do
	progress "run $run of $RUNS"
	for layout in one many; do
		measure slipway $layout "$load" "$work/$layout/cluster.yaml" 3
		measure pyyaml $layout python3 "$work/pyyaml.py" "$work/$layout" 1
	done
done

heading "$NODES nodes, median of $RUNS; in brackets how many times better slipway is" \
	"slipway (all checks)" "PyYAML $(python3 -c 'import yaml; print(yaml.__version__)') (parse)"
table_row "one file of $(du -k "$work/one/cluster.yaml" | cut -f1) KiB, ms" one.ms 1 %.0f less
table_row "  of CPU" one.cpu 1 %.0f less
table_row "  resident MiB at most" one.rss 1 %.0f less
table_row "$(find "$work/many/nodes.d" -name '*.yaml' | wc -l) files of nodes.d, ms" many.ms 1 %.0f less
table_row "  of CPU" many.cpu 1 %.0f less
say ""
limit=$(quick && echo 100 || echo 1000)
target "$NODES nodes load and check in under $limit ms" "$(median one.ms slipway 1) < $limit" "$(median one.ms slipway 1) ms"
target "  in many files" "$(median many.ms slipway 1) < $limit" "$(median many.ms slipway 1) ms"
target "faster than PyYAML only parses" "$(median one.ms slipway 1) < $(median one.ms pyyaml 1)" \
	"$(calc "$(median one.ms pyyaml 1) / $(median one.ms slipway 1)")x"
say "$targets_met targets met, $targets_missed not met"
warn_if_shared
