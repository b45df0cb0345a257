#!/bin/bash
# An ARM64 machine: its UEFI loads Debian's signed shim by TFTP, shim loads GRUB, and GRUB the ARM64 kernel with the
# node's arguments, whose RAM disk fetches the node's configuration with Debian's Ignition. The same machine given
# an image for x86 is told by name, on its console, why it gets nothing.
. "$(dirname "$0")/rack_lib.sh"

arm=$("$top/tests/lab/arm64/build") || { fail "the ARM64 system can be made"; done_testing; }

rack_new arm64
no_os
sed -E 's|^image: .*|image: lab/1-aarch64|; s|(name: worker1,)|\1 kernel-args: [slipway.lab=arm],|' \
	"$top/docs/examples/lab/cluster.yaml" >"$work/cluster.yaml"
loaders_in "$work/firmware" "$arm"/*.efi
rack_up && rack_image "$arm" 1-aarch64 && rack_fill "$os" "$work/cluster.yaml" &&
	rack_serve --log-level debug --firmware "$work/firmware" || no_rack

rack_on worker1 arm64 2
must 60 "ARM64 firmware loads shim by TFTP" worker1 has_event worker1 loader '^shimaa64.efi by TFTP'
must 30 "shim loads GRUB" worker1 has_event worker1 loader 'grubaa64.efi by TFTP'
must 30 "GRUB is told what this node boots" worker1 has_event worker1 script 'boots lab/1-aarch64 as worker'
must 90 "GRUB loads the kernel by TFTP" worker1 has_event worker1 kernel 'by TFTP'
must 60 "and the RAM disk" worker1 has_event worker1 initrd 'by TFTP'
must 90 "an ARM64 kernel runs" worker1 said worker1 'lab-arm64: aarch64 runs Linux'
must 10 "with the node's own arguments" worker1 said worker1 'lab-arm64: arguments: .*ignition\.config\.url=http://10\.77\.0\.1/n/[0-9a-f]*/config .*slipway\.lab=arm'
must 60 "its address is the one of cluster.yaml" worker1 said worker1 'lab-arm64: address: 10\.77\.0\.12/24'
must 90 "and fetches its configuration" worker1 has_event worker1 config '^Ignition of generation'
must 60 "which Ignition takes" worker1 said worker1 'lab-arm64: Ignition has a configuration of'
must 10 "and which is the node's" worker1 said worker1 'lab-arm64: host name: data:,worker1'
rack_off worker1

# The wrong image. Firmware and loader are as before: only the script is another one.
sed -i 's|^image: .*|image: lab/1|' "$rack_dir/config/cluster.yaml"
kill -HUP "$(rack_pid serve)"
must 20 "the cluster is given an image for x86" worker1 is_published 2
: >"$rack_dir/worker1.console"
rack_on worker1 arm64 2
must 90 "the ARM64 machine is told on its console that this is none for it" worker1 \
	said worker1 'worker1 is a machine for aarch64, and image lab/1 is made for x86_64'
must 10 "and so is whoever looks at it" worker1 has_event worker1 refused 'worker1 is a machine for aarch64'
rack_off worker1
echo "# done after $SECONDS s"
done_testing
