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
	run=(ip netns exec $ns "$agent" --root "$cage") at=$cage
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

# 11. The secrets of the node's role: what it is entitled to, where it belongs, and nothing else.
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\netcd:x:232:233::/:/bin/sh\n' >"$cage/etc/passwd"
settings third-no-token "$fingerprint" ""
ready=$cage/run/slipway/secrets-ready etcd_dir=$cage/etc/ssl/etcd pki=$cage/etc/kubernetes/pki
placed() { (cd "$cage" && find etc/ssl etc/kubernetes -type f -printf '%M %U:%G %p\n' 2>/dev/null | sort -k 3); }
delivered() { grep -c 'of this node.s role are in place' "$work/$1.log"; }
was_delivered() { [ "$(delivered "$1")" -gt "$2" ]; }
# purpose USE FILE: the certificate may be used so, by the rules of openssl.
purpose() { openssl verify -CAfile "$1" -purpose "$2" "$3"; }
alt_names() { openssl x509 -in "$1" -noout -ext subjectAltName | tail -n 1 | sed 's/^ *//'; }

ok "a node whose role has no secrets is ready without any" test -e "$ready"
is "and nothing was written for it" "" "$(placed)"
printf 'etcd-member\n' >"$work/third/words"
rm -f "$ready"
stay member state third-no-token
ok "an etcd member gets its secrets" wait_for 15 "them" was_delivered member 0
is "each where it belongs, the keys for those who need them" "-rw-r--r-- 0:0 etc/ssl/etcd/ca.crt
-rw-r--r-- 0:0 etc/ssl/etcd/client.crt
-rw------- 0:0 etc/ssl/etcd/client.key
-rw-r--r-- 0:0 etc/ssl/etcd/peer.crt
-rw------- 232:233 etc/ssl/etcd/peer.key
-rw-r--r-- 0:0 etc/ssl/etcd/server.crt
-rw------- 232:233 etc/ssl/etcd/server.key" "$(placed)"
ok "and units that wait for them may begin" test -s "$ready"
for use in sslserver sslclient; do
	ok "the server's certificate is good for $use" purpose "$etcd_dir/ca.crt" $use "$etcd_dir/server.crt"
	ok "the peer's is, too" purpose "$etcd_dir/ca.crt" $use "$etcd_dir/peer.crt"
done
ok "the client's is good for a client" purpose "$etcd_dir/ca.crt" sslclient "$etcd_dir/client.crt"
ok "and for no server" not purpose "$etcd_dir/ca.crt" sslserver "$etcd_dir/client.crt"
is "a server has the node's names and addresses" \
	"DNS:worker1, DNS:localhost, IP Address:127.0.0.1, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:worker1.acm.internal" \
	"$(alt_names "$etcd_dir/server.crt")"
same_key() { [ -s "$1" ] && [ -s "$2" ] && cmp <(openssl x509 -in "$1" -noout -pubkey) <(openssl pkey -in "$2" -pubout); }
for pair in server peer client; do
	ok "the $pair's key belongs to its certificate" same_key "$etcd_dir/$pair.crt" "$etcd_dir/$pair.key"
done
is "a certificate lasts a year" 1 "$(($(openssl x509 -in "$etcd_dir/server.crt" -noout -enddate | sed 's/.*=//' | date -f - +%s) / 86400 - $(date +%s) / 86400 == 365))"
is "no authority's key came along" "" "$(find "$cage/etc" -name '*ca.key')"

# 12. Its role changes: what is new is fetched, what is no longer its own goes.
rm -f "$ready"
printf 'etcd-client\nkubernetes-join\n' >"$work/third/words"
ok "another role brings other secrets" wait_for 15 "them" was_delivered member 1
is "a worker gets no key of an authority, and loses what was a member's" "-rw-r--r-- 0:0 etc/kubernetes/pki/ca.crt
-rw------- 0:0 etc/kubernetes/slipway/join.pem
-rw-r--r-- 0:0 etc/ssl/etcd/ca.crt
-rw-r--r-- 0:0 etc/ssl/etcd/client.crt
-rw------- 0:0 etc/ssl/etcd/client.key" "$(placed)"
ok "it can prove itself to Kubernetes" purpose "$pki/ca.crt" sslclient "$cage/etc/kubernetes/slipway/join.pem"
is "as one that may join" "O = system:bootstrappers:kubeadm:default-node-token, CN = worker1" \
	"$(openssl x509 -in "$cage/etc/kubernetes/slipway/join.pem" -noout -subject | sed 's/^subject=//')"
printf 'kubernetes-master\nkubernetes-etcd\nkubernetes-kubelet\n' >"$work/third/words"
ok "a master of Kubernetes gets what kubeadm begins with" wait_for 15 "it" was_delivered member 2
is "that and no more" "-rw------- etc/kubernetes/pki/ca.key
-rw------- etc/kubernetes/pki/etcd/ca.key
-rw------- etc/kubernetes/pki/front-proxy-ca.key
-rw------- etc/kubernetes/pki/sa.key
-rw------- etc/kubernetes/slipway/kubelet.pem
-rw-r--r-- etc/kubernetes/pki/ca.crt
-rw-r--r-- etc/kubernetes/pki/etcd/ca.crt
-rw-r--r-- etc/kubernetes/pki/front-proxy-ca.crt
-rw-r--r-- etc/kubernetes/pki/sa.pub" "$(placed | sed 's/ 0:0//' | sort)"
for ca in ca etcd/ca front-proxy-ca; do
	ok "$ca.crt signs others" openssl verify -CAfile "$pki/$ca.crt" -check_ss_sig "$pki/$ca.crt"
	ok "with the key beside it" same_key "$pki/$ca.crt" "$pki/$ca.key"
done
ok "the service accounts' two keys are a pair" cmp <(openssl rsa -in "$pki/sa.key" -pubout 2>/dev/null) "$pki/sa.pub"
is "a kubelet's certificate says which node it is" "O = system:nodes, CN = system:node:worker1" \
	"$(openssl x509 -in "$cage/etc/kubernetes/slipway/kubelet.pem" -noout -subject | sed 's/^subject=//')"

# 13. What a hostile server sends is not written.
for evil in '/etc/passwd|root|0600' '/etc/kubernetes/../passwd|root|0600' '/etc/kubernetes/x|root|4755' '/etc/kubernetes/x|a:b|0600'; do
	IFS='|' read -r path owner mode <<<"$evil"
	jq -n --arg p "$path" --arg o "$owner" --arg m "$mode" \
		'{version: "0bad", files: [{path: $p, owner: $o, mode: $m, content: "evil"}]}' >"$work/third/delivery"
	printf 'etcd-client\n' >"$work/third/words"
	before=$(placed) refused=$(grep -c 'secrets: ' "$work/member.log")
	stop_agent_and_stay() { leave; stay member2 state third-no-token; }
	stop_agent_and_stay
	ok "a secret at $path for $owner with mode $mode is refused" wait_for 15 "it" grep -q 'secrets: files\[0\]' "$work/member2.log"
	is "and nothing is written or lost" "$before" "$(placed)"
done
rm -f "$work/third/delivery"
leave

# 14. A restart needs nobody: what is in place is in place.
stop_host
rm -f "$ready"
stay alone state third-no-token
ok "without a provisioner units may begin with what is there" wait_for 10 "that" test -s "$ready"
leave
rm -f "$ready" "$pki/sa.key"
stay incomplete state third-no-token
wait_for 10 "a try" grep -q 'heartbeat: ' "$work/incomplete.log"
ok "but not when something is missing" test ! -e "$ready"
start_host third
ok "until it is there again" wait_for 40 "it" test -s "$ready"

# 15. The node's own certificate is renewed over itself.
serial() { openssl x509 -in "$cage/state/node.crt" -noout -serial; }
was=$(serial)
touch "$work/third/renew"
ok "told to renew, it does" wait_for 15 "it" grep -q 'the certificate is renewed' "$work/incomplete.log"
ok "the new one is another" test "$was" != "$(serial)"
beats=$(grep -c '^/v1/heartbeat 200' "$work/third.log")
more_beats() { [ "$(grep -c '^/v1/heartbeat 200' "$work/third.log")" -gt "$beats" ]; }
ok "and is what it shows from then on" wait_for 15 "a heartbeat" more_beats
is "without another token" 0 "$(grep -c '^/v1/join' "$work/third.log")"
leave

is "no log tells the token" 0 "$(cat "$work"/*.log | grep -cF -- "$token")"

done_testing
