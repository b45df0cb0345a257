#!/usr/bin/env bash
# Interfaces and addresses as the kernel has them, in namespaces of our own. The bond needs a driver
# that this kernel may not have; tests/boot/bond.sh runs it in a machine that has one.
. "$(dirname "$0")/../lib.sh"
need_root

net_new "slipway-net-$$"
probe() { in_srv "$bin/tests/wire/net_probe" "$@" 2>&1; }
line_of() { probe show | grep "^$1 "; }

in_cli ip link set c0 down
ip -n "$srv" link add br0 type bridge
ip -n "$srv" link add p0 type veth peer name p1
ip -n "$srv" link set p0 master br0
ip -n "$srv" link set p0 mtu 9000

like "a veth is shown with its state and address" \
	'^s0 kind=veth mac=[0-9a-f:]{17} mtu=1500 up=1 carrier=0 master=- address=10\.77\.0\.1/24$' "$(line_of s0)"
in_cli ip link set c0 up
ok "carrier follows the other end" wait_for 5 "carrier on s0" bash -c "ip netns exec $srv $bin/tests/wire/net_probe show | grep -q '^s0 .*carrier=1'"
like "a member of a bridge names its master" '^p0 kind=veth .* mtu=9000 up=0 carrier=0 master=br0$' "$(line_of p0)"
like "a bridge is a bridge" '^br0 kind=bridge ' "$(line_of br0)"
is "the MAC is the kernel's" "$(in_srv cat /sys/class/net/s0/address)" "$(line_of s0 | grep -o 'mac=[^ ]*' | cut -d= -f2)"

ok "an address is added and the interface set up" probe address p1 10.88.0.1/24
like "it stands" '^p1 .* up=1 .* address=10\.88\.0\.1/24$' "$(line_of p1)"
like "with its broadcast address" 'inet 10\.88\.0\.1/24 brd 10\.88\.0\.255 ' "$(in_srv ip -4 addr show dev p1)"
ok "adding it again is no error" probe address p1 10.88.0.1/24
is "and does not double it" 1 "$(in_srv ip -4 -o addr show dev p1 | wc -l)"
ok "a point-to-point address needs no broadcast" probe address p1 10.88.1.0/31

is "a wrong name is answered with the right one" \
	'interface "s1" does not exist (did you mean "s0"? there are: lo, s0, br0, p1, p0)' "$(probe address s1 10.0.0.1/24)"
is "a user without privileges hears why" 'can not add 10.0.0.1/24 to s0: Operation not permitted' \
	"$(in_srv setpriv --reuid 65534 --regid 65534 --clear-groups "$bin/tests/wire/net_probe" address s0 10.0.0.1/24 2>&1)"

many=$(for i in $(seq 300); do echo "link add m$i type veth peer name n$i"; done)
in_srv ip -batch - <<<"$many"
is "hundreds of interfaces are all read" 605 "$(probe show | wc -l)"

# The bond, as far as this kernel goes.
out=$(probe bond bond0 active-backup 100 slow layer2 m1 m2)
if [ -d /sys/module/bonding ]; then
	is "a bond is made" "" "$out"
else
	is "a kernel without the driver is named as the cause" \
		'can not make bond0: this kernel has no bonding driver ("modprobe bonding" loads it where it is a module)' "$out"
fi
is "a bridge in the place of a bond is left alone" 'br0 exists already and is no bond (it is a bridge)' \
	"$(probe bond br0 active-backup 100 slow layer2 m1 m2)"
like "a member with an address is not cut off" '^bond0: member s0 has the address 10\.77\.0\.1/24, which would be cut off' \
	"$(probe bond bond0 active-backup 100 slow layer2 s0)"

# What serve does at its start.
cluster() {
	cat >"$work/cluster.yaml" <<END
cluster: test
domain: test.internal
network: {internal: {interface: $1, address: 10.77.0.1/24$2}}
dhcp: {pool: 10.77.0.100-10.77.0.199}
image: lab/1
roles: {worker: {template: worker.yaml}}
END
	probe bring-up "$work/cluster.yaml"
}
ip -n "$srv" link set s0 down
is "an interface with its address is set up" "" "$(cluster s0)"
like "it is up" '^s0 .* up=1 ' "$(line_of s0)"
like "an interface without it is not given one" \
	'cluster.yaml:3:[0-9]+: network.internal.interface: br0 does not have the address of network.internal.address, 10\.77\.0\.1/24 \(ip address add 10\.77\.0\.1/24 dev br0\)$' "$(cluster br0)"
like "a missing interface is named with its place" \
	'cluster.yaml:3:[0-9]+: network.internal.interface: interface "s9" does not exist \(did you mean "s0"\? there are: lo, s0' "$(cluster s9)"
like "a bond that can not be made is named with its place" \
	'cluster.yaml:3:[0-9]+: network.internal.bond: bond1: interface "m301" does not exist \(did you mean ' \
	"$(cluster bond1 ', bond: {members: [m1, m301]}')"
done_testing
