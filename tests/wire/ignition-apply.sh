#!/usr/bin/env bash
# Debian's Ignition engine applies our configurations to a folder: what then lies there must be what
# the cloud-config said. Ignition is the program that does it on a node, in its initramfs.
. "$(dirname "$0")/../lib.sh"
need_root
cd "$top" || exit 1
engine=/usr/lib/dracut/modules.d/30ignition/ignition
if [ ! -x $engine ]; then
	skip "Ignition applies a configuration" "package ignition is not installed"
	done_testing
fi

# make_root FOLDER: as much of a system as the engine looks at.
make_root() {
	mkdir -p "$1"/etc/selinux "$1"/home/core "$work/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\ncore:x:500:500:core:/home/core:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\ncore:x:500:\n' >"$1/etc/group"
	chown 500:500 "$1/home/core"
	# Debian's build relabels for SELinux at its end; here there is nothing to relabel.
	echo SELINUXTYPE=none >"$1/etc/selinux/config"
	printf '#!/bin/sh\n' >"$work/bin/setfiles"
	chmod 755 "$work/bin/setfiles"
}

# apply NAME: the three stages, as the node's initramfs runs them.
apply() {
	local root=$work/$1 stage
	make_root "$root"
	for stage in fetch-offline fetch files; do
		PATH=$work/bin:$PATH IGNITION_CONFIG_FILE=$top/tests/data/config/$1.ign timeout 60 $engine \
			--platform=file --stage=$stage --root="$root" --config-cache="$work/$1.cache" --log-to-stdout \
			>"$work/$1.$stage.log" 2>&1 || { tail -n 5 "$work/$1.$stage.log"; return 1; }
	done
}

for node in master worker single fcos; do
	ok "Ignition applies $node.ign" apply $node
done
root=$work/master
is "the hostname is the node's" m1 "$(cat "$root/etc/hostname")"
is "the hosts file knows all nodes" 3 "$(grep -c 'acm\.internal' "$root/etc/hosts")"
is "the token's file is the root user's alone" "600 0:0" "$(stat -c '%a %u:%g' "$root/etc/slipway/join.env")"
like "the slot of the token is in it, letter by letter" '^SLIPWAY_TOKEN=slot_join_token_{28}$' "$(cat "$root/etc/slipway/join.env")"
is "the fetch step can be executed" 755 "$(stat -c %a "$root/opt/slipway/bin/fetch-join")"
is "the bond is there with two members" "10-bond0.netdev 20-internal.network 40-bond0-1.network 40-bond0-2.network" \
	"$(cd "$root/etc/systemd/network" && echo *)"
is "the ssh key is the user core's" 1 "$(cat "$root"/home/core/.ssh/authorized_keys.d/ignition | grep -c '^ssh-ed25519 AAAA')"
like "the join agent is enabled at first boot" '^enable slipway-join\.service$' "$(cat "$root"/etc/systemd/system-preset/*.preset)"
like "etcd is enabled at first boot" '^enable etcd-member\.service$' "$(cat "$root"/etc/systemd/system-preset/*.preset)"
is "etcd is started even if its unit could not be enabled" /usr/lib/systemd/system/etcd-member.service \
	"$(readlink "$root/etc/systemd/system/multi-user.target.wants/etcd-member.service")"
like "etcd is told what it is by a file" '^EnvironmentFile=/etc/slipway/etcd\.env$' \
	"$(cat "$root/etc/systemd/system/etcd-member.service.d/20-slipway.conf")"
like "etcd listens on the node's address" '^ETCD_LISTEN_CLIENT_URLS=http://10\.77\.0\.11:2379,http://127\.0\.0\.1:2379$' \
	"$(cat "$root/etc/slipway/etcd.env")"
root=$work/fcos
is "each profile of NetworkManager is the root user's alone, or it would be ignored" "600 0:0" \
	"$(stat -c '%a %u:%g' "$root"/etc/NetworkManager/system-connections/*.nmconnection | sort -u)"
is "Fedora CoreOS gets no networkd units" "99-names.link" "$(cd "$root/etc/systemd/network" && echo *)"
is "and its bond is there by profiles" "40-bond0-1.nmconnection 40-bond0-2.nmconnection bond0.nmconnection" \
	"$(cd "$root/etc/NetworkManager/system-connections" && echo *bond0*)"
root=$work/master
is "a worker has no etcd" "" "$(find "$work/worker" -name '*etcd*')"
is "a node with one NIC has no bond" "40-internal.network" "$(cd "$work/single/etc/systemd/network" && echo *)"

# The same text whether it went by way of Ignition or was written by hand: each file of the config.
same_as_written() {
	/usr/bin/python3 - "$1" "$2" <<-'PYTHON'
		import sys, yaml
		config, root = yaml.safe_load(open(sys.argv[1])), sys.argv[2]
		wrong = [f["path"] for f in config["write_files"] if open(root + f["path"]).read() != f["content"]]
		for unit in config["coreos"]["units"]:
		    network = unit["name"].endswith((".network", ".netdev", ".link"))
		    path = "/etc/systemd/%s/%s" % ("network" if network else "system", unit["name"])
		    if "content" in unit and open(root + path).read() != unit["content"]:
		        wrong.append(path)
		    for drop_in in unit.get("drop_ins", []):
		        if open(root + path + ".d/" + drop_in["name"]).read() != drop_in["content"]:
		            wrong.append(drop_in["name"])
		sys.exit("differ: " + " ".join(wrong) if wrong else 0)
	PYTHON
}
if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	for node in master worker single; do
		ok "every file of $node.yaml is on the disk, byte for byte" same_as_written "tests/data/config/$node.yaml" "$work/$node"
	done
else
	skip "every file is on the disk, byte for byte" "package python3-yaml is not installed"
fi

# The fetch step, run for real: a good program is taken, another one never.
fetch_step() {
	local site=$work/site step=$work/fetch-join sum
	mkdir -p "$site"
	printf '#!/bin/sh\necho joined\n' >"$site/slipway-join"
	sum=$(sha256sum <"$site/slipway-join" | cut -d' ' -f1)
	sed "s|^url=.*|url='file://$site/slipway-join'|; s|^sum=.*|sum='$1'|; s|/opt/slipway|$work/opt|" \
		"$root/opt/slipway/bin/fetch-join" >"$step"
	sed -i "s|SUM|$sum|" "$step"
	mkdir -p "$work/opt/bin"
	sh "$step"
}
ok "the fetch step takes the right program" fetch_step SUM
is "and it can be run" joined "$("$work/opt/bin/slipway-join")"
ok "the fetch step is content with what is there" fetch_step SUM
rm -f "$work/opt/bin/slipway-join"
not() { ! "$@"; }
ok "the fetch step refuses another program" not fetch_step "$(printf 'x' | sha256sum | cut -d' ' -f1)"
is "and leaves nothing of it behind" "" "$(ls "$work/opt/bin")"
done_testing
