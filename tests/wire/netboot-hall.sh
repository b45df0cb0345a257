#!/usr/bin/env bash
# A hall of nodes powers on at once: so many load the image at a time, the others are told to ask again and get their
# turn in order, and `slipway status` shows it. The whole server; the wire is as slow as it takes to see something.
. "$(dirname "$0")/../lib.sh"
need_root
net_new hall
. "$(dirname "$0")/server_lib.sh"
image=/images/lab/1/initrd.img

server_files
server_image 16777216 4194304
# Nodes n1 to n60 at 10.77.0.11 and so on.
configure() {
	cat <<-END
		cluster: hall
		network: {internal: {interface: s0, address: 10.77.0.1/24}}
		dhcp: {pool: 10.77.0.200-10.77.0.240}
		http: {transfers: $1}
		image: lab/1
		roles:
		  master: {template: master.yaml, addons: [etcd]}
		  worker: {template: worker.yaml}
		nodes:
		  - {name: m, role: master, mac: 02:00:00:00:02:01, address: 10.77.0.10}
	END
	for i in {1..60}; do printf '  - {name: n%d, role: worker, mac: 02:00:00:00:01:%02x, address: 10.77.0.%d}\n' "$i" "$i" $((i + 10)); done
}
configure 4 >"$yaml"

queue() { cli status -o json | jq -r ".queue$1"; }
hall() { in_cli timeout 120 "$bin/tests/bench/hall_load" 10.77.0.1 $image "$work/images/lab/1/initrd.img" "$@"; }
get() { in_cli curl -s -m 60 --interface "$1" "${@:2}" "http://10.77.0.1$image"; }
file_sum=$(sha256sum <"$work/images/lab/1/initrd.img")

# What the kernel keeps of a transfer must be little beside the file, or a slow reader is soon done for the server.
in_srv sh -c 'echo 4096 16384 262144 >/proc/sys/net/ipv4/tcp_wmem'
in_cli sh -c 'echo 4096 65536 262144 >/proc/sys/net/ipv4/tcp_rmem'
for i in {11..70}; do ip -n "$cli" addr add 10.77.0.$i/24 dev c0; done
is_good() { [ "$(cli status -o json | jq -r '.images[0].state')" = good ]; }
server_start
wait_for 10 "the image" is_good || exit 1
ip netns exec "$srv" tc qdisc add dev s0 root tbf rate 400mbit burst 64kb latency 100ms || exit 1

# --- twenty nodes, four slots --------------------------------------------------------------------

hall -n 20 -a 10.77.0.11 -w 200 -g 20 -c 20 >"$work/hall.json" 2>"$work/hall.err" &
nodes=$!
while kill -0 $nodes 2>/dev/null; do
	cli status -o json | jq -c .queue >>"$work/seen.json"
	cli status | grep -A 20 '^queue' >>"$work/seen.txt"
	sleep 0.2
done
wait $nodes
is "all of twenty nodes get every byte right" "20 0" "$(jq -r '"\(.done) \(.failed)"' "$work/hall.json"; cat "$work/hall.err")"
echo "# $(cat "$work/hall.json")"
ok "no node begins with more than three before it that still wait" [ "$(jq .late "$work/hall.json")" -le 3 ]
is "four load at most" 4 "$(jq -s 'map(.loading) | max' "$work/seen.json")"
ok "status shows who waits, by name and place" \
	jq -se 'any(.[].nodes[]; .state == "waiting" and .node == "n20" and .place >= 1 and .for_ms > 0)' "$work/seen.json"
ok "and what they load, how much of it, and how long it will take" \
	jq -se 'any(.[].nodes[]; .state == "loading" and .file == "initrd.img" and .bytes > 0 and .size == 16777216 and .expected_ms >= 0)' "$work/seen.json"
like "status tells people so" '^queue       4 of 4 load.*, [0-9]+ wait' "$(cat "$work/seen.txt")"
like "who waits has a line of its own" '^  n[0-9]+ +waits at place [0-9]+ for ' "$(cat "$work/seen.txt")"
waits() { cli events -n 10000 "$1" -o json | jq -r 'select(.kind == "waits") | .text'; }
ok_soon "a node that waits has one line in its timeline" [ "$(waits n20 | wc -l)" = 1 ]
like "which says for what, and how many are before it" "waits for its turn to load lab/1/initrd.img: [0-9]+ before it" "$(waits n20)"
is "the first four have none" "" "$(for n in n1 n2 n3 n4; do waits $n; done)"
like "the transfer says how long that was" 'initrd.img by HTTP: 16.0 MiB in .*, after waiting for its turn for ' \
	"$(cli events -n 10000 n20 | grep 'by HTTP')"
is_empty() { [ "$(queue '|"\(.loading) \(.waiting)"')" = "0 0" ]; }
ok_soon "afterwards the queue is empty" is_empty
is "status has no word about it then" "" "$(cli status | grep '^queue')"

# --- one slot ------------------------------------------------------------------------------------

configure 1 >"$yaml"
kill -HUP "$(worker provisioner)"
start slow get 10.77.0.31 -m 150 --limit-rate 120k -o /dev/null # in no hurry: it holds its slot until it is ended
slow=$started
has_slots() { [ "$(queue .slots)" = "$1" ] && [ "$(queue .loading)" = 1 ]; }
ok_soon "a reload changes the number of slots" has_slots 1
is "a HEAD is answered while others wait" 200 "$(get 10.77.0.32 -I -o /dev/null -w '%{http_code}')"
get 10.77.0.32 -D "$work/head" -o "$work/body"
like "a GET is told to ask again when nothing has become free in twenty seconds" '^HTTP/1.1 503 ' "$(cat "$work/head")"
like "and when" '^Retry-After: ([1-9]|10)' "$(cat "$work/head")"
ok "without a word that could be taken for the image" [ ! -s "$work/body" ]
# Fedora CoreOS's initramfs fetches its root file system so: without --fail, into a pipe.
{ get 10.77.0.32 --retry 5 | sha256sum >"$work/sum"; } &
patient=$!
waiting() { [ "$(queue .waiting)" = 1 ]; }
ok_soon "a node waits" waiting
kill -- -"$slow"
wait $patient
is "curl --retry into a pipe gets the image when it is its turn, and nothing else" "$file_sum" "$(cat "$work/sum")"
# A boot is a kernel and a RAM disk: nobody gets in between.
is_loading() { cli status -o json | jq -e ".queue.nodes[] | select(.node == \"$1\" and .state == \"loading\")"; }
start slow get 10.77.0.31 -m 150 --limit-rate 120k -o /dev/null
slow=$started
ok_soon "the slot is taken" is_loading n21
kernel=http://10.77.0.1/images/lab/1/vmlinuz
get 10.77.0.33 --retry 5 -o /dev/null $kernel -o /dev/null &
boot=$!
ok_soon "a node waits for its kernel" waiting
in_cli curl -s -m 60 --interface 10.77.0.34 --retry 5 -o /dev/null $kernel & # smaller than what it must not overtake
behind=$!
both_wait() { [ "$(queue .waiting)" = 2 ]; }
ok_soon "another one behind it" both_wait
kill -- -"$slow"
wait $boot $behind
loaded() { cli events -n 10000 -o json | jq -r 'select(.kind == "kernel" or .kind == "initrd") | "\(.node) \(.kind)"' | tail -n 3 | paste -sd ' '; }
all_loaded() { [ "$(loaded)" = "n23 kernel n23 initrd n24 kernel" ]; }
ok_soon "kernel and RAM disk of the first, then what the second wants" all_loaded || echo "# $(loaded)"
hall -n 2 -a 10.77.0.35 -w 100 -g 50 -c 2 -d 1 >"$work/hall.json"
is "a node that switches off while it loads frees its slot" 1 "$(jq .done "$work/hall.json")"

server_ends
done_testing
