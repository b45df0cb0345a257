#!/bin/bash
# enroll: open with a real machine that nobody named: its iPXE waits, is told that it is a node now, takes the node's
# address and loads its kernel. Then GRUB, as machines get it that iPXE has no loader for: it waits, starts the machine
# anew when that is a node, and loads its kernel.
. "$(dirname "$0")/rack_lib.sh"

no_os
loaders=$("$top/tests/lab/loaders") || { fail "the signed loaders can be had"; done_testing; }
{
	sed -E '/name: worker[12],/d' "$top/docs/examples/lab/cluster.yaml"
	echo 'enroll: open'
	echo 'enroll-as: [{role: worker, addresses: 10.77.0.50-10.77.0.59}]'
} >"$work/cluster.yaml"
rack_new enroll
loaders_in "$work/firmware" "$loaders"/*.efi
install -m 0644 "$loaders/shimx64.efi" "$work/firmware/snponly.efi" # which a UEFI machine gets that nobody named
rack_begin "$work/cluster.yaml" --firmware "$work/firmware"

rack_on new bios 2
must 90 "an unknown machine's console says that it is being taken in" new said_in_all new 'Slipway: this machine is not in the cluster yet.*It is being taken into the cluster'
node=worker-770201
must 60 "it becomes a node" new has_event $node enrolled 'because of enroll: open: worker, 10[.]77[.]0[.]50'
must 60 "its console says so" new said_in_all new 'Slipway: this machine is a node now.*It is worker-770201, and takes 10\.77\.0\.50'
must 60 "it takes the node's address by DHCP" new has_event $node address 'iPXE has 10[.]77[.]0[.]50'
must 60 "it is told what it boots" new has_event $node script 'boots lab/1 as worker'
must 90 "it loads its kernel" new has_event $node kernel
ok "it was never refused" eval "! has_event $node refused"
rack_off new
is "it is one node" 2 "$(rack_cli nodes -o json | jq 'map(select(.state != "waiting")) | length')"

rack_on grub uefi 3
node=worker-770301
must 120 "GRUB of an unknown machine says the same" grub said_in_all grub 'It is being taken into the cluster'
must 60 "that becomes a node" grub has_event $node enrolled
must 60 "and starts anew" grub said_in_all grub 'this machine is a node now, and starts anew'
must 150 "to take the node's address" grub has_event $node address 'has 10[.]77[.]0[.]51'
must 90 "and to boot" grub has_event $node kernel
rack_off grub
echo "# done after $SECONDS s"
done_testing
