#!/usr/bin/env bash
# The join agent as nodes run it (static, nothing else in its root) against the real CA over TLS and the
# real etcd, in one network namespace.
set -u
. "$(dirname "$0")/../lib.sh"
need_root

ns=jn-$$
ip netns add $ns || exit 1
defer "ip netns del $ns"
ip -n $ns link set lo up
in_ns() { ip netns exec $ns "$@"; }

agent=$bin/slipway-join host=$bin/tests/wire/join_host
server=127.0.0.1 port=8443
token=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
wrong=$(printf '%064d' 7)

# start_host NAME OPTION...: the provisioner's side; its folder is $work/NAME.
start_host() {
	local name=$1
	shift
	mkdir -p "$work/$name"
	start "$name" ip netns exec $ns "$host" --dir "$work/$name" --address $server --port $port \
		--token "$token" --node worker1 "$@"
	wait_for 5 "$name to serve" grep -q serving "$work/$name.log"
	host_pid=$started
	fingerprint=$(awk '/^fingerprint/{print $2}' "$work/$name.log")
}
stop_host() { kill "$host_pid"; wait "$host_pid" 2>/dev/null; }

# A root folder with nothing in it but the agent, as proof that it needs nothing. A sanitizer's build
# needs libraries: it runs in our own root.
cage=$work/cage
mkdir -p "$cage/etc" "$cage/state"
cp "$agent" "$cage/agent"
if file -b "$agent" | grep -q 'statically linked'; then
	run=(ip netns exec $ns chroot "$cage" /agent) at=
else
	run=(ip netns exec $ns "$agent") at=$cage
fi

# settings FILE FINGERPRINT TOKEN
settings() {
	printf 'SLIPWAY_URL=https://%s:%s\nSLIPWAY_CA_FINGERPRINT=%s\nSLIPWAY_TOKEN=%s\nSLIPWAY_NODE=worker1\n' \
		$server $port "$2" "$3" >"$cage/etc/$1"
}

# once SECONDS NAME STATE ENV: one run of the agent to its end, log in $work/NAME.log.
once() {
	timeout "$1" "${run[@]}" --env "$at/etc/$4" --state "$at/$3" --once >"$work/$2.log" 2>&1 </dev/null
}

# refused NAME STATE ENV WORDS: tries for a while, must not come through, must say WORDS.
refused() {
	once 3 "$1" "$2" "$3"
	[ $? -eq 124 ] && grep -q -- "$4" "$work/$1.log"
}

# stay NAME STATE ENV: the agent in the background; $agent_pid.
stay() {
	start "$1" "${run[@]}" --env "$at/etc/$3" --state "$at/$2"
	agent_pid=$started
}
leave() { kill "$agent_pid"; wait "$agent_pid"; }

start_etcd() {
	start etcd ip netns exec $ns etcd --name m1 --data-dir "$work/etcd" \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
		--initial-cluster m1=http://127.0.0.1:2380 --unsafe-no-fsync
	etcd_pid=$started
}
etcd_get() { in_ns env ETCDCTL_API=3 etcdctl --endpoints=http://127.0.0.1:2379 get --print-value-only "$1"; }
etcd_is_up() { in_ns curl -fs --max-time 2 http://127.0.0.1:2379/health; }
count() { grep -c -- "$1" "$work/first.log"; }
counted() { [ "$(count "$1")" -gt "$2" ]; }

start_etcd
wait_for 20 etcd etcd_is_up

# 1. The pin.
start_host first --etcd http://127.0.0.1:1 --etcd http://127.0.0.1:2379 --busy 2
settings good "$fingerprint" "$token"
settings pinned-wrong "$wrong" "$token"
ok "a provisioner with another fingerprint is refused" \
	refused wrong state pinned-wrong "not the pinned one"
is "and has been told nothing" 0 "$(grep -c '^/v1' "$work/first.log")"
ok "the key stays when a join fails" test -s "$cage/state/node.key"

# 2. Joining.
ok "503 twice, then 200: the agent joins, registers and beats, alone in its root" once 20 once state good
is "it was told 'later' twice" 2 "$(count '^/v1/join 503')"
is "its last heartbeat says that it registered" 1 "$(tail -n 1 "$work/first.log" | grep -c 'peer=worker1 registered=1')"
like "it passes over a command that it does not know" 'command "dance" is not known' "$(cat "$work/once.log")"
is "its key can be read by root only" 600 "$(stat -c %a "$cage/state/node.key")"
ok "its certificate is signed by the CA" openssl verify -CAfile "$work/first/ca.crt" "$cage/state/node.crt"
is "and says who it is" "O = slipway:node, CN = worker1" \
	"$(openssl x509 -in "$cage/state/node.crt" -noout -subject | sed 's/^subject=//')"
value=$(etcd_get /slipway/acm/nodes/worker1)
is "its key is in etcd" worker1 "$(jq -r .name <<<"$value")"
is "with its role" worker "$(jq -r .role <<<"$value")"
is "and the address by which it reaches the provisioner" 127.0.0.1 "$(jq -r .address <<<"$value")"

# 3. The token is dead, the certificate is not.
joins=$(count '^/v1/join 200')
ok "a second node with the same token is refused, and says why" \
	refused thief other-state good "this token has been used"
ok "after a restart the certificate is enough" once 20 again state good
settings no-token "$fingerprint" ""
ok "even without a token" once 20 tokenless state no-token
is "nobody joined" "$joins" "$(count '^/v1/join 200')"
once 5 nothing empty-state no-token
is "with neither it stops at once" 1 $?

# 4. A lost answer: the same key may use its token again.
rm -f "$cage/state/joined.json"
ok "a node that lost the answer gets it again for the same token" once 20 lost state good
is "by joining again" $((joins + 1)) "$(count '^/v1/join 200')"

# 5. Staying: one connection for all heartbeats, little memory, systemd is told.
in_ns python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0jn-notify")
s.settimeout(20)
print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\n", " "), flush=True)
' >"$work/notify.log" 2>/dev/null &
defer "kill $!; wait $!"
wait_for 5 "a socket to be notified at" grep -q bound "$work/notify.log"
connections=$(count '^connection') beats=$(count '^/v1/heartbeat 200')
NOTIFY_SOCKET=@jn-notify stay steady state no-token
ok "it beats on" wait_for 10 "three heartbeats" counted '^/v1/heartbeat 200' $((beats + 3))
is "over one connection" $((connections + 1)) "$(count '^connection')"
is "and repeats nothing in its log" 1 "$(grep -c dance "$work/steady.log")"
like "systemd was told that it is ready" 'READY=1 STATUS=worker1 in cluster acm' "$(cat "$work/notify.log")"
rss=$(awk '/^VmRSS/{print $2}' "/proc/$agent_pid/status")
echo "# resident: $rss KiB; size: $(stat -c %s "$agent") bytes"
if [ -z "$at" ]; then
	ok "in less than 8 MiB of memory" test "$rss" -lt 8192
else
	skip "in less than 8 MiB of memory" "a sanitizer's build"
fi

# 6. The provisioner goes away and comes back; nothing is lost.
stop_host
wait_for 5 "the loss to be noticed" grep -q 'heartbeat: .*trying again' "$work/steady.log"
start_host first --etcd http://127.0.0.1:2379
ok "it finds a provisioner that was restarted" wait_for 15 "a heartbeat" counted '^/v1/heartbeat 200' 0
like "and says so once" '^1$' "$(grep -c 'trying again' "$work/steady.log")"
leave
is "SIGTERM is a clean end" 0 $?

# 7. A certificate that is not welcome any more: one new join, then slowly.
touch "$work/first/reject"
stay reject state good
ok "refused over its certificate, it joins again" wait_for 10 "a join" counted '^/v1/join 200' 0
ok "and is refused again" wait_for 10 "two refusals" counted '^/v1/heartbeat 403' 1
sleep 3
is "it does not hammer" "1 2" "$(count '^/v1/join 200') $(count '^/v1/heartbeat 403')"
rm -f "$work/first/reject"
leave

# 8. etcd comes up after the node did.
kill "$etcd_pid"
wait "$etcd_pid" 2>/dev/null
rm -rf "$work/etcd"
without=$(count registered=0) with=$(count registered=1)
stay early state no-token
ok "without etcd the node beats and says that it is not registered" \
	wait_for 10 "two heartbeats" counted registered=0 $((without + 1))
is "nothing else" "$with" "$(count registered=1)"
start_etcd
wait_for 20 etcd etcd_is_up
ok "it registers when etcd comes up" wait_for 40 "a heartbeat" counted registered=1 "$with"
is "under its key" worker1 "$(etcd_get /slipway/acm/nodes/worker1 | jq -r .name)"
leave

# 9. Another cluster: what an earlier join left is worth nothing there.
stop_host
start_host second --etcd http://127.0.0.1:2379
settings moved "$fingerprint" "$token"
ok "in another cluster it joins anew" once 20 moved state moved
like "and says why" "not used: the CA does not have the pinned fingerprint" "$(cat "$work/moved.log")"
ok "its certificate is the new CA's" openssl verify -CAfile "$work/second/ca.crt" "$cage/state/node.crt"

# 10. A certificate that has expired. One that is born expired is not traded in a circle.
stop_host
start_host third --days 0
settings expiring "$fingerprint" "$token"
ok "a node with an expired certificate is turned away, and says why" refused expiring state expiring "not a node's certificate"
is "and joins once, not in a circle" 1 "$(grep -c '^/v1/join 200' "$work/third.log")"
stop_host
start_host third
ok "at its next start it trades the expired certificate for a new one" once 20 renewed state expiring
is "by joining" 1 "$(grep -c '^/v1/join 200' "$work/third.log")"

is "no log tells the token" 0 "$(cat "$work"/*.log | grep -cF "$token")"

done_testing
