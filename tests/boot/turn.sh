#!/bin/bash
# A machine that waits for its turn: another node holds the only place, slowly. The machine's iPXE asks again when it is told
# to, its console says that it waits and at which place, `slipway status` shows the queue; and when the place is free, it
# boots to its kernel.
. "$(dirname "$0")/rack_lib.sh"

lab_os

{
	sed -E 's|(name: worker1,)|\1 kernel-args: [ignore_loglevel],|' "$top/docs/examples/lab/cluster.yaml"
	echo 'http: {transfers: 1}'
} >"$work/cluster.yaml"
rack_new turn
rack_begin "$work/cluster.yaml"

queue() { rack_cli status -o json | jq -r ".queue$1"; }
is_queue() { [ "$(queue '|"\(.loading) \(.waiting)"')" = "$1" ]; }
is_in_queue() { queue .nodes | jq -e "any(.[]; .node == \"$1\" and .state == \"$2\")"; }
is_sending() { queue .nodes | jq -e 'any(.[]; .node == "worker2" and .bytes > 0)'; }

# worker2, at its address, in no hurry.
rack_in ip addr add 10.77.0.13/32 dev lo
start slow rack_in curl -s --interface 10.77.0.13 --limit-rate 60k -o /dev/null http://10.77.0.1/images/lab/1/initrd.img
slow=$started
must 30 "another node holds the only place" worker2 is_sending

rack_on worker1 bios 2
must 60 "a machine that asks for its kernel has to wait, and its timeline says so" worker1 \
	has_event worker1 waits '^waits for its turn to load lab/1/vmlinuz: 0 before it'
must 10 "slipway status has it in the queue" worker1 is_in_queue worker1 waiting
like "and says so to people" '^  worker1 +waits at place 1 for ' "$(rack_cli status)"
like "beside who loads" '^  worker2 .*initrd\.img' "$(rack_cli status)"
must 90 "its console says that it waits, and at which place" worker1 said_in_all worker1 'Slipway: this machine waits for others to load: place 1'
ok "it was told to ask again" [ "$(rack_cli status -o json | jq .counters.hall_told)" -ge 1 ]
ok "and got nothing" eval "! has_event worker1 kernel"
ok "nor gave up" eval "! said_in_all worker1 FAILED"
ok "who loads slowly is slow, not dead: it is not cut off" is_in_queue worker2 loading

kill -- -"$slow"
must 60 "when the place is free, the machine loads its kernel" worker1 has_event worker1 kernel 'after waiting for its turn for'
must 60 "and its RAM disk" worker1 has_event worker1 initrd
must 90 "and runs it" worker1 said worker1 'Linux version'
rack_off worker1
is "what it no longer waited for was not sent" 1 "$(events worker1 'map(select(.kind == "kernel")) | length')"
must 20 "nobody is in the queue any more" worker1 is_queue "0 0"
echo "# done after $SECONDS s"
done_testing
