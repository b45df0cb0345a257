#!/usr/bin/env bash
# What we write for cloud-init, before the eyes of cloud-init and of netplan: the schema of user-data,
# and the network as it comes back out of them as systemd-networkd's files.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1
data=tests/data/config

if command -v cloud-init >/dev/null; then
	for config in "$data"/*.user-data; do
		like "cloud-init's schema has nothing against $(basename "$config")" '^Valid cloud-config' \
			"$(cloud-init schema --config-file "$config" 2>&1)"
	done
	sed 's/^    permissions: .*/    permissions: 420/' "$data/plain.user-data" >"$work/wrong"
	like "which it would have against a mode that is a number" 'Error|Invalid' \
		"$(cloud-init schema --config-file "$work/wrong" 2>&1)"
else
	skip "cloud-init's schema" "package cloud-init is not installed"
fi

# generate NAME: netplan's files for systemd-networkd, below $work/NAME/run.
generate() {
	local root=$work/$1
	mkdir -p "$root/etc/netplan"
	{ echo "network:" && sed 's/^/  /' "$data/$1.network-config"; } >"$root/etc/netplan/50-slipway.yaml"
	chmod 600 "$root/etc/netplan/50-slipway.yaml"
	netplan generate --root-dir "$root"
}

if command -v netplan >/dev/null; then
	for config in plain worker single; do
		ok "netplan takes $config.network-config" generate $config
		ok "and makes the networkd files of $config.yaml of it again" \
			tests/check/netplan.py "$data/$config.yaml" "$work/$config/run/systemd/network"
	done
	sed -i 's/^DNS=10.77.0.2$/DNS=10.77.0.9/' "$work"/plain/run/systemd/network/*bond0.network
	like "and a difference is found out" "bond0: .*'DNS', '10.77.0.2'" \
		"$(tests/check/netplan.py "$data/plain.yaml" "$work/plain/run/systemd/network")"
else
	skip "netplan" "package netplan.io is not installed"
fi

# cloud-init reads the document itself, too: as a kernel argument, or from a seed.
convert() {
	cloud-init devel net-convert --network-data "$data/plain.network-config" --kind yaml \
		--directory "$work/converted" --distro debian -m bond0,52:54:00:00:00:0a --output-kind netplan \
		>"$work/convert.log" 2>&1 || { cat "$work/convert.log"; return 1; }
	/usr/bin/python3 - "$data/plain.network-config" "$work/converted/etc/netplan/50-cloud-init.yaml" <<-'PYTHON'
		import sys, yaml
		ours, theirs = (yaml.safe_load(open(path)) for path in sys.argv[1:])
		sys.exit(theirs["network"] != ours and f"differ:\n{ours}\n{theirs}")
	PYTHON
}
# The same out of the kernel's arguments of a node, where cloud-init 22.4 looks for it.
mkdir -p "$work/site/templates/distros" "$work/nodes"
cat >"$work/site/templates/distros/lab.yaml" <<-'EOF'
	name: lab
	title: Any system with cloud-init
	config: cloud-init
	boot: {kernel: vmlinuz}
	args: ["ds=nocloud-net;s={{ config_url }}/"]
EOF
cat >"$work/site/cluster.yaml" <<-'EOF'
	cluster: lab
	network: {internal: {interface: br0, address: 10.77.0.1/24}}
	dhcp: {pool: 10.77.0.100-10.77.0.199}
	image: lab/1
	node-bond: {mode: 802.3ad}
	roles: {master: {template: master.yaml, addons: [etcd]}}
	nodes:
	  - {name: m1, role: master, mac: [52:54:00:00:00:01, 52:54:00:00:00:02], address: 10.77.0.11}
EOF
from_arguments() {
	/usr/bin/python3 - "$work/nodes/m1.boot" <<-'PYTHON'
		import sys
		from cloudinit.net import cmdline
		args = next(line for line in open(sys.argv[1]) if line.startswith("args: "))
		network = cmdline.read_kernel_cmdline_config(args.removeprefix("args: ").strip())
		assert network["version"] == 2, network
		bond = network["bonds"]["bond0"]
		assert bond["parameters"]["mode"] == "802.3ad" and bond["addresses"] == ["10.77.0.11/24"], bond
	PYTHON
}
ok "a site's own distribution that reads cloud-init renders" "$bin/slipway" check -c "$work/site/cluster.yaml" --templates templates --write "$work/nodes"
if command -v cloud-init >/dev/null; then
	ok "cloud-init reads the network-config as it was meant" convert
	ok "and out of the kernel's arguments of a node" from_arguments
	like "cloud-init's schema has nothing against a node's own" '^Valid cloud-config' \
		"$(cloud-init schema --config-file "$work/nodes/m1.config" 2>&1)"
fi
done_testing
