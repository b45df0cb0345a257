# shellcheck shell=bash
# A hall's cluster.yaml, for the benchmarks of what is made of it. Source it after lib.sh.

# hall_write FOLDER NODES: cluster.yaml, which listens on s0 with 10.64.0.1, and the nodes in nodes.d/hall.yaml.
hall_write() {
	local i
	mkdir -p "$1/nodes.d"
	cat >"$1/cluster.yaml" <<-YAML
		cluster: hall
		network: {internal: {interface: s0, address: 10.64.0.1/15}}
		dhcp: {pool: 10.64.0.100-10.64.0.199, router: 10.64.0.1, dns: [10.64.0.1]}
		image: flatcar/1
		node-bond: {mode: 802.3ad}
		ssh-authorized-keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHfLJ6PnGTOBKNYkpIWjWYNQmbJAGW5HpXNIMf5lDNSC ops]
		roles:
		  master: {template: master.yaml, addons: [etcd]}
		  worker: {template: worker.yaml}
	YAML
	for ((i = 0; i < $2; i++)); do
		printf -- '- {name: n%05d, role: %s, mac: ["02:00:00:00:%02x:%02x", "02:00:00:01:%02x:%02x"], address: 10.65.%d.%d}\n' \
			$i "$([ $i -lt 3 ] && echo master || echo worker)" $((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255))
	done | sed 's/10\.65\.0\.0}/10.65.100.1}/' >"$1/nodes.d/hall.yaml"
}

# hall_change FOLDER TEXT: one node gets a kernel argument of its own.
hall_change() {
	sed -Ei "s/^- \{name: n00500,( kernel-args: [^,]*,)?/- {name: n00500, kernel-args: [$2],/" "$1/nodes.d/hall.yaml"
}

# hall_add FOLDER I: one more node comes.
hall_add() {
	printf -- '- {name: new%d, role: worker, mac: ["02:00:00:02:00:%02x", "02:00:00:03:00:%02x"], address: 10.65.200.%d}\n' \
		"$2" "$2" "$2" "$2" >>"$1/nodes.d/hall.yaml"
}
