#!/bin/bash
# The dracut module of the lab's node OS: systemd, networkd, Debian's Ignition engine with the
# units of its own dracut module, and little else. dracut's script-driven side (dracut-systemd,
# initqueue, url-lib) stays out: under software emulation each shell script costs.

# shellcheck disable=SC2154,SC1091,SC2030,SC2031 # dracut sets and provides these

check() {
	return 255
}

depends() {
	echo systemd-initrd
}

installkernel() {
	local name

	while read -r name; do
		hostonly='' instmods "$name"
	done <"$moddir/modules"
}

install() {
	inst_multiple \
		sh bash cat head ip journalctl ln mkdir mount sed sleep systemctl timeout udevadm umount \
		"$systemdutildir"/systemd-networkd \
		"$systemdutildir"/systemd-udevd \
		"$systemdsystemunitdir"/systemd-networkd.service \
		"$systemdsystemunitdir"/systemd-networkd.socket \
		"$udevdir"/ata_id \
		"$udevdir"/scsi_id
	inst_rules 50-udev-default.rules 60-block.rules 60-persistent-storage.rules \
		75-net-description.rules 80-drivers.rules 80-net-setup-link.rules 99-systemd.rules
	inst_simple /usr/lib/systemd/network/99-default.link
	inst_libdir_file "libnss_dns*" "libnss_files*"
	: >"$initdir/etc/initrd-release"

	# Its own dependencies (qemu, url-lib, network) would bring dracut's shell machinery along.
	(
		moddir=/usr/lib/dracut/modules.d/30ignition
		. "$moddir/module-setup.sh"
		install
	)

	link_units
}

# What systemd starts by itself is our list and nothing else.
link_units() {
	local units=$initdir$systemdsystemunitdir who what

	find "$units" -path "*.wants/*" -delete
	while read -r who what; do
		mkdir -p "$units/$who.wants"
		ln -sf "../$what" "$units/$who.wants/$what"
	done <"$moddir/units"
	ln -sf initrd.target "$units/default.target"
	# There is no fstab to parse, and the real root looks at the devices anew.
	rm -f "$units/initrd-parse-etc.service" "$units/initrd-udevadm-cleanup-db.service"
	rm -f "$initdir$udevdir/hwdb.bin" "$initdir"/usr/lib/modules-load.d/*
	rm -f "$initdir$systemdutildir"/system-generators/systemd-*
}
