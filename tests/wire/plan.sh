#!/usr/bin/env bash
# What an operator sees of generations, with the real server: where values come from, what a change would do to which
# nodes, and which nodes run something older than what is published.
. "$(dirname "$0")/../lib.sh"
need_root
net_new pl
. "$(dirname "$0")/server_lib.sh"

server_files
mkdir -p "$work"/{config/nodes.d,images/flatcar/1}
echo kernel >"$work/images/flatcar/1/flatcar_production_pxe.vmlinuz"
echo ramdisk >"$work/images/flatcar/1/flatcar_production_pxe_image.cpio.gz"
ok "an image is there" server_import "$work/images/flatcar/1" --name flatcar/1 --insecure
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
like "the templates that it is made of" '^  worker.yaml$' "$out"
like "and the parts" '^  parts/units-internal.yaml$' "$out"
like "a value of the node itself" '^timezone +Asia/Tokyo +node +cluster.yaml:12:' "$(cli render m1 --explain)"
like "and as JSON" '^vars.rack.row 1 cluster$' "$(cli render w1 --explain -o json | jq -r '.settings[] | "\(.name) \(.value) \(.level)"')"
out cli render w9 --explain
is "a node that is not there: exit status" 3 $status
like "and a sentence" '"w9" is not a node' "$err"
out cli render w1 --explain -o xml
is "an output that is none: exit status" 2 $status

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
is "wrong usage is told apart" 64 "$(cli plan --nonsense >"$work/err" 2>&1; echo $?)"

echo '- {name: w7, role: worker, mac: 02:00:00:00:00:27, address: 10.77.0.27}' >>"$work/config/nodes.d/workers.yaml"
sed -i '/name: w6/d' "$work/config/nodes.d/workers.yaml"
out cli plan
like "a node that comes" '^new: w7$' "$out"
like "one that goes" '^gone: w6$' "$out"

cp "$yaml" "$work/right.yaml"
sed -i 's/role: master, mac/role: mastr, mac/' "$yaml"
out cli plan
is "with a mistake, plan: exit status" 65 $status
like "the mistake with its place" 'cluster.yaml:[0-9]+:[0-9]+: .*no role "mastr"' "$err"
is "and nothing else" "" "$out"
cp "$work/right.yaml" "$yaml"

# --- who is behind -------------------------------------------------------------------------------

ip -n "$cli" addr add 10.77.0.21/24 dev c0
# The worker fetches its script and its configuration.
boots() {
	local nonce
	nonce=$(in_cli curl -fs -m 5 "$url/script.ipxe?mac=02-00-00-00-00-21" | grep -o '/n/[0-9a-f]*/config' | head -n 1)
	in_cli curl -fs -m 5 -o /dev/null "$url$nonce"
}
needs() { cli nodes -o json | jq -r ".[] | select(.name == \"$1\") | .needs"; }
ok "a worker boots" boots
is "and runs what is published" nothing "$(needs w1)"
out cli apply
is "apply: exit status" 0 $status
is "now it needs a reboot" reboot "$(needs w1)"
is "one that never booted needs nothing" nothing "$(needs w2)"
like "the list of nodes says so" '^w1 .* reboot$' "$(cli nodes)"
out cli plan
is "plan with nothing to publish, but a node behind: exit status" 2 $status
like "names it" '^w1 +1 +reboot$' "$out"
like "and says that there is nothing to publish" '^Nothing to publish' "$out"
ok "it boots again" boots
is "and is up to date" nothing "$(needs w1)"
is "so that nothing is left to do" 0 "$(cli plan >"$work/err"; echo $?)"

done_testing
