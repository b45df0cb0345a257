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
if command -v cloud-init >/dev/null; then
	ok "cloud-init reads the network-config as it was meant" convert
fi
done_testing
