#!/usr/bin/env bash
# What an operator sees of generations, with the real server: where values come from, what a change would do to which
# nodes, and which nodes run something older than what is published.
. "$(dirname "$0")/../lib.sh"
need_root
net_new pl
. "$(dirname "$0")/server_lib.sh"

server_files
mkdir -p "$work"/{config/nodes.d,images/flatcar}
for version in 1 2; do
	mkdir "$work/images/flatcar/$version"
	echo kernel >"$work/images/flatcar/$version/flatcar_production_pxe.vmlinuz"
	echo ramdisk >"$work/images/flatcar/$version/flatcar_production_pxe_image.cpio.gz"
	ok "image $version is there" server_import "$work/images/flatcar/$version" --name "flatcar/$version" --insecure
done
cat >"$yaml" <<-EOF
	cluster: pl
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	dhcp: {pool: 10.77.0.100-10.77.0.149}
	image: flatcar/1
	timezone: Europe/Berlin
	vars: {rack: {row: 1}}
	addons: {docker: {log-max-size: 20m}}
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	  worker: {template: worker.yaml, addons: [docker], kernel-args: [quiet]}
	nodes:
	  - {name: m1, role: master, mac: 02:00:00:00:00:11, address: 10.77.0.11, timezone: Asia/Tokyo}
	EOF
for i in 1 2 3 4 5 6; do
	echo "- {name: w$i, role: worker, mac: 02:00:00:00:00:2$i, address: 10.77.0.2$i}"
done >"$work/config/nodes.d/workers.yaml"
chmod -R a+rX "$work"

# out COMMAND...: its output goes to $out, its errors to $err, its status to $status
out() { out=$("$@" 2>"$work/err"); status=$?; err=$(cat "$work/err"); }
server_start

# --- where values come from ----------------------------------------------------------------------

out cli render w1 --explain
is "render --explain: exit status" 0 $status
like "a value of the cluster" '^timezone +Europe/Berlin +cluster +cluster.yaml:5:' "$out"
like "one of the role" '^kernel-args\[0\] +quiet +role +cluster.yaml:10:' "$out"
like "a parameter of an add-on" '^addons.docker.log-max-size +20m +cluster +cluster.yaml:7:' "$out"
like "one that nobody said, with its default and where that stands" \
	'^addons.docker.log-max-files +3 +default +templates/addons/docker/addon.yaml:[0-9]+:[0-9]+$' "$out"
like "an add-on that another brings along" '^addons.etcd-client +brought by etcd +default +templates/addons/etcd/addon.yaml:' "$(cli render m1 --explain)"
like "the templates that it is made of" '^  worker.yaml$' "$out"
like "and the parts" '^  parts/units-internal.yaml$' "$out"
like "a value of the node itself" '^timezone +Asia/Tokyo +node +cluster.yaml:12:' "$(cli render m1 --explain)"
is "as JSON too" "templates/addons/docker/addon.yaml true" \
	"$(cli render w1 --explain -o json | jq -r '.settings[] | select(.name == "addons.docker.live-restore") | "\(.file) \(.value)"')"
like "and as JSON" '^vars.rack.row 1 cluster$' "$(cli render w1 --explain -o json | jq -r '.settings[] | "\(.name) \(.value) \(.level)"')"
out cli render w9 --explain
is "a node that is not there: exit status" 3 $status
like "and a sentence" '"w9" is not a node' "$err"
out cli render w1 --explain -o xml
is "an output that is none: exit status" 2 $status

out cli render w1 --json
is "JSON without --explain: exit status" 2 $status
like "and a sentence" 'JSON goes with --explain' "$err"
out cli render w1 --explain --as ipxe
is "--as with --explain: exit status" 2 $status
is "a node by its MAC" "$(cli render w1)" "$(cli render 02:00:00:00:00:21)"
out cli render w1 --as nonsense
like "what there is to print" '"nonsense" is not one of cloud-config, config, ipxe, .*ignition' "$err"
out cli render w1 --as dhcp
like "what DHCP tells it" '^address: 10.77.0.21/24$' "$out"
like "its boot loader too" '^boot file for x86-64 UEFI: snponly.efi$' "$out"

# --- what would change ---------------------------------------------------------------------------

out cli plan
is "with nothing changed, plan: exit status" 0 $status
like "and a sentence" '^Nothing to do' "$out"

sed -i 's/row: 1/row: 2/; s/Europe.Berlin/Europe\/Paris/' "$yaml"
out cli plan
is "after a change: exit status" 2 $status
like "cluster.yaml's own change" '^    \+timezone: Europe/Paris$' "$out"
like "six workers are one group" '^w1, w2, w3, w4 and 2 more  \(takes effect by: reboot\)$' "$out"
like "its lines say what goes" '^    -.*Europe/Berlin' "$out"
like "and what comes" '^    \+.*Europe/Paris' "$out"
is "the master, which has its own, is not among them" "" "$(grep -E '(^|[ ,])m1' <<<"$out")"
like "and how many" '^6 nodes get something else' "$out"
is "nothing is published by that" "Europe/Berlin" "$(cli render w1 | grep -o 'Europe/[A-Z][a-z]*' | head -n 1)"
is "as JSON: the group" '6 reboot' "$(cli plan -o json | jq -r '.groups[] | "\(.nodes | length) \(.needs)"')"
out cli plan w2
like "of one node" '^w2  \(takes' "$out"
like "alone" '^1 node gets something else' "$out"
like "in full, Ignition too" '^  config$' "$(cli plan --full w2)"
like "whose files come as the lines they have" '^    \+ +\| ExecStart=.*Europe/Paris$' "$(cli plan --full w2)"
out cli plan w2 w9
is "a node that is none: exit status" 3 $status
like "and which" '"w9" is not a node of what is published, nor of cluster.yaml' "$err"
is "and no answer for the other" "" "$out"
is "--json is the same as -o json" "$(cli plan -o json)" "$(cli plan --json)"
is "wrong usage is told apart" 64 "$(cli plan --nonsense >"$work/err" 2>&1; echo $?)"

echo '- {name: w7, role: worker, mac: 02:00:00:00:00:27, address: 10.77.0.27}' >>"$work/config/nodes.d/workers.yaml"
sed -i '/name: w6/d' "$work/config/nodes.d/workers.yaml"
out cli plan
like "a node that comes" '^new: w7$' "$out"
like "one that goes" '^gone: w6$' "$out"
is "of one that comes its name alone" "" "$(grep -E '^    .hostname' <<<"$out")"
like "named, all that it would get" '^    .hostname: "w7"$' "$(cli plan w7)"
out cli render w7
is "which is not published yet: exit status" 3 $status
like "in words" '"w7" is not a node of generation 1, .*after slipway apply' "$err"

cp "$yaml" "$work/right.yaml"
sed -i 's/role: master, mac/role: mastr, mac/' "$yaml"
out cli plan
is "with a mistake, plan: exit status" 65 $status
like "the mistake with its place" 'cluster.yaml:[0-9]+:[0-9]+: .*no role "mastr"' "$err"
is "and nothing else" "" "$out"
is "as JSON, too" "65 false error" "$(cli plan --json >"$work/out"; echo "$? $(jq -r '"\(.ok) \(.problems[0].severity)"' "$work/out")")"
cp "$work/right.yaml" "$yaml"

# What an add-on's own file says is part of what is published.
sed -i '/log-max-files/,/default/s/default: 3/default: 4/' "$work/templates/addons/docker/addon.yaml"
like "until another default is published, explain tells of the old one" '^addons.docker.log-max-files +3 ' "$(cli render w1 --explain)"
like "plan shows the new one" '^    \+ +"value": "4",$' "$(cli plan)"
sed -i '/log-max-files/,/default/s/default: 4/default: 3/' "$work/templates/addons/docker/addon.yaml"

# --- one change, many nodes ----------------------------------------------------------------------

sed -i 's/^image: .*/image: flatcar\/2/; s/^cluster: pl/&\ndomain: pl.internal/' "$yaml"
out cli plan
is "what differs in a node's own name and address is one group of its role" "w1 w2 w3 w4 w5 reboot true" \
	"$(cli plan --json | jq -r '.groups[] | select(.nodes | index("w1")) | (.nodes | join(" ")) + " \(.needs) \(.own_words)"')"
like "whose lines are one node's" '^  as w1 gets it; the others have their own name' "$out"
cp "$work/right.yaml" "$yaml"

# --- who is behind -------------------------------------------------------------------------------

ip -n "$cli" addr add 10.77.0.21/24 dev c0
ip -n "$cli" addr add 10.77.0.22/24 dev c0
# boots N: worker N fetches its script and its configuration.
boots() {
	local nonce
	nonce=$(in_cli curl -fs -m 5 --interface 10.77.0.2$1 "$url/script.ipxe?mac=02-00-00-00-00-2$1" | grep -o '/n/[0-9a-f]*/config' | head -n 1)
	in_cli curl -fs -m 5 --interface 10.77.0.2$1 -o /dev/null "$url$nonce"
}
needs() { cli nodes -o json | jq -r ".[] | select(.name == \"$1\") | .needs"; }
like "of a node that never booted, nodes says so" '^runs +nothing yet$' "$(cli nodes w1)"
ok "a worker boots" boots 1
is "and runs what is published" nothing "$(needs w1)"
like "as nodes says of it" '^runs +generation 1$' "$(cli nodes w1)"
out cli plan --behind
is "with no node behind, plan --behind: exit status" 0 $status
is "and a sentence" "No node is behind what is published (generation 1)." "$out"
is "nodes --behind says so too" "No node is behind what is published." "$(cli nodes --behind)"
out cli apply
is "apply: exit status" 0 $status
is "now it needs a reboot" reboot "$(needs w1)"
is "one that never booted needs nothing" nothing "$(needs w2)"
like "the list of nodes says so" '^w1 .* 1 +reboot$' "$(cli nodes)"
like "nodes --behind lists it" '^w1 .* reboot$' "$(cli nodes --behind)"
is "alone" 1 "$(cli nodes --behind --json | jq length)"
like "nodes NODE says what it runs" '^runs +generation 1$' "$(cli nodes w1)"
like "what is published" '^published +generation 2$' "$(cli nodes w1)"
like "and what shows the difference" '^needs +reboot; .slipway plan --behind w1.' "$(cli nodes w1)"
out cli plan
is "plan with nothing to publish, but a node behind: exit status" 2 $status
like "says that" '^behind: 1 node does not run what is published \(generation 2\)$' "$out"
like "which, and what it takes" '^w1  \(running generation 1; takes effect by: reboot\)$' "$out"
like "what it runs" '^    -.*Europe/Berlin' "$out"
like "and what is published" '^    \+.*Europe/Paris' "$out"
like "and that there is nothing to publish" '^Nothing to publish' "$out"
is "as JSON: nothing to publish" "[] []" "$(cli plan --json | jq -r '"\(.groups) \(.inputs)"')"
is "but the group that is behind" "w1 1 reboot cloud-config" \
	"$(cli plan --json | jq -r '.behind[] | "\(.nodes[0].name) \(.nodes[0].runs) \(.needs) \(.artefacts[0].kind)"')"
is "of another node there is nothing to say" 0 "$(cli plan w2 >"$work/err"; echo $?)"

ok "another one boots" boots 2
sed -i 's/Europe.Paris/Europe\/Rome/' "$yaml"
out cli plan
like "with a change on disk: what would be published" '^w1, w2, w3, w4 and 2 more  \(takes effect by: reboot\)$' "$out"
like "and who is behind what is" '^behind: 1 node does not' "$out"
cli apply >"$work/out"
out cli plan --behind
is "two generations, two differences" 2 "$(cli plan --behind --json | jq '.behind | length')"
like "from the one" '^w1  \(running generation 1; ' "$out"
like "and from the other" '^w2  \(running generation 2; ' "$out"
out cli plan --behind w2
is "of one node: its own alone" "w2" "$(grep -oE '^w[0-9]' <<<"$out")"
cli generations rollback 2 >"$work/out"
is "a rollback to what a node runs: it needs nothing" nothing "$(needs w2)"
like "in words" '^needs +nothing: both are the same for it$' "$(cli nodes w2)"
echo 'cluster: [' >"$yaml"
out cli plan --behind
is "with a broken cluster.yaml, plan --behind still tells: exit status" 2 $status
like "who is behind" '^w1  \(running generation 1; ' "$out"
out cli plan --behind w9
is "a node that is none: exit status" 3 $status
like "in words" '"w9" is not a node of what is published$' "$err"
cp "$work/right.yaml" "$yaml"

ok "the first boots again" boots 1
is "and is up to date" nothing "$(needs w1)"
cli apply >"$work/out"
is "so that nothing is left to do" 0 "$(cli plan >"$work/err"; echo $?)"

# What is no longer kept can not be compared: ten generations are.
for zone in Rome Oslo Bern Kiev Riga Brno Nice Lyon Graz Linz Metz; do
	sed -i "s/Europe.[A-Z][a-z]*/Europe\/$zone/" "$yaml"
	cli apply >"$work/out" || break
done
is "of what the archive has no more" unknown "$(needs w1)"
out cli plan --behind
is "plan tells that: exit status" 2 $status
like "in words" '^w1, w2  \(running generations? [0-9, ]+, no longer kept: there is no telling what differs; a reboot brings' "$out"
is "as JSON: no difference" "unknown 2 0" "$(cli plan --behind --json | jq -r '.behind[] | "\(.needs) \(.nodes | length) \(.artefacts | length)"')"
like "so does nodes" '^needs +unknown: generation [0-9]+ is no longer kept; a reboot brings generation [0-9]+$' "$(cli nodes w1)"

# A generation that listens elsewhere waits for a restart: what is on disk is compared with it, nodes with what they get.
echo 'ports: {http: 8081}' >>"$yaml"
cli apply >"$work/out"
out cli plan
like "with a generation that waits there is nothing to publish" '^Nothing to publish' "$out"
like "and plan says that it waits" '^Generation [0-9]+ is published and waits for a restart of slipway serve' "$out"

done_testing
