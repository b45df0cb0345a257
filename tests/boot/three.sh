#!/bin/bash
# Three blank machines become a cluster, each by its own way of network boot; a fourth one, which
# nobody knows, waits; and killing any worker of the server in the middle of a boot stops nobody.
# Real firmware, kernel, systemd, Ignition and etcd, in emulated machines.
. "$(dirname "$0")/rack_lib.sh"

machines=(master1 worker1 worker2)
declare -A address=([master1]=10.77.0.11 [worker1]=10.77.0.12 [worker2]=10.77.0.13)
etcd=http://10.77.0.11:2379

# --- questions -----------------------------------------------------------------------------------

# node NAME FILTER: one fact of the server's about a machine.
node() { rack_cli nodes "$1" -o json | jq -r "$2"; }
etcdctl() { rack_in env ETCDCTL_API=3 etcdctl --endpoints "$etcd" --command-timeout=10s "$@"; }
etcd_value() { etcdctl get "$1" --print-value-only; }
registered() { etcd_value "/slipway/lab/nodes/$1" | jq -r "$2"; }
on_node() {
	rack_in ssh -n -i "$rack_dir/key" -o BatchMode=yes -o ConnectTimeout=20 -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "core@${address[$1]}" "$2"
}
stands_in_etcd() { [ "$(registered "$1" .boot_id)" = "$(node "$1" .boot_id)" ]; }
is_ready() { [ "$(node "$1" .state)" = ready ]; }
# Ready in this life: its boot began after $since.
is_ready_again() { has_event "$1" ready && is_ready "$1"; }

# --- power on ------------------------------------------------------------------------------------

lab_os
rack_new three
rack_begin "$top/docs/examples/lab/cluster.yaml"

rack_on master1 bios 1
rack_on worker1 uefi 2
rack_on worker2 uefi-http 3
for m in "${machines[@]}"; do must 240 "$m gets ready" $m is_ready $m; done
took=$SECONDS

# --- each its own way ----------------------------------------------------------------------------

is "master1 (BIOS) brings its own iPXE: no loader is sent" 0 "$(events master1 'map(select(.kind == "loader")) | length')"
like "master1 asks for its script as iPXE at once" '^iPXE has 10\.77\.0\.11 through 52:54:00:77:01:01, loads http://10\.77\.0\.1/boot\.ipxe$' \
	"$(events master1 'map(select(.kind == "address"))[0].text')"
like "worker1 (UEFI PXE) gets snponly.efi by TFTP" '^snponly\.efi by TFTP: ' "$(events worker1 'map(select(.kind == "loader"))[0].text')"
like "worker2 (UEFI HTTP boot) gets snponly.efi by HTTP" '^/firmware/snponly\.efi by HTTP: ' "$(events worker2 'map(select(.kind == "loader"))[0].text')"

for m in "${machines[@]}"; do
	is "$m: the timeline has each step, in their order" "address script kernel initrd config agent joined registered ready" \
		"$(events $m '[.[].kind] | map(select(IN("address", "script", "kernel", "initrd", "config", "agent", "joined", "registered", "ready"))) |
			reduce .[] as $k ([]; if index($k) then . else . + [$k] end) | join(" ")')"
	# Without a router advertisement, iPXE waits 15 s before it takes its first script.
	ms=$(events $m '(map(select(.kind == "address" and (.text | startswith("iPXE"))))[0].wall_ms) as $a |
		map(select(.kind == "script"))[0].wall_ms - $a')
	ok "$m: iPXE waited for no router: from its address to its script in less than 12 s ($ms ms)" [ "$ms" -lt 12000 ]
done
ok "the router solicitations were answered" [ "$(rack_cli status -o json | jq .counters.dhcp_router_advertisement)" -ge 3 ]

# --- each what it should be ----------------------------------------------------------------------

for m in "${machines[@]}"; do
	slot=$((${address[$m]##*.} - 10))
	is "$m: address" "${address[$m]}" "$(node $m .address)"
	is "$m: host name" $m "$(node $m .facts.hostname)"
	is "$m: bond0 has both network cards as members" "$(rack_mac $slot 1) $(rack_mac $slot 2)" \
		"$(node $m '[.facts.nics[] | select(.master == "bond0").permanent] | sort | join(" ")')"
	is "$m: in active-backup, with the node's address" "active-backup up ${address[$m]}/24" \
		"$(node $m '.facts.nics[] | select(.name == "bond0") | "\(.bond.mode | split(" ")[0]) \(.bond.mii) \(.addresses | join(" "))"')"
	is "$m: no other interface has one" "" "$(node $m '.facts.nics[] | select(.name != "bond0") | .addresses[]')"
	is "$m: UUID and serial are the machine's" "77000000-0000-4000-8000-00000000000$slot LAB-$slot" "$(node $m '"\(.uuid) \(.serial)"')"
	is "$m: registered in etcd under the cluster's prefix" "$m ${address[$m]} $(node $m .boot_id)" "$(registered $m '"\(.name) \(.address) \(.boot_id)"')"
done
is "ssh into master1 works with the key of cluster.yaml" "master1 core" "$(on_node master1 'echo $(hostname) $(id -un)')"
like "its kernel says the same about the bond" 'Currently Active Slave: enp' "$(on_node master1 'cat /proc/net/bonding/bond0')"

like "etcd is healthy" 'is healthy' "$(etcdctl endpoint health 2>&1)"
is "flannel's key is seeded" '{"Network":"10.2.0.0/16","Backend":{"Type":"vxlan"}}' "$(etcd_value /coreos.com/network/config | jq -c .)"
is "and the other one" "launched by Slipway" "$(etcd_value /slipway/lab/motd)"
ok "the timeline says so" has_event master1 seed 'etcd is seeded'
is "slipway status too" true "$(rack_cli status -o json | jq .etcd_seeded)"

# --- a fourth machine, which nobody knows --------------------------------------------------------

rack_on stranger bios 4
must 90 "an unknown machine is told so on its console" stranger said stranger 'Slipway: this machine is not in the cluster yet'
must 10 "and what it is" stranger said stranger 'MAC: 52:54:00:77:04:01'
like "it is waiting, without a role" '^52:54:00:77:04:01 +- +waiting ' "$(rack_cli nodes)"
is "with an address of the pool" 10.77.0.1 "$(node 52:54:00:77:04:01 .address | sed -E 's/(10\.77\.0\.1)[0-9][0-9]$/\1/')"
is "and got nothing to boot" 0 "$(events 52:54:00:77:04:01 'map(select(.kind | IN("kernel", "initrd", "config"))) | length')"
rack_off stranger

# --- kill -9 in the middle of things -------------------------------------------------------------

# logged_after N REGEX: a line of the server's log after its first N bytes.
log_bytes() { stat -c %s "$rack_dir/serve.log"; }
logged_after() { tail -c "+$(($1 + 1))" "$rack_dir/serve.log" | grep -aqE "$2"; }
# is_sent FILE: netboot has the file open, and so is sending it to somebody.
is_sent() { ls -l "/proc/$(rack_worker_pid netboot)/fd" | grep -q "/$1\$"; }
came_back() { [ "$(rack_worker_pid "$1")" ] && [ "$(rack_worker_pid "$1")" != "$2" ]; }
killed() {
	local worker=$1 sentence=$2 pid
	pid=$(rack_worker_pid "$worker")
	from=$(log_bytes)
	kill -9 "$pid"
	ok_soon "$worker, killed $sentence, is back" came_back "$worker" "$pid"
}

# The master first: its etcd lives in memory, and the workers register after it.
since=$(date +%s%3N)
rack_reset master1
must 60 "master1 boots again and has its script" master1 has_event master1 script
killed provisioner "between script and config"

from=$(log_bytes)
rack_reset worker2
must 60 "worker2 boots again and is offered an address" worker2 \
	logged_after "$from" 'DISCOVER -> OFFER mac=52:54:00:77:03:01 .*stage=firmware'
killed dhcpd "between its offer and the acknowledgement"
must 60 "which it gives all the same" worker2 \
	logged_after "$from" 'REQUEST -> ACK mac=52:54:00:77:03:01 address=10\.77\.0\.13'

# A wire of 3 MB/s, so that the middle of the RAM disk lasts long enough to be hit.
rack_in nft 'table inet slow {
	chain out {
		type filter hook output priority 0;
		ip daddr 10.77.0.12 tcp sport 80 limit rate over 3 mbytes/second burst 256 kbytes drop
	}
}'
rack_reset worker1
must 90 "worker1 boots again and has its kernel" worker1 has_event worker1 kernel
must 20 "and is fetching the RAM disk" worker1 is_sent initrd.img
killed netboot "in the middle of the RAM disk"
rack_in nft delete table inet slow
must 10 "which worker1 sees break off, and asks for again" worker1 said worker1 'could not load .*initrd.img (try 1 of 8)\|gets no answer from'
must 60 "and gets" worker1 has_event worker1 initrd

for m in "${machines[@]}"; do
	must 240 "$m gets ready again" $m is_ready_again $m
	is "$m: with the same address" "${address[$m]}" "$(node $m .address)"
done
must 30 "the master's new etcd is seeded again" master1 has_event master1 seed 'etcd is seeded'
is "with the same value" "launched by Slipway" "$(etcd_value /slipway/lab/motd)"
for m in "${machines[@]}"; do
	ok "$m stands in it again, with this boot" stands_in_etcd $m
done

# --- a master that starts anew, under workers that stay up ---------------------------------------

since=$(date +%s%3N)
rack_reset master1
must 240 "master1 boots alone and gets ready" master1 is_ready_again master1
for m in worker1 worker2; do
	must 60 "$m, which stayed up, stands in the new etcd too" $m stands_in_etcd $m
	is "$m: it did not boot for that" 0 "$(events $m 'map(select(.kind == "boot")) | length')"
done

echo "# ready after $took s, all done after $SECONDS s"
done_testing
