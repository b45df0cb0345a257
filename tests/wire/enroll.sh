#!/usr/bin/env bash
# enroll: open, with the real server and machines that do what firmware and iPXE do: a lease by udhcpc with architecture,
# user class and UUID, then the boot script by curl, again and again until it is one that boots. One machine, three at
# once, two cards of one machine, GRUB; cluster.yaml and templates that somebody is editing; what is killed and started
# anew; a range that is full; and ask and closed as they always were.
. "$(dirname "$0")/../lib.sh"
need_root
url=http://10.77.0.1 socket=$work/slipway.sock

# A switch with the server and as many machines as there are ports.
srv=en-$$-s
ip netns add "$srv" || exit 1
defer "ip netns del $srv"
in_srv() { ip netns exec "$srv" "$@"; }
in_srv ip link add s0 type bridge forward_delay 0
in_srv ip link set lo up
in_srv ip addr add 10.77.0.1/24 dev s0
in_srv ip link set s0 up
for port in 1 2 3; do
	ip netns add "en-$$-$port" || exit 1
	defer "ip netns del en-$$-$port"
	ip link add "p$port" netns "$srv" type veth peer name c0 netns "en-$$-$port"
	in_srv ip link set "p$port" master s0 up
	ip -n "en-$$-$port" link set lo up
	ip -n "en-$$-$port" link set c0 up
done

mkdir -p "$work"/{config,agent,images/lab/1}
cp -R "$top/templates" "$work/templates"
chmod -R a+rX "$work"
install -m 755 "$bin/slipway-join" "$work/agent/"
echo kernel >"$work/images/lab/1/vmlinuz"
echo ramdisk >"$work/images/lab/1/initrd.img"
"$bin/slipway" images import "$work/images/lab/1" --name lab/1 --store "$work/images" --templates "$work/templates" >"$work/import.log" 2>&1 ||
	{ cat "$work/import.log"; exit 1; }
yaml=$work/config/cluster.yaml enrolled=$work/state/provisioner/enrolled
# write ENROLL [LINE...]
write() {
	cat >"$yaml" <<-EOF2
		cluster: en
		network: {internal: {interface: s0, address: 10.77.0.1/24}}
		dhcp: {pool: 10.77.0.100-10.77.0.199, conflict-probe: off, watch-others: false}
		image: lab/1
		enroll: $1
		enroll-as: [{role: worker, addresses: 10.77.0.50-10.77.0.59}]
		roles: {master: {template: master.yaml, addons: [etcd]}, worker: {template: worker.yaml}}
		nodes:
		  - {name: m1, role: master, mac: 02:00:00:00:00:11, address: 10.77.0.11}
	EOF2
	[ $# -lt 2 ] || printf '%s\n' "${@:2}" >>"$yaml"
}

# --- helpers -------------------------------------------------------------------------------------

cli() { "$bin/slipway" "$1" --socket "$socket" "${@:2}"; }
status() { cli status -o json | jq -r "$1"; }
worker() { pgrep -P "$serve" -f "^slipway worker $1 "; }
builder() { pgrep -P "$(worker provisioner)" | head -n 1; }
answers() { cli status && worker dhcpd && worker netboot; }
node() { cli nodes "$1" -o json | jq -r "$2"; }
is_node() { [ "$(node "$1" .role)" = worker ]; }
names() { cli nodes -o json | jq -r '.[] | select(.state != "waiting") | .name' | sort; }
n_nodes() { names | wc -l; }
events() { cli events -n 10000 -o json | jq -r 'select(.kind == "'"$1"'") | .text'; }
launch() {
	ip netns exec "$srv" "$bin/slipway" serve --config "$yaml" --state "$work/state" --images "$work/images" --templates "$work/templates" \
		--agent "$work/agent" --socket "$socket" --user nobody >>"$work/serve.log" 2>&1 </dev/null &
	serve=$!
}
printf '#!/bin/sh\n[ "$1" != bound ] || echo "$ip" >"$LEASE"\n' >"$work/udhcpc"
chmod +x "$work/udhcpc"
# lease PORT MAC UUID: as iPXE asks; the address is in $work/lease.PORT and on the port, and nothing else is.
lease() {
	local ns=en-$$-$1
	ip -n "$ns" addr flush dev c0
	ip -n "$ns" link set c0 address "$2"
	rm -f "$work/lease.$1"
	LEASE=$work/lease.$1 ip netns exec "$ns" timeout 30 busybox udhcpc -f -q -n -i c0 -t 6 -T 1 -s "$work/udhcpc" \
		-x 0x5d:0007 -x 0x4d:69505845 -x "0x61:00$3" -V PXEClient:Arch:00007:UNDI:003016 >"$work/udhcpc.$1" 2>&1
	[ -s "$work/lease.$1" ] && ip -n "$ns" addr add "$(cat "$work/lease.$1")/24" dev c0
}
# asks PORT MAC: its boot script, into $work/script.PORT and out.
asks() {
	ip netns exec "en-$$-$1" curl -s -m 10 -o "$work/script.$1" "$url/script.ipxe?mac=${2//:/-}&serial=A1" && cat "$work/script.$1"
}
boots() { asks "$1" "$2" | grep -q 'boots lab 1'; }
# becomes PORT MAC NAME: it asks as its script tells it to, until it is a node.
asks_and_is() { asks "$1" "$2" && is_node "$3"; }
becomes() { wait_for 30 "$3 to be a node" asks_and_is "$@"; }
uuid() { printf '%02x112233445566778899aabbccddeeff' "$1"; }
no_pending() { [ -z "$(find "$enrolled" -name '.*.pending*')" ]; }
nothing_to_apply() { [ "$(status .config_differs)" = false ] && cli plan && no_pending; }

: >"$work/serve.log"
write ask
launch
defer 'kill -9 $serve; wait $serve'
wait_for 15 "the server" answers || { cat "$work/serve.log"; exit 1; }
a=02:00:00:0a:00:01 b=02:00:00:0a:00:02 c=02:00:00:0a:00:03

# --- ask ---------------------------------------------------------------------------------------------

ok "a machine that nobody knows gets an address of the pool" lease 1 $a "$(uuid 1)"
like "with enroll: ask it waits" 'This machine asks again every 15 s' "$(asks 1 $a)"
is "and is no node" 1 "$(n_nodes)"

# --- open --------------------------------------------------------------------------------------------

write open
cli apply >/dev/null
is "enroll: open is published" 2 "$(status .generation)"
like "who has no lease and says a MAC waits as before" 'This machine asks again every 15 s' "$(asks 1 02:00:00:0a:00:99)"
like "the machine is told that it is being taken in, and asks again soon" 'It is being taken into the cluster' "$(asks 1 $a)"
like "in 5 seconds" 'This machine asks again every 5 s' "$(cat "$work/script.1")"
ok "it becomes a node" becomes 1 $a worker-0a0001
is "with the first address" 10.77.0.50 "$(node worker-0a0001 .address)"
like "its timeline says why" 'is a node now, because of enroll: open: worker, 10\.77\.0\.50 \(enrolled/worker-0a0001\.yaml\)' "$(events enrolled)"
is "that is one generation" 3 "$(status .generation)"
like "published by enroll" 'enroll' "$(cli generations | grep '^3 ')"
like "its file says what it is" '^- name: worker-0a0001$' "$(cat "$enrolled/worker-0a0001.yaml")"
like "with its UUID" '^  uuid: 0*1' "$(sed 's/uuid: 33221101/uuid: 01/' "$enrolled/worker-0a0001.yaml")"
ok "apply has nothing to do" nothing_to_apply
ok "check reads it" "$bin/slipway" check --config "$yaml" --state "$work/state" --templates "$work/templates"
like "and counts it" ' 2 nodes' "$("$bin/slipway" check --config "$yaml" --state "$work/state" --templates "$work/templates")"
like "at its old address it is told to ask for the new one" 'It is worker-0a0001, and takes 10\.77\.0\.50' "$(asks 1 $a)"
like "by DHCP" '^dhcp netX' "$(cat "$work/script.1")"
gets_its_address() { lease 1 $a "$(uuid 1)" && [ "$(cat "$work/lease.1")" = 10.77.0.50 ]; }
ok "which it gets" wait_for 10 "it" gets_its_address
ok "then it boots" boots 1 $a

# --- another card of it, which DHCP knows by the UUID ----------------------------------------------------

before=$(status .generation)
lease 1 $b "$(uuid 1)"
is "another card of the machine gets its address" 10.77.0.50 "$(cat "$work/lease.1")"
ok "and boots as the same node" boots 1 $b
has_both() { grep -q "mac: \[$a, $b\]" "$enrolled/worker-0a0001.yaml"; }
ok "its MAC goes into the node's file" wait_for 15 "it" has_both
published() { [ "$(status .generation)" -gt "$before" ]; }
ok "and is published" wait_for 15 "it" published
is "there is no second node" 2 "$(n_nodes)"
ok "apply has nothing to do" nothing_to_apply

# --- three machines at once, one of them with two cards ----------------------------------------------------

before=$(status .generation)
lease 1 02:00:00:0a:01:01 "$(uuid 11)"
lease 2 02:00:00:0a:01:02 "$(uuid 12)"
lease 3 02:00:00:0a:01:03 "$(uuid 12)"
stopped=$(builder)
kill -STOP "$stopped"
for port in 1 2 3; do asks $port 02:00:00:0a:01:0$port >/dev/null; done
like "they are told to wait" 'It is being taken into the cluster' "$(cat "$work"/script.3)"
kill -CONT "$stopped"
ok "one becomes a node" becomes 1 02:00:00:0a:01:01 worker-0a0101
either() { is_node worker-0a0102 || is_node worker-0a0103; }
ok "and so does the other" wait_for 30 "it" either
two_cards() { grep -ql 'mac: \[02:00:00:0a:01:0[23], 02:00:00:0a:01:0[23]\]' "$enrolled"/worker-0a010[23].yaml; }
ok "whose cards are one node" wait_for 30 "its other card" two_cards
is "so there are four" 4 "$(n_nodes)"
ok "of few generations" [ "$(status .generation)" -le $((before + 2)) ]
is "each has an address of its own" 3 "$(sed -n 's/^  address: //p' "$enrolled"/*.yaml | sort -u | wc -l)"

# --- GRUB, which asks by TFTP ------------------------------------------------------------------------------

grub() { ip netns exec "en-$$-2" curl -s -m 10 "tftp://10.77.0.1/grub/grub.cfg-01-$1"; }
lease 2 02:00:00:0a:02:01 "$(uuid 21)"
like "GRUB is told that it is being taken in" 'It is being taken into the cluster' "$(grub 02-00-00-0a-02-01)"
grub_is_node() { grub 02:00:00:0a:02:01 && is_node worker-0a0201; }
ok "asking by its MAC, as that script does, it becomes a node" wait_for 30 "it" grub_is_node
like "and is told to start anew" '^reboot' "$(grub 02:00:00:0a:02:01)"

# --- somebody edits -------------------------------------------------------------------------------------------

before=$(status .generation)
write open 'vars: {edited: true}'
lease 3 $c "$(uuid 3)"
held_up() { asks 3 $c | grep -q "It is not taken in now: $1"; }
ok "while cluster.yaml is edited, a machine is told that it waits for that" wait_for 15 "the word" held_up 'cluster.yaml on disk is not what is published'
like "and so is the operator" 'unknown machines wait: cluster.yaml on disk is not what is published' "$(events enroll)"
echo 'cluster: [' >"$yaml"
ok "also while it is broken" wait_for 15 "the word" held_up 'cluster.yaml on disk'
is "nothing was published" "$before" "$(status .generation)"
is "and nobody made a node" 5 "$(n_nodes)"
write open 'vars: {edited: true}'
cli apply >/dev/null
ok "once it is applied the machine becomes a node" becomes 3 $c worker-0a0003

echo '# edited' >>"$work/templates/worker.yaml"
lease 1 02:00:00:0a:03:01 "$(uuid 31)"
templates_differ() { asks 1 02:00:00:0a:03:01 | grep -q 'It is not taken in now: what is on disk is not what is published'; }
ok "templates that were edited hold it up as well" wait_for 15 "the word" templates_differ
sed -i '/^# edited$/d' "$work/templates/worker.yaml"
ok "and once they are as before it becomes a node" becomes 1 02:00:00:0a:03:01 worker-0a0301
ok "apply has nothing to do" nothing_to_apply

# --- killed, and started anew ------------------------------------------------------------------------------------

for i in 1 2; do
	mac=02:00:00:0a:04:0$i
	lease 2 $mac "$(uuid 4$i)"
	asks 2 $mac >/dev/null
	victim=$(worker provisioner)
	if [ $i = 1 ]; then # on its way to the builder, or before
		kill -STOP "$(builder)"
		stopped=$(builder)
		asks 2 $mac >/dev/null
		kill -9 "$victim"
		kill -CONT "$stopped"
	else # at about the time when it is committed
		has_begun() { find "$enrolled" -name "*worker-0a040$i.yaml*" | grep -q .; }
		wait_for 10 "its file" has_begun
		kill -9 "$victim"
	fi
	is_back() { [ -n "$(worker provisioner)" ] && [ "$(worker provisioner)" != "$victim" ] && cli status; }
	wait_for 15 "the provisioner" is_back
	ok "a machine whose provisioner is killed becomes a node all the same" becomes 2 $mac worker-0a040$i
	ok "with its file, and nothing is left half done" wait_for 15 "that" nothing_to_apply
done
is "no file is too many" "$(find "$enrolled" -name '*.yaml' | wc -l)" "$(($(n_nodes) - 1))"

before=$(names)
kill -TERM "$serve"
wait "$serve"
launch
wait_for 15 "the server" answers || { cat "$work/serve.log"; exit 1; }
is "a server that is started anew has the same nodes" "$before" "$(names)"
is "and nothing differs" false "$(status .config_differs)"

# --- whose files they are --------------------------------------------------------------------------------------

mkdir "$work/config/nodes.d"
mv "$enrolled/worker-0a0001.yaml" "$work/config/nodes.d/"
rm "$enrolled/worker-0a0101.yaml"
chmod -R a+rX "$work/config"
is "what was moved or deleted differs" true "$(status .config_differs)"
cli apply >/dev/null
ok "apply publishes that: one is a node as before" is_node worker-0a0001
is "and one is none any more" "" "$(names | grep worker-0a0101)"

# --- full ------------------------------------------------------------------------------------------------------

while [ "$(sed -n 's/^  address: //p' "$enrolled"/*.yaml "$work"/config/nodes.d/*.yaml | sort -u | wc -l)" -lt 10 ]; do
	i=$((${i:-0} + 1))
	mac=02:00:00:0a:05:$(printf %02x $i)
	lease 1 $mac "$(uuid $((80 + i)))"
	becomes 1 $mac worker-0a05$(printf %02x $i) || break
done
before=$(status .generation)
lease 1 02:00:00:0a:06:01 "$(uuid 61)"
full() { asks 1 02:00:00:0a:06:01 | grep -q 'It is not taken in: all addresses of enroll-as in its network are taken'; }
ok "when the addresses are all given, a machine is told so" wait_for 15 "the word" full
is "and nothing is published for it" "$before" "$(status .generation)"
like "its timeline has it" 'not taken in: all addresses of enroll-as' "$(events enroll)"

# --- closed ----------------------------------------------------------------------------------------------------

write closed 'vars: {edited: true}'
cli apply >/dev/null
ok "with enroll: closed a machine that is no node gets no address" not lease 1 02:00:00:0a:06:02 "$(uuid 62)"
lease 2 $a "$(uuid 1)"
is "and those that were enrolled keep theirs" 10.77.0.50 "$(cat "$work/lease.2")"

kill -TERM "$serve"
wait "$serve"
is "SIGTERM is a clean stop" 0 $?
is "nothing was killed by a signal of its own" "" "$(grep -E 'signal (4|6|7|8|11|31) ' "$work/serve.log")"
done_testing
