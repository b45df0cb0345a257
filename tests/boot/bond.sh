#!/usr/bin/env bash
# provisioner/net makes bonds, in a machine whose kernel has the bonding driver (often not our own).
# One QEMU machine is both sides: eth0 and eth1 face eth2 and eth3, which a second bond in another
# network namespace holds, so that LACP has a partner. eth4 faces eth5.
. "$(dirname "$0")/../lib.sh"
for tool in qemu-system-x86_64 busybox unsquashfs modprobe cpio zstd; do
	command -v $tool >/dev/null || { echo "ok 1 - bond # SKIP needs $tool"; exit 77; }
done
os=$top/build/lab/os
[ -s "$os/vmlinuz" ] && [ -s "$os/initrd.img" ] || need_root
"$top/tests/lab/os/build" >"$work/os.log" 2>&1 || { tail "$work/os.log"; exit 1; }

# The initramfs: busybox, the probe with its libraries, and the modules out of the node OS.
tree=$work/tree
mkdir -p "$tree"/{bin,sbin,proc,sys,dev,tmp} "$work/os"
zstd -qdc --long=27 "$os/initrd.img" | (cd "$work/os" && cpio -idm --quiet rootfs.img)
unsquashfs -q -n -d "$work/root" "$work/os/rootfs.img" usr/lib/modules >/dev/null ||
	{ echo "not ok 1 - the node OS has its modules in rootfs.img"; exit 1; }
rm "$work/os/rootfs.img"
release=$(basename "$work"/root/usr/lib/modules/*)
for module in virtio_pci virtio_net bonding; do
	modprobe -d "$work/root/usr" -S "$release" --show-depends "$module"
done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
	install -D "$file" "$tree/lib/modules/$release/${file#*"/$release/"}"
done
cp "$work/root/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$tree/lib/modules/$release/"
depmod -b "$tree" "$release"
cp "$(command -v busybox)" "$tree/bin/busybox"
cp "$bin/tests/wire/net_probe" "$tree/bin/"
ldd "$tree/bin/net_probe" | grep -o '/[^ ]*' | while read -r file; do install -D "$file" "$tree$file"; done
ln -s ../bin/busybox "$tree/sbin/modprobe"
cat >"$tree/cluster.yaml" <<'END'
cluster: test
domain: test.internal
network:
  internal:
    interface: bond5
    address: 10.77.0.1/24
    bond: {mode: active-backup, members: [eth4, eth5], miimon: 100ms}
dhcp: {pool: 10.77.0.100-10.77.0.199}
image: lab/1
roles: {worker: {template: worker.yaml}}
END
cat >"$tree/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
modprobe virtio_pci; modprobe virtio_net
unshare -n sleep 600 &
other=$!
sleep 1
ip link set eth2 netns $other; ip link set eth3 netns $other
inside() { nsenter -t $other -n "$@"; }
# run NAME COMMAND...: its output and exit status, for the script outside.
run() { name=$1; shift; echo; echo "<$name>"; "$@" 2>&1; echo "rc=$?"; echo "</$name>"; }
# until_it SECONDS PATTERN COMMAND...: waits for a line of its output.
until_it() {
	limit=$1 pattern=$2 n=0; shift 2
	while ! "$@" | grep -qE "$pattern"; do n=$((n + 1)); [ $n -gt "$limit" ] && return 1; sleep 1; done
}
lacp() { net_probe bond bond0 802.3ad 100 fast layer3+4 eth0 eth1; }
plug() { ip link set eth1 nomaster; }

run before ls /sys/module/bonding
run make lacp
run made net_probe show
cat /sys/class/net/bond0/ifindex >/tmp/index
run again lacp
run same cmp /tmp/index /sys/class/net/bond0/ifindex
run partner inside net_probe bond bond1 802.3ad 100 fast layer2 eth2 eth3
run negotiated until_it 30 '^eth1 .* active=1 ' net_probe show
run lacp net_probe show
run lacp_partner inside net_probe show
net_probe address bond0 10.0.0.1/24; inside net_probe address bond1 10.0.0.2/24
run ping ping -c 3 -W 5 10.0.0.2
run other_mode net_probe bond bond0 active-backup 100 slow layer2 eth0 eth1
run other_rate net_probe bond bond0 802.3ad 100 slow layer3+4 eth0 eth1
run other_member net_probe bond bond0 802.3ad 100 fast layer3+4 eth0
run taken net_probe bond bond7 active-backup 100 slow layer2 eth0
run unplug plug
run repair lacp
run repaired net_probe show
run bring_up net_probe bring-up /cluster.yaml
run served net_probe show
ip link set "$(cat /sys/class/net/bond5/bonding/active_slave)" down
run failover until_it 10 '^bond5 .* active=eth5 ' net_probe show
echo "<end>"
poweroff -f
END
chmod +x "$tree/init"
(cd "$tree" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd.gz"

nics=()
for i in 0 1 2 3 4 5; do
	# hub 0: eth0, eth2; hub 1: eth1, eth3; hub 2: eth4, eth5. LACP wants to know speed and duplex.
	hub=$((i < 4 ? i % 2 : 2))
	nics+=(-netdev "hubport,hubid=$hub,id=h$i" -device "virtio-net-pci,netdev=h$i,mac=52:54:00:00:00:0$i,speed=1000,duplex=full,romfile=")
done
console=$work/console
timeout 240 qemu-system-x86_64 -accel tcg -machine q35,graphics=off -cpu max -m 512 -display none -vga none -nodefaults \
	-no-reboot -serial "file:$console" -kernel "$os/vmlinuz" -initrd "$work/initrd.gz" \
	-append "console=ttyS0 quiet loglevel=3 panic=-1" "${nics[@]}" >"$work/qemu.log" 2>&1
tr -d '\r' <"$console" >"$work/out"
[ -z "${KEEP_CONSOLE:-}" ] || cp "$work/out" "$KEEP_CONSOLE"

# said NAME: what the command of that name printed, with its exit status in the last line.
said() { sed -n "/^<$1>\$/,/^<\/$1>\$/p" "$work/out" | sed '1d;$d'; }
line_of() { said "$1" | grep "^$2 "; }

is "the machine ran to its end" "<end>" "$(grep -x '<end>' "$work/out" || tail -n 20 "$work/out")"
like "the driver is not loaded at first" 'rc=[1-9]' "$(said before)"
is "a bond is made, and the driver loaded for it" "rc=0" "$(said make)"
like "with the settings asked for" '^bond0 kind=bond .* up=1 .* mode=4 miimon=100 hash=1 rate=1 ' "$(line_of made bond0)"
like "its first member belongs to it" '^eth0 .* up=1 .* master=bond0 ' "$(line_of made eth0)"
like "its second member belongs to it" '^eth1 .* up=1 .* master=bond0 .*permanent=52:54:00:00:00:01' "$(line_of made eth1)"
like "it has the MAC of its first member" '^bond0 .* mac=52:54:00:00:00:00 ' "$(line_of made bond0)"
is "asking again is no error" "rc=0" "$(said again)"
is "and leaves the same bond" "rc=0" "$(said same)"
is "a partner is made" "rc=0" "$(said partner)"
is "LACP brings both members into one aggregator" "rc=0" "$(said negotiated)"
like "the partner is known by its MAC" '^bond0 .* ports=2 partner=52:54:00:00:00:02' "$(line_of lacp bond0)"
like "and knows us" '^bond1 .* partner=52:54:00:00:00:00' "$(line_of lacp_partner bond1)"
aggregator=$(line_of lacp bond0 | grep -o 'aggregator=[0-9]*')
for i in 0 1; do
	like "eth$i is active in the aggregator in use" "^eth$i .* active=1 link=1 $aggregator " "$(line_of lacp eth$i)"
done
like "traffic passes" '0% packet loss' "$(said ping)"
like "another mode is refused" '^bond0 is in use with mode 802\.3ad, not active-backup ' "$(said other_mode)"
like "another LACP rate is refused" '^bond0 is in use with LACP rate fast, not slow ' "$(said other_rate)"
like "a member too many is refused" '^bond0 has a member that is not listed: eth1$' "$(said other_member)"
like "a member of another bond is refused" '^bond7: member eth0 already belongs to bond0$' "$(said taken)"
is "a member that was lost comes back" "rc=0" "$(said repair)"
like "it is there" '^eth1 .* up=1 .* master=bond0 ' "$(line_of repaired eth1)"
is "serve's start makes the bond of cluster.yaml" "rc=0" "$(said bring_up)"
like "with its address" '^bond5 kind=bond .* up=1 .* address=10\.77\.0\.1/24 mode=1 miimon=100 .* active=eth4 ' "$(line_of served bond5)"
is "the other member takes over" "rc=0" "$(said failover)"
done_testing
