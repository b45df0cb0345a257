#!/bin/bash
# What option 60 does to real UEFI firmware (EDK2's own PXE client), the three ways in which it can be told:
# not at all, with 43.6 = 8 (take the boot file straight), and alone (ask port 4011). Each machine boots its
# script; what it was told to do is what it did.
. "$(dirname "$0")/rack_lib.sh"

rack_new firmware
no_os
sed -E 's|(name: worker1,)|\1 quirks: [option-60],|; s|(name: worker2,)|\1 quirks: [port-4011],|' \
	"$top/docs/examples/lab/cluster.yaml" >"$work/cluster.yaml"
rack_begin "$work/cluster.yaml"

boots() {
	local name=$1 slot=$2 how=$3
	rack_on "$name" uefi "$slot"
	must 90 "UEFI firmware boots $how" "$name" said "$name" "Slipway: $name .* boots lab 1"
	rack_off "$name"
	ok "$name: its loader came by TFTP" has_line "$name" 'loader +snponly\.efi by TFTP'
}
boots master1 1 "without option 60"
ok "and does not ask port 4011" eval "! has_line master1 'port 4011'"
boots worker1 2 "with option 60 and 43.6 = 8"
ok "and does not ask port 4011" eval "! has_line worker1 'port 4011'"
boots worker2 3 "with option 60 alone"
ok "and asks port 4011 what to boot" has_line worker2 'firmware asked port 4011 what to boot: snponly\.efi'
echo "# done after $SECONDS s"
done_testing
