#!/usr/bin/env bash
# The secrets of a role, with the real server, the real agent and a real etcd that speaks nothing but TLS: a
# member, a client and a node that is neither join; each gets what it is entitled to, and nobody else's.
. "$(dirname "$0")/../lib.sh"
need_root
net_new se
. "$(dirname "$0")/server_lib.sh"
api=https://10.77.0.1:8443
mac_of() { case $1 in m1) echo 02:00:00:00:00:11 ;; w1) echo 02:00:00:00:00:12 ;; p1) echo 02:00:00:00:00:13 ;; esac; }
address_of() { case $1 in m1) echo 10.77.0.11 ;; w1) echo 10.77.0.12 ;; p1) echo 10.77.0.13 ;; esac; }

server_files
server_image
cat >"$yaml" <<-END
	cluster: se
	domain: se.internal
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	dhcp: {pool: 10.77.0.100-10.77.0.149}
	image: lab/1
	etcd: {tls: true, seed: {/greeting: hello}}
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	  worker: {template: worker.yaml, addons: [etcd-client]}
	  plain: {template: worker.yaml}
	nodes:
	  - {name: m1, role: master, mac: $(mac_of m1), address: $(address_of m1)}
	  - {name: w1, role: worker, mac: $(mac_of w1), address: $(address_of w1)}
	  - {name: p1, role: plain, mac: $(mac_of p1), address: $(address_of p1)}
END

# --- helpers -------------------------------------------------------------------------------------

state_is() { [ "$(cli nodes "$1" -o json | jq -r .state)" = "$2" ]; }
# file_of CONFIG PATH: the content of a file in an Ignition configuration.
file_of() {
	jq -r --arg p "$2" '.storage.files[] | select(.path == $p) | .contents.source' "$1" |
		python3 -c 'import sys, urllib.parse; print(urllib.parse.unquote(sys.stdin.read().strip().split(",", 1)[1]), end="")'
}

# boot NODE: its lease, its script, its configuration; its join.env and its root folder come of it.
boot() {
	local node=$1 address config
	address=$(address_of "$node")
	mkdir -p "$work/$node/root/etc"
	printf 'root:x:0:0::/:/bin/sh\netcd:x:232:233::/:/bin/sh\n' >"$work/$node/root/etc/passwd"
	ip -n "$cli" link set c0 address "$(mac_of "$node")"
	ip -n "$srv" neigh flush dev s0 # all three are one NIC here
	pxe_lease >/dev/null
	fetch "$address" "/script.ipxe?mac=$(mac_of "$node" | tr : -)" >/dev/null
	config=$(grep -o "$url/n/[0-9a-f]*/config" "$work/body" | head -n 1)
	fetch "$address" "${config#"$url"}" >/dev/null
	cp "$work/body" "$work/$node/config.ign"
	file_of "$work/$node/config.ign" /etc/slipway/join.env >"$work/$node/join.env"
}
agent() { # NODE
	start "agent-$1" ip netns exec "$cli" "$bin/slipway-join" --env "$work/$1/join.env" --state "$work/$1/state" --root "$work/$1/root"
}
placed() { (cd "$work/$1/root" && find etc/ssl etc/kubernetes -type f -printf '%M %U:%G %p\n' 2>/dev/null | sort -k 3); }
is_ready_file() { test -e "$work/$1/root/run/slipway/secrets-ready"; }
# ask NODE PATH JSON [CERTIFICATE'S FOLDER]: over that node's certificate; the answer is in $work/body.
ask() {
	local who=${4:-$work/$1/state}
	in_cli curl -s -m 5 -k --cert "$who/node.crt" --key "$who/node.key" -o "$work/body" -w '%{http_code}' -d "$3" "$api$2"
}
# ask_again: the same, when a node has asked within the last second.
ask_again() {
	local status
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		status=$(ask "$@")
		[ "$status" = 429 ] || break
		sleep 0.3
	done
	echo "$status"
}

server_start --log-level debug

# --- a member ------------------------------------------------------------------------------------

is "the authorities lie in the state folder, for the provisioner alone" "600 etcd-ca.key
600 front-proxy-ca.key
600 kubernetes-ca.key
600 service-account.key" "$(cd "$work/state/provisioner" && stat -c '%a %n' etcd-ca.key front-proxy-ca.key kubernetes-ca.key service-account.key)"
boot m1
is "nothing secret is in what a node reads over plain HTTP" 0 "$(grep -c 'PRIVATE KEY' "$work/m1/config.ign")"
agent m1
ok "an etcd member is given its secrets before there is an etcd" wait_for 20 "them" is_ready_file m1
is "each where it belongs" "-rw-r--r-- 0:0 etc/ssl/etcd/ca.crt
-rw-r--r-- 0:0 etc/ssl/etcd/client.crt
-rw------- 0:0 etc/ssl/etcd/client.key
-rw-r--r-- 0:0 etc/ssl/etcd/peer.crt
-rw------- 232:233 etc/ssl/etcd/peer.key
-rw-r--r-- 0:0 etc/ssl/etcd/server.crt
-rw------- 232:233 etc/ssl/etcd/server.key" "$(placed m1)"
ssl=$work/m1/root/etc/ssl/etcd

# etcd runs by the very settings that the node was given; only the folders are elsewhere.
file_of "$work/m1/config.ign" /etc/slipway/etcd.env | sed "s|/etc/ssl/etcd|$ssl|; s|^ETCD_DATA_DIR=.*|ETCD_DATA_DIR=$work/etcd|" >"$work/etcd.env"
like "etcd is told to take nobody without a certificate" 'ETCD_CLIENT_CERT_AUTH=true' "$(cat "$work/etcd.env")"
start etcd ip netns exec "$cli" env $(cat "$work/etcd.env") etcd --unsafe-no-fsync
etcdctl() { in_cli env ETCDCTL_API=3 etcdctl --endpoints https://10.77.0.11:2379 --cacert "$ssl/ca.crt" "$@"; }
etcd_get() { etcdctl --cert "$ssl/client.crt" --key "$ssl/client.key" get --print-value-only "$1"; }
is_up() { etcdctl --cert "$ssl/client.crt" --key "$ssl/client.key" endpoint health; }
ok "a real etcd runs with them and takes its client" wait_for 20 "etcd" is_up
ok "but nobody without a certificate" not etcdctl --dial-timeout 2s --command-timeout 2s get /
ok "the node becomes ready: seeded and registered over TLS" wait_for 60 "that" state_is m1 ready
is "the seed is there" hello "$(etcd_get /greeting)"
is "and the node" m1 "$(etcd_get /slipway/se/nodes/m1 | jq -r .name)"

# --- a client, and one that is neither -------------------------------------------------------------

boot w1
agent w1
ok "a client becomes ready" wait_for 30 "it" state_is w1 ready
is "with a client's certificate and nothing else" "-rw-r--r-- 0:0 etc/ssl/etcd/ca.crt
-rw-r--r-- 0:0 etc/ssl/etcd/client.crt
-rw------- 0:0 etc/ssl/etcd/client.key" "$(placed w1)"
is "by which it has registered" w1 "$(etcd_get /slipway/se/nodes/w1 | jq -r .name)"
boot p1
agent p1
ok "a node with no business in etcd becomes ready without it" wait_for 30 "it" state_is p1 ready
is "and without a single secret" "" "$(placed p1)"
is "it has not been told where etcd is" 0 "$(jq '.etcd.endpoints | length' "$work/p1/state/joined.json")"

# --- what is refused -------------------------------------------------------------------------------

keys() { jq -r '.files[].path' "$work/body" | grep -c 'ca\.key\|server\.key\|sa\.key'; }
is "a client that asks gets its own" 200 "$(ask_again w1 /v1/secrets '{"node": "w1"}')"
is "and no key of an authority or a server" 0 "$(keys)"
is "again within the second is too often" 429 "$(ask w1 /v1/secrets '{"node": "w1"}')"
is "it can not ask for another node" 403 "$(ask_again w1 /v1/secrets '{"node": "m1"}')"
like "and is told so" "this certificate is w1's" "$(cat "$work/body")"
is "without a certificate there is nothing" 401 "$(in_cli curl -sk -m 5 -o /dev/null -w '%{http_code}' -d '{"node": "m1"}' $api/v1/secrets)"
mkdir "$work/forger"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /O=slipway:node/CN=m1 \
	-keyout "$work/forger/node.key" -out "$work/forger/node.crt" 2>/dev/null
is "nor with one that somebody made himself" 403 "$(ask m1 /v1/secrets '{"node": "m1"}' "$work/forger")"
mkdir "$work/etcds"
cp "$work/w1/root/etc/ssl/etcd/client.crt" "$work/etcds/node.crt"
cp "$work/w1/root/etc/ssl/etcd/client.key" "$work/etcds/node.key"
is "nor with one that is for etcd" 403 "$(ask w1 /v1/secrets '{"node": "w1"}' "$work/etcds")"
for body in '' '[]' '{' '"x"' "$(head -c 100000 /dev/zero | tr '\0' '[')"; do
	is "$(head -c 12 <<<"$body")... is a bad request" 400 "$(ask_again w1 /v1/secrets "$body")"
done

# --- renewal ---------------------------------------------------------------------------------------

renewal() { # CSR
	ask_again w1 /v1/renew "$(jq -n --rawfile csr "$1" '{node: "w1", csr: $csr}')"
}
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/new.key" -subj /O=slipway:node/CN=m1 -out "$work/new.csr" 2>/dev/null
is "a node renews its certificate over itself" 200 "$(renewal "$work/new.csr")"
jq -r .certificate "$work/body" >"$work/new.crt"
is "and stays who it is, whatever its request says" "O = slipway:node, CN = w1" "$(openssl x509 -in "$work/new.crt" -noout -subject | sed 's/^subject=//')"
days=$((($(openssl x509 -in "$work/new.crt" -noout -enddate | sed 's/.*=//' | date -f - +%s) - $(date +%s)) / 86400))
ok "for a year ($days days)" test $days -ge 364 -a $days -le 365
is "a heartbeat does not ask for it yet" '[]' "$(ask w1 /v1/heartbeat '{"node": "w1"}' >/dev/null; jq -c .commands "$work/body")"

# --- whatever happens to the provisioner --------------------------------------------------------------

version() { ask w1 /v1/heartbeat '{"node": "w1"}' >/dev/null; jq -r .secrets "$work/body"; }
was=$(version) pid=$(worker provisioner)
kill -9 "$pid"
is_back() { [ -n "$(worker provisioner)" ] && [ "$(worker provisioner)" != "$pid" ] && cli status; }
ok "the provisioner, killed with -9, is back" wait_for 10 "it" is_back
is "with the same authorities: nobody has to fetch anew" "$was" "$(version)"

# --- a role that changes, a node that goes ---------------------------------------------------------------

cp "$yaml" "$work/whole.yaml"
sed 's/name: p1, role: plain/name: p1, role: worker/; /name: w1/d' "$work/whole.yaml" >"$yaml"
kill -HUP "$serve"
is_gone() { [ "$(ask w1 /v1/secrets '{"node": "w1"}')" = 403 ]; }
ok "a node that is taken out of cluster.yaml gets nothing any more" wait_for 10 "that" is_gone
like "and is told why" 'w1 is no longer a node of this cluster' "$(cat "$work/body")"
has_client() { [ "$(placed p1 | wc -l)" -eq 3 ]; }
ok "a node whose role has changed is given what is new" wait_for 20 "it" has_client
registered() { [ "$(etcd_get /slipway/se/nodes/p1 | jq -r .name)" = p1 ]; }
ok "learns of etcd, and registers" wait_for 20 "it" registered
cp "$work/whole.yaml" "$yaml"
kill -HUP "$serve"
has_none() { [ -z "$(placed p1)" ]; }
ok "and loses it when the role changes back" wait_for 20 "that" has_none
is "no log holds a key" 0 "$(cat "$work"/*.log | grep -c 'PRIVATE KEY')"

done_testing
