#!/usr/bin/env bash
# What nodes of each distribution get, with every shipped add-on: as it is kept in tests/data/nodes, and before
# the eyes of systemd, the shell, shellcheck and Ignition. UPDATE_GOLDEN=1 writes what is kept: read the diff.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1
data=tests/data/nodes
program=${BUILD:-build/release}/slipway

# renders FILE FOLDER: what `slipway check` writes for each node.
renders() {
	mkdir -p "$2"
	"$program" check --config "$1" --templates templates --write "$2" >"$2.log" 2>&1 || { cat "$2.log"; return 1; }
}

# kept DISTRO NODE: the same as yesterday.
kept() {
	[ "${UPDATE_GOLDEN:-}" ] && cp "$work/$1/$2.yaml" "$data/$1.$2"
	diff -u "$data/$1.$2" "$work/$1/$2.yaml"
}

# verify ROOT: what systemd says of all units in it, and of drop-ins for units that the system ships.
verify() {
	local out
	out=$(systemd-analyze verify --root="$1" --man=no --recursive-errors=no \
		$(cd "$1" && cat units) 2>&1) || { echo "$out"; return 1; }
	out=$(grep -v '^$' <<<"$out")
	[ -z "$out" ] || { echo "$out"; return 1; }
}

scripts_are_sound() {
	local script
	while read -r script; do
		sh -n "$script" || return 1
		if [ -x /usr/bin/shellcheck ]; then shellcheck --shell=sh "$script" || return 1; fi
	done < <(grep -rlE '^#!/bin/sh' "$1/opt" "$1/etc")
}

# What systemd and Docker both read: no quotes, no blanks around the sign.
environments_are_plain() {
	! grep -rnvE '^[A-Z0-9_]+=[^ "'\'']*$|^#|^$' "$1"/etc/slipway/*.env "$1"/etc/f*/*.env 2>/dev/null
}

# networkd's tables of keys are in the program; each key that we write must be there.
networkd=/usr/lib/systemd/systemd-networkd
keys_are_known() {
	local section key line unknown=
	strings -n 4 $networkd >"$work/strings"
	while read -r line; do
		case $line in
		"["*"]") section=${line//[\[\]]/} ;;
		[A-Z]*=*) key=$section.${line%%=*}
			grep -qxF "$key" "$work/strings" || unknown+=" $key" ;;
		esac
	done < <(cat "$1"/etc/systemd/network/*)
	[ -z "$unknown" ] || { echo "not a key of networkd:$unknown"; return 1; }
}

# Two are no distributions but clusters with the add-ons that others have no room for: apps on Flatcar, deis on CoreOS.
for distro in coreos flatcar fedora-coreos apps deis; do
	ok "$distro: all of it renders" renders $data/$distro.yaml "$work/$distro"
	for node in master1 worker1 $([ $distro = apps ] && echo rancher1); do
		root=$work/$distro.$node
		ok "$distro: $node gets what is kept" kept $distro $node
		ok "$distro: $node's cloud-config can be unpacked" /usr/bin/python3 tests/check/unpack_cloud_config.py \
			"$work/$distro/$node.yaml" "$root"
		ok "$distro: systemd takes $node's units" verify "$root"
		ok "$distro: $node's scripts are sound" scripts_are_sound "$root"
		ok "$distro: $node's environment files are plain" environments_are_plain "$root"
		for json in $(find "$root/etc" -name '*.json'); do
			ok "$distro: $node's ${json#"$root"} is JSON" jq -e 'type == "object"' "$json"
		done
		if [ -x $networkd ] && [ -x /usr/bin/strings ]; then
			ok "$distro: networkd knows every key of $node's network" keys_are_known "$root"
		fi
		if [ $distro != coreos ] && [ $distro != deis ] && command -v ignition-validate >/dev/null; then
			is "$distro: ignition-validate has nothing to say about $node" "" \
				"$(ignition-validate "$work/$distro/$node.config" 2>&1)"
		fi
	done
done

# told FILE MESSAGE SED...: a change for the worse, and what is said of it.
told() {
	local message=$1 what=$2
	shift 2
	sed "$@" >"$work/cluster.yaml"
	"$program" check --config "$work/cluster.yaml" --templates templates >"$work/out" 2>&1
	like "$what" "$message" "$(cat "$work/out")"
}
told 'cluster\.yaml:[0-9:]+ roles\.master\.addons: flannel: flatcar does not ship flannel: say where your mirror has it' \
	"flannel on Flatcar wants a program" -e 's/ binary-url: [^ ]*flanneld", binary-sha256: [0-9]*//' $data/flatcar.yaml
told 'cluster\.yaml:[0-9:]+ roles\.master\.addons: fleet: .*enable-v2: true' \
	"fleet wants etcd's v2 API" -e 's/enable-v2: true, //' $data/flatcar.yaml
told 'roles\.master\.addons: etcd: etcd in Docker, Docker after flannel and flannel after etcd would wait' \
	"etcd in Docker can't wait for flannel" -e 's/ binary-url: [^ ]*etcd", binary-sha256: [0-9]*//' $data/flatcar.yaml
told 'roles\.master\.addons: rkt does not run on flatcar \(it does on coreos\)' \
	"rkt is CoreOS's alone" -e 's/\[etcd, fleet/[rkt, etcd, fleet/' $data/flatcar.yaml
told 'addons/flannel/seed\.yaml:2: .*SubnetMin' \
	"flannel's rules hold for what its add-on says" -e 's/subnet-min: 10.2.10.0/subnet-min: 10.2.10.1/' $data/flatcar.yaml
told 'roles\.worker\.addons: docker: bridge-address and mtu are flannel.s' \
	"flannel says what Docker's bridge has" -e 's/docker: {log-max-files: 9,/docker: {mtu: 1400,/' $data/flatcar.yaml
told 'addons\.docker: the add-on has no parameter "insecure-registry" \(did you mean' \
	"a parameter misspelt" -e 's/insecure-registries/insecure-registry/' $data/flatcar.yaml
told 'etcd_lock_is_not_for_fedora_coreos' \
	"Fedora CoreOS has no locksmith" -e 's/reboot-strategy: reboot/reboot-strategy: etcd-lock/' $data/fedora-coreos.yaml
told 'roles\.master\.addons: mesos needs docker' \
	"Mesos runs in containers" -e 's/\[etcd, docker, mesos/[etcd, mesos/' $data/apps.yaml
told 'roles\.master\.addons: spark: masters: 10\.77\.0\.99 is no node.s' \
	"Spark's masters are nodes" -e 's/spark: {memory/spark: {masters: [10.77.0.99], memory/' $data/apps.yaml
told 'roles\.master\.addons: mesos: masters: 10\.77\.0\.99 is no node.s' \
	"Mesos' masters are nodes" -e 's/mesos: {attributes/mesos: {masters: [10.77.0.99], attributes/' $data/apps.yaml
told 'roles\.worker\.addons: rancher: an agent must know where to register' \
	"a Rancher agent wants its URL" -e 's/registration-url: "[^"]*", //' $data/apps.yaml
told 'roles\.master\.addons: rancher: the role has more than one node' \
	"one Rancher server" -e 's/agents-on-masters: true}, spark\]/agents-on-masters: true}, spark, rancher: {kind: server}]/' $data/apps.yaml
told 'roles\.master\.addons: dokku: Dokku is one machine' \
	"one Dokku" -e 's/agents-on-masters: true}, spark\]/agents-on-masters: true}, spark, dokku]/' $data/apps.yaml
told 'roles\.master\.addons: deis: Deis wants an etcd of three members at least, and this cluster has 2' \
	"Deis wants three members" -e '/name: master3/d' $data/deis.yaml
told 'roles\.master\.addons: deis: Deis. units go to nodes whose fleet metadata' \
	"Deis wants planes" -e 's/metadata: {.*}}/agent-ttl: 20s}/' $data/deis.yaml
told 'roles\.worker\.addons: deis needs fleet' \
	"Deis wants fleet" -e 's/worker.yaml, addons: \[fleet, /worker.yaml, addons: [/' $data/deis.yaml
for example in docs/examples/*/cluster.yaml; do
	ok "$example renders" renders "$example" "$work/example"
done
done_testing
