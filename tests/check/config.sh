#!/usr/bin/env bash
# The configurations that nodes get, before the eyes of the programs that will read them: Python's
# Jinja2 renders the shipped templates to the files that the unit tests start from, and Debian's
# ignition-validate, systemd-analyze and the shell look at what came out.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/systemd_lib.sh"
cd "$top" || exit 1
data=tests/data/config

# have PACKAGE COMMAND...: the yardstick is there, or the tests that need it are skipped by name.
have() {
	local package=$1
	shift
	"$@" >/dev/null 2>&1 && return 0
	skip "tests that need $package" "package $package is not installed"
	return 1
}

renders() {
	local name=$1
	shift
	"$data/render" "$@" >"$work/$name" && cmp "$work/$name" "$data/$name"
}

if have python3-jinja2 /usr/bin/python3 -c 'import jinja2'; then
	ok "master.yaml renders to the master of the unit tests" renders master.yaml master.yaml $data/context.json
	ok "worker.yaml renders to the worker with LACP" renders worker.yaml worker.yaml $data/context.json $data/worker.json
	ok "worker.yaml renders to the worker with one NIC" renders single.yaml worker.yaml $data/context.json $data/single.json
	for script in boot node wait local refused; do
		ok "boot/$script.ipxe renders to $script.ipxe" renders $script.ipxe boot/$script.ipxe $data/context.json
		is "boot/$script.ipxe begins as iPXE wants it" '#!ipxe' "$(head -n 1 "$data/$script.ipxe")"
	done
fi

if have ignition ignition-validate -version; then
	for config in "$data"/*.ign; do
		ok "ignition-validate takes $(basename "$config")" ignition-validate "$config"
	done
	for config in master worker single fcos worker-fcos single-fcos; do
		is "ignition-validate has nothing to say about $config.ign" "" "$(ignition-validate "$data/$config.ign" 2>&1)"
	done
fi

# unpack CONFIG FOLDER: the files and units of an Ignition config, as they will lie on the node's disk.
unpack() {
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import json, os, sys, urllib.request
		config, root = json.load(open(sys.argv[1])), sys.argv[2]

		def write(path, data):
		    path = root + path
		    os.makedirs(os.path.dirname(path), exist_ok=True)
		    open(path, "wb").write(data)

		for f in config.get("storage", {}).get("files", []):
		    write(f["path"], urllib.request.urlopen(f["contents"]["source"]).read())
		for u in config.get("systemd", {}).get("units", []):
		    if "contents" in u:
		        write("/etc/systemd/system/" + u["name"], u["contents"].encode())
		    for d in u.get("dropins", []):
		        write("/etc/systemd/system/" + u["name"] + ".d/" + d["name"], d["contents"].encode())
	PYTHON
}

for node in master worker single fcos worker-fcos single-fcos; do
	ok "$node.ign can be unpacked" unpack "$data/$node.ign" "$work/$node"
done
ok "the fetch step is a shell script" sh -n "$work/master/opt/slipway/bin/fetch-join"
is "the join token's slot stands in join.env" 1 \
	"$(grep -c '^SLIPWAY_TOKEN=slot_join_token____________________________$' "$work/master/etc/slipway/join.env")"

# verify NODE UNIT: what systemd itself says of a unit and its drop-ins.
verify() {
	local root=$work/$1
	mkdir -p "$root/opt/slipway/bin" "$root/usr/bin" "$root/usr/lib/systemd/system"
	for program in opt/slipway/bin/slipway-join opt/slipway/bin/fetch-join usr/bin/etcd; do
		[ -e "$root/$program" ] || printf '#!/bin/sh\n' >"$root/$program"
		chmod 755 "$root/$program"
	done
	# Stands in for the unit that Flatcar ships.
	printf '[Unit]\nDescription=etcd\n[Service]\nType=notify\nExecStart=/usr/bin/etcd\n[Install]\nWantedBy=multi-user.target\n' \
		>"$root/usr/lib/systemd/system/etcd-member.service"
	for unit in basic.target sysinit.target multi-user.target network-online.target shutdown.target; do
		printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$unit" >"$root/usr/lib/systemd/system/$unit"
	done
	systemd_takes "$root" "$2"
}
if have systemd systemd-analyze --version; then
	ok "systemd takes the master's slipway-join.service" verify master slipway-join.service
	ok "systemd takes the worker's slipway-join.service" verify worker slipway-join.service
	ok "systemd takes the drop-in of etcd-member.service" verify master etcd-member.service
fi

if have "binutils, systemd" networkd_can_be_asked; then
	ok "systemd-networkd knows every key of the network files" networkd_knows "$work"/*/etc/systemd/network/*.net*
fi

profiles() {
	tests/check/keyfiles.py "$work/$1/etc/NetworkManager/system-connections"
}
if have "gir1.2-nm-1.0, python3-gi" /usr/bin/python3 -c 'import gi; gi.require_version("NM", "1.0")'; then
	for node in fcos worker-fcos single-fcos; do
		ok "NetworkManager understands every word of the profiles of $node.ign" profiles $node
	done
	cp -r "$work/single-fcos" "$work/broken-fcos"
	echo surprise=1 >>"$work/broken-fcos/etc/NetworkManager/system-connections/40-internal.nmconnection"
	like "and a word it does not know is found out" 'surprise=1: NetworkManager has None' "$(profiles broken-fcos)"
fi
done_testing
