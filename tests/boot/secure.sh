#!/bin/bash
# Secure Boot: firmware that starts only what is signed loads Debian's shim, then its GRUB, and that the node's
# kernel and RAM disk, all by TFTP, each checked by the one before. Unsigned iPXE is what it refuses.
. "$(dirname "$0")/rack_lib.sh"

lab_os
loaders=$("$top/tests/lab/loaders") || { fail "the signed loaders can be had"; done_testing; }

rack_new secure
sed -E 's|(name: master1,)|\1 boot-file: shimx64.efi, kernel-args: [ignore_loglevel],|' \
	"$top/docs/examples/lab/cluster.yaml" >"$work/cluster.yaml"
loaders_in "$work/firmware" "$loaders"/*.efi
rack_begin "$work/cluster.yaml" --firmware "$work/firmware"

rack_on master1 uefi-secure 1
must 60 "firmware loads shim by TFTP" master1 has_event master1 loader '^shimx64.efi by TFTP'
must 30 "shim loads GRUB" master1 has_event master1 loader 'grubx64.efi by TFTP'
must 30 "GRUB is told what this node boots" master1 has_event master1 script 'boots lab/1 as master'
must 60 "GRUB loads the kernel by TFTP" master1 has_event master1 kernel 'by TFTP'
must 120 "and the RAM disk" master1 has_event master1 initrd 'by TFTP'
must 60 "the kernel runs, and knows that Secure Boot is on" master1 said master1 '[Ss]ecure boot enabled'
must 120 "and the node fetches its configuration" master1 has_event master1 config
rack_off master1

# A node that has not been given shim: the firmware refuses what nobody has signed.
rack_on worker1 uefi-secure 2
must 60 "a node without shim is given iPXE" worker1 has_event worker1 loader '^snponly.efi by TFTP'
must 30 "which the firmware refuses" worker1 said worker1 'Access Denied\|Security Violation\|Verification failed\|unsigned'
ok "and so runs no script" eval "! has_event worker1 script"
echo "# done after $SECONDS s"
done_testing
