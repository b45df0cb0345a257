#!/bin/bash
# What option 60 does to real UEFI firmware (EDK2's own PXE client), the three ways in which it can be told:
# not at all, with 43.6 = 8 (take the boot file straight), and alone (ask port 4011). Each machine boots its
# script; what it was told to do is what it did.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lab/rack.sh"
need_root

rack_use "slipway-firmware-$$"
defer rack_down
mkdir -p "$work/os"
echo "no kernel" >"$work/os/vmlinuz"
echo "no RAM disk" >"$work/os/initrd.img"
sed -E 's|(name: worker1,)|\1 quirks: [option-60],|; s|(name: worker2,)|\1 quirks: [port-4011],|' \
	"$top/docs/examples/lab/cluster.yaml" >"$work/cluster.yaml"
rack_up && rack_fill "$work/os" "$work/cluster.yaml" && rack_serve --log-level debug ||
	{ fail "a rack with a server can be set up"; done_testing; }

said() { tr -cd '\11\12\40-\176' <"$rack_dir/$1.console" | grep -q "$2"; }
has_line() { rack_cli nodes "$1" | grep -qE "$2"; }
boots() {
	local name=$1 slot=$2 how=$3
	rack_on "$name" uefi "$slot"
	if ! wait_for 90 "$name" said "$name" "Slipway: $name .* boots lab 1"; then
		fail "UEFI firmware boots $how"
		{ tail -n 20 "$rack_dir/serve.log"; tail -n 25 "$rack_dir/$name.console" | tr -cd '\11\12\40-\176'; } | sed 's/^/# /'
		done_testing
	fi
	pass "UEFI firmware boots $how"
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
