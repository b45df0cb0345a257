#!/usr/bin/env bash
# What nodes of each distribution get, with every shipped add-on: as it is kept in tests/data/nodes, and before
# the eyes of systemd, the shell, shellcheck and Ignition. UPDATE_GOLDEN=1 writes what is kept: read the diff.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/systemd_lib.sh"
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

# Two are no distributions but clusters with the add-ons that others have no room for: apps on Flatcar, deis on CoreOS.
for distro in coreos flatcar fedora-coreos apps deis; do
	ok "$distro: all of it renders" renders $data/$distro.yaml "$work/$distro"
	for node in master1 worker1 $([ $distro = apps ] && echo rancher1); do
		root=$work/$distro.$node
		ok "$distro: $node gets what is kept" kept $distro $node
		ok "$distro: $node's cloud-config can be unpacked" /usr/bin/python3 tests/check/unpack_cloud_config.py \
			"$work/$distro/$node.yaml" "$root"
		ok "$distro: systemd takes $node's units" systemd_takes "$root" $(cat "$root/units")
		ok "$distro: $node's scripts are sound" scripts_are_sound "$root"
		ok "$distro: $node's environment files are plain" environments_are_plain "$root"
		for json in $(find "$root/etc" -name '*.json'); do
			ok "$distro: $node's ${json#"$root"} is JSON" jq -e 'type == "object"' "$json"
		done
		if networkd_can_be_asked; then
			ok "$distro: networkd knows every key of $node's network" networkd_knows "$root"/etc/systemd/network/*
		fi
		if [ $distro != coreos ] && [ $distro != deis ] && command -v ignition-validate >/dev/null; then
			is "$distro: ignition-validate has nothing to say about $node" "" \
				"$(ignition-validate "$work/$distro/$node.config" 2>&1)"
		fi
	done
done

# CoreOS's networkd matches by less, and a bond or VLAN has the MAC of what it is on: each interface gets its own file.
cat >"$work/old.yaml" <<'EOF'
cluster: acm
network: {internal: {interface: br0, address: 10.77.0.1/24}}
dhcp: {pool: 10.77.0.100-10.77.0.199}
image: coreos/2512.3.0
roles: {master: {template: master.yaml, addons: [etcd]}}
nodes:
  - {name: bonded, role: master, address: 10.77.0.11, mac: ["52:54:00:00:00:01", "52:54:00:00:00:02"],
     external-mac: "52:54:00:00:00:09", node-bond: {mode: active-backup}}
  - {name: vlan-on-bond, role: master, address: 10.77.0.12, mac: ["52:54:00:00:01:01", "52:54:00:00:01:02"],
     node-bond: {mode: 802.3ad}, node-external: {vlan: 7}}
  - {name: vlan-on-nic, role: master, address: 10.77.0.13, mac: "52:54:00:00:02:01", node-external: {vlan: 7}}
  - {name: vlan-on-other, role: master, address: 10.77.0.14, mac: "52:54:00:00:03:01", external-mac: "52:54:00:00:03:09",
     node-external: {vlan: 7}}
  - {name: by-uuid, role: master, address: 10.77.0.15, uuid: 4c4c4544-0035-5910-8048-b4c04f4d3132}
EOF
ok "coreos: nodes with each kind of network render" renders "$work/old.yaml" "$work/old"
# gets NODE FILES DEVICE...
gets() {
	local node=$1 files=$2
	shift 2
	/usr/bin/python3 tests/check/unpack_cloud_config.py "$work/old/$node.yaml" "$work/old.$node"
	is "coreos: each interface of $node gets its file" "$files" \
		"$(/usr/bin/python3 tests/check/old_networkd.py "$work/old.$node/etc/systemd/network" "$@" | paste -sd,)"
}
gets bonded "bond0 20-internal.network,eth0 40-bond0-1.network,eth1 40-bond0-2.network,eth2 40-external.network,docker0 none" \
	bond0=52:54:00:00:00:01=bond eth{0=52:54:00:00:00:01,1=52:54:00:00:00:02,2=52:54:00:00:00:09} docker0=02:42:00:00:00:01=bridge
gets vlan-on-bond "bond0 20-internal.network,vlan7 30-external.network,eth0 40-bond0-1.network,eth1 40-bond0-2.network" \
	bond0=52:54:00:00:01:01=bond vlan7=52:54:00:00:01:01=vlan eth0=52:54:00:00:01:01 eth1=52:54:00:00:01:02
gets vlan-on-nic "vlan7 30-external.network,eth0 40-internal.network" vlan7=52:54:00:00:02:01=vlan eth0=52:54:00:00:02:01
gets vlan-on-other "vlan7 30-external.network,eth0 40-internal.network,eth1 40-external-nic.network" \
	vlan7=52:54:00:00:03:09=vlan eth0=52:54:00:00:03:01 eth1=52:54:00:00:03:09
gets by-uuid "eno1 40-internal.network,docker0 none" eno1=52:54:00:00:04:01 docker0=02:42:00:00:00:01=bridge

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
told 'parts/files-update.yaml:[0-9:]+ .*group_and_server_are_not_for_fedora_coreos' \
	"nor groups of updates" -e 's/reboot-strategy: reboot/group: beta/; s/, window-start: "Sun 04:00", window-length: 2h//' $data/fedora-coreos.yaml
told 'parts/update.yaml:[0-9:]+ .*etcd_lock_needs_addons_etcd_enable_v2' \
	"the lock is in etcd's v2 API" -e 's/reboot-strategy: reboot/reboot-strategy: etcd-lock/; s/enable-v2: true, //; s/etcd, fleet,/etcd,/' $data/flatcar.yaml
told 'parts/update.yaml:[0-9:]+ .*etcd_lock_under_tls_needs_the_addon_etcd_client' \
	"under TLS its client has a certificate" -e 's/addons: \[docker, flannel, fleet\]/addons: [docker]/' $data/coreos.yaml
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
told 'roles\.master\.addons: flannel: network: 10\.77\.0\.0/16 overlaps with the nodes. own network 10\.77\.0\.0/24' \
	"containers have another network than nodes" -e 's/network: 10.2.0.0/network: 10.77.0.0/; s/subnet-min: 10.2.10.0, //' $data/flatcar.yaml
told 'etcd: election-timeout: etcd wants five times heartbeat-interval' \
	"an election takes longer than a heartbeat" -e 's/{enable-v2: true/{heartbeat-interval: 500ms, election-timeout: 2s, enable-v2: true/' $data/flatcar.yaml
told 'docker: bridge-address: nonsense is not an address with its prefix length' \
	"Docker's bridge has an address" -e 's/addons: \[docker, rancher/addons: [docker: {bridge-address: nonsense}, rancher/' $data/apps.yaml
told 'docker: bridge-address: 10\.0\.0\.1/8 overlaps with the nodes. own network' \
	"of another network than nodes" -e 's/addons: \[docker, rancher/addons: [docker: {bridge-address: 10.0.0.1\/8}, rancher/' $data/apps.yaml
kubernetes=tests/data/kubernetes/cluster.yaml
told 'kubernetes: version: v1\.31\.4 is not like 1\.31\.4' "a version is three numbers" -e 's/version: 1.31.4/version: v1.31.4/' $kubernetes
told 'kubernetes: version: 1\.18\.3 is older than 1\.22' "of a kubeadm that we write for" -e 's/version: 1.31.4/version: 1.18.3/' $kubernetes
told 'kubernetes: endpoint: https://a:6443 is not HOST:PORT' \
	"an endpoint is no URL" -e 's,version: 1.31.4,endpoint: "https://a:6443",' $kubernetes
told 'load-balancer: port: 6443 is taken where a master is a balancer' \
	"a balancer leaves the master its port" -e 's/listeners/port: 6443, listeners/' $kubernetes
told 'load-balancer: listeners: "w/b" is no name for haproxy' "names are haproxy's" -e 's,{web: ,{w/b: ,' $kubernetes
told 'load-balancer: listeners: web: port 8443 is the masters' "a port is one's own" -e 's/port: 80,/port: 8443,/' $kubernetes
told 'node\.has_no_bond_so_give_addons_load_balancer_interface' \
	"a balancer without a bond is told its interface" -e '/^node-bond/d' $kubernetes
for example in docs/examples/*/cluster.yaml; do
	ok "$example renders" renders "$example" "$work/example"
done
done_testing
