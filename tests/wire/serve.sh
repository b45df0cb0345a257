#!/usr/bin/env bash
# The whole server, `slipway serve` as it is, and one master played by hand with real clients: a lease by
# udhcpc, scripts and Ignition by curl, the real etcd, and the real slipway-join with the token that the
# Ignition brought. Then what must not work, and what must go on whatever is killed.
# (tests/boot/serve.sh has what serve refuses to start with and what malformed packets do to it.)
. "$(dirname "$0")/../lib.sh"
need_root
net_new rv
. "$(dirname "$0")/server_lib.sh"
mac=02:00:00:00:00:11 address=10.77.0.11 other=10.77.0.150

mkdir "$work/node"
server_files
server_image
cat >"$yaml" <<-EOF
	cluster: rv
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	ports: {https: 443}
	dhcp: {pool: 10.77.0.100-10.77.0.149}
	image: lab/1
	etcd: {seed: {/coreos.com/network/config: {Network: 10.2.0.0/16}, /greeting: hello}}
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	nodes:
	  - {name: m1, role: master, mac: $mac, address: $address}
EOF
cp "$yaml" "$work/good.yaml"

# --- helpers -------------------------------------------------------------------------------------

node() { cli nodes m1 -o json | jq -r "$1"; }
state_is() { [ "$(node .state)" = "$1" ]; }
count_events() { cli events -n 10000 m1 -o json | jq -r "select(.kind == \"$1\") | .text" | grep -c -- "${2:-}"; }
etcd_get() { in_cli env ETCDCTL_API=3 etcdctl --endpoints "http://$address:2379" get --print-value-only "$1"; }
etcd_is_up() { in_cli curl -fs -m 2 "http://$address:2379/health"; }
# post BODY: to /v1/join; the answer goes to $work/body, the status is printed.
post() { in_cli curl -sk -m 5 -o "$work/body" -w '%{http_code}' --data-binary @- https://10.77.0.1:8443/v1/join <<<"$1"; }
field() { sed -n "s/^$1=//p" "$work/join.env"; }

# Descriptors 7 and 9 stand for what a careless parent leaves open.
server_start --log-level debug 7</etc/passwd 9</etc

# --- who holds what ------------------------------------------------------------------------------

is "no worker holds what the server was started with" "" \
	"$(for w in provisioner dhcpd netboot; do ls -l /proc/"$(worker $w)"/fd; done | grep -E 'passwd|/etc$')"
folders() { find /proc/"$(worker "$1")"/fd -type l -printf '%l\n' | sed -n "s|^$work/||p" | grep -v '\.log$\|^state/' | sort | tr '\n' ' '; }
is "the provisioner holds the folders it reads" "agent config images templates " "$(folders provisioner)"
is "netboot holds what it serves" "agent images " "$(folders netboot)"
is "dhcpd holds no folder of ours" "" "$(folders dhcpd)"
sockets() {
	local inode pid
	pid=$(worker "$1")
	for inode in $(find /proc/"$pid"/fd -type l -printf '%l\n' | sed -n 's/^socket:\[\(.*\)\]$/\1/p'); do
		ip netns exec "$srv" ss -Hanlep 2>/dev/null | awk -v i="ino:$inode" '$0 ~ i"( |$)" { print $1 ":" $5 }'
	done | sed -n 's/.*\(udp\|tcp\).*:\([0-9]*\)$/\1 \2/p' | sort -u | tr '\n' ' '
}
is "dhcpd holds the DHCP sockets alone" "udp 4011 udp 67 " "$(sockets dhcpd)"
is "netboot holds TFTP and HTTP" "tcp 443 tcp 80 udp 69 " "$(sockets netboot)"
like "the provisioner listens for join agents, and nothing else" '^tcp 8443 $' "$(sockets provisioner)"

# --- a master boots ------------------------------------------------------------------------------

ip -n "$cli" link set c0 address $mac
out=$(pxe_lease)
like "udhcpc with its MAC gets its address of cluster.yaml" "lease of $address obtained" "$out"
ip -n "$cli" addr add $other/24 dev c0
ok "it is booting" wait_for 3 "that" state_is booting

is "the first script is for everybody" 200 "$(fetch $other /boot.ipxe)"
like "and leads to its own" '/script.ipxe\?mac=' "$(cat "$work/body")"
is "its own script" 200 "$(fetch $address "/script.ipxe?mac=${mac//:/-}&serial=A1")"
config=$(grep -o "$url/n/[0-9a-f]*/config" "$work/body" | head -n 1)
config=${config#"$url"}
like "names its configuration by a nonce" '^/n/[0-9a-f]{32}/config$' "$config"
for f in $(grep -oE "$url/images/[^ ]*" "$work/body" | sort -u); do
	is "${f#"$url"} is served" 200 "$(fetch $address "${f#"$url"}")"
done
is "a script for its MAC from another address is one that says why" 200 "$(fetch $other "/script.ipxe?mac=${mac//:/-}&serial=EVIL")"
like "and boots nothing" "m1 has address $address, but this request came from $other" "$(cat "$work/body")"
is "nor may others say what its serial is" A1 "$(node .serial)"
is "its configuration is not for another address" 403 "$(fetch $other "$config")"
is "nor is there one for a made-up nonce" 404 "$(fetch $address /n/00000000000000000000000000000000/config)"
is "a script without a MAC is a bad request" 400 "$(fetch $address '/script.ipxe?mac=%zz')"
is "its configuration" 200 "$(fetch $address "$config")"
cp "$work/body" "$work/config.ign"
jq -r '.storage.files[] | select(.path == "/etc/slipway/join.env") | .contents.source' "$work/config.ign" |
	python3 -c 'import sys, urllib.parse; print(urllib.parse.unquote(sys.stdin.read().strip().split(",", 1)[1]), end="")' >"$work/join.env"
token=$(field SLIPWAY_TOKEN)
is "is Ignition with a token of 43 characters" 43 ${#token}

# --- boot HTTP under TLS --------------------------------------------------------------------------

by_tls() { in_cli curl -sf -m 5 --cacert "$work/state/provisioner/ca.crt" "https://10.77.0.1/boot.ipxe" | grep -q '^#!ipxe'; }
ok "boot HTTP is served with TLS too, with a certificate of the cluster's CA" wait_for 10 "an answer" by_tls
like "whose key is RSA, as firmware wants it" 'rsaEncryption' "$(in_cli openssl s_client -connect 10.77.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -text | grep 'Public Key Algorithm')"
is "netboot holds no CA key" "" "$(ls -l /proc/"$(worker netboot)"/fd | grep -E 'ca\.key|provisioner')"

# --- it joins ------------------------------------------------------------------------------------

start etcd ip netns exec "$cli" etcd --name m1 --data-dir "$work/etcd" --listen-client-urls "http://$address:2379" \
	--advertise-client-urls "http://$address:2379" --listen-peer-urls http://127.0.0.1:2380 \
	--initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster m1=http://127.0.0.1:2380 --unsafe-no-fsync
is "the agent is served" 200 "$(fetch $address /agent/slipway-join)"
ok "byte for byte" cmp "$work/body" "$bin/slipway-join"
install -m 755 "$work/body" "$work/node/slipway-join"
is "a token that was never given out is refused" 403 \
	"$(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/thief.key" -subj /O=slipway:node/CN=m1 -out "$work/thief.csr" 2>/dev/null
	post "$(jq -n --rawfile csr "$work/thief.csr" --arg t "$(printf 'A%.0s' {1..43})" '{token: $t, csr: $csr, node: "m1"}')")"
for body in '' '[]' '{' '{"token":1,"csr":2,"node":3}' '{"token":"x","csr":"y","node":"m1"}' "$(head -c 300000 /dev/zero | tr '\0' '[')"; do
	like "a join of $(head -c 24 <<<"$body")... is a bad request" '^4..$|^000$' "$(post "$body")"
done
before=$(ms)
# Its /run is its own: what it says there is for this node's units.
start agent ip netns exec "$cli" sh -c 'mount -t tmpfs run /run && exec "$@"' sh "$work/node/slipway-join" --env "$work/join.env" --state "$work/node/state"
agent=$started
ok "with the real agent and the real etcd it becomes ready" wait_for 60 "the node to be ready" state_is ready
echo "# ready $(($(ms) - before)) ms after its agent started"
[ "$(node .state)" = ready ] || { tail -n 20 "$work/agent.log" "$work/serve.log"; exit 1; }
is "a seeded text is in etcd" hello "$(etcd_get /greeting)"
is "a seeded map is, as JSON" '{"Network":"10.2.0.0/16"}' "$(etcd_get /coreos.com/network/config | jq -c .)"
is "and the node itself" m1 "$(etcd_get /slipway/rv/nodes/m1 | jq -r .name)"
is "its facts are kept" object "$(node '.facts | type')"
is "it says which generation it runs" "$(field SLIPWAY_GENERATION)" "$(node .generation)"
is "its token has had its day" 403 \
	"$(post "$(jq -n --rawfile csr "$work/thief.csr" --arg t "$token" '{token: $t, csr: $csr, node: "m1"}')")"
like "and the thief is told why" 'this token has been used' "$(cat "$work/body")"
for _ in 1 2 3 4 5; do
	post "$(jq -n --rawfile csr "$work/thief.csr" --arg t "$token" '{token: $t, csr: $csr, node: "m1"}')" >/dev/null
done
is "which is one event, however often" 1 "$(count_events refused 'has been used')"
is "a heartbeat without certificate is refused" 401 \
	"$(in_cli curl -sk -m 5 -o /dev/null -w '%{http_code}' -d '{}' https://10.77.0.1:8443/v1/heartbeat)"
rss=$(for w in provisioner dhcpd netboot; do awk -v w=$w '/^VmRSS/ { printf "%s %s KiB ", w, $2 }' /proc/"$(worker $w)"/status; done)
echo "# resident: ${rss}slipway $(awk '/^VmRSS/ { print $2 }' /proc/"$serve"/status) KiB"

# --- whatever is killed --------------------------------------------------------------------------

for w in dhcpd netboot provisioner; do
	was=$(worker $w)
	kill -9 "$was"
	is_back() { [ -n "$(worker $w)" ] && [ "$(worker $w)" != "$was" ] && cli status; }
	ok_soon "$w, killed with -9, is back" is_back
done
is "the node is still ready" ready "$(node .state)"
is "its facts are still there" object "$(node '.facts | type')"
is "its configuration is still its own" 403 "$(fetch $other "$config")"
seen=$(node .last_seen_ms)
heard() { [ "$(node .last_seen_ms)" -gt "$seen" ]; }
ok "and its heartbeats come through" wait_for 15 "a heartbeat" heard
sleep 6 # one more heartbeat: etcd's seed is looked for anew meanwhile
is "which leave it ready" ready "$(node .state)"
like "it keeps its lease" "lease of $address obtained" \
	"$(in_cli timeout 20 busybox udhcpc -f -q -n -i c0 -t 4 -T 1 -s /bin/true 2>&1)"

# --- another DHCP server ------------------------------------------------------------------------------

is "no other DHCP server is known" 0 "$(cli status -o json | jq '.rivals | length')"
in_cli /usr/bin/python3 "$top/tests/wire/dhcp_guard_packets.py" refuse=31,7
rival() { cli status | grep -q '^rivals  *10\.77\.0\.7 (06:00:00:00:00:77)$'; }
ok "another one that betrays itself is in the status" wait_for 5 "the rival" rival
like "and in the cluster's timeline" 'another DHCP server, 10\.77\.0\.7 \(06:00:00:00:00:77\), answered 06:00:00:00:00:1f' \
	"$(cli events -n 10000 -o json | jq -r 'select(.kind == "rival") | .text')"

# --- cluster.yaml changes ------------------------------------------------------------------------

generation() { cli status -o json | jq .generation; }
was=$(generation)
mark
sed -i 's/role: master, mac/rolle: master, mac/' "$yaml"
kill -HUP "$serve"
ok "a reload with a mistake names its place" wait_for 5 "it" logged 'cluster.yaml:10:[0-9]+: nodes\[0\]\.rolle'
ok "and changes nothing" logged "generation $was stays"
mark
victim=$(worker provisioner)
kill -9 "$victim"
is_back() { [ -n "$(worker provisioner)" ] && [ "$(worker provisioner)" != "$victim" ] && cli status; }
ok "a provisioner that dies now is back with what was published" wait_for 10 "it" is_back
is "which is the same generation" "$was" "$(generation)"
ok "and says that cluster.yaml is another one" logged 'cluster.yaml differs from generation'
is "images are still served" 200 "$(fetch $address /images/lab/1/vmlinuz)"
like "and leases" "lease of $address obtained" \
	"$(in_cli timeout 20 busybox udhcpc -f -q -n -i c0 -t 4 -T 1 -s /bin/true 2>&1)"
cp "$work/good.yaml" "$yaml"
mark
kill -HUP "$serve"
ok "a reload of what is published has nothing to do" wait_for 5 "the word" logged 'nothing to publish'

mark
sed -i 's/^ports:.*/ports: {http: 8081, https: 443}/' "$yaml"
kill -HUP "$serve"
ok "ports can not change under way, and a reload says so" wait_for 5 "the word" logged "generation $((was + 1)) waits for a restart"
is "until then the one before is served" "$was" "$(generation)"
cp "$work/good.yaml" "$yaml"
mark
sed -i 's/hello/hi/; s/^image:/kernel-args: [quiet]\nimage:/' "$yaml"
kill -HUP "$serve"
ok "a good reload is published" wait_for 5 "it" logged "generation $((was + 2)) is published"
like "and is what nodes get" ' quiet' "$(cli render m1 --as ipxe)"
mkdir -p "$work/config/nodes.d"
echo '- {name: w9, role: worker, mac: 52:54:00:77:09:09, address: 10.77.0.29, kernel-args: [own=w9]}' >"$work/config/nodes.d/rack.yaml"
chmod -R a+rX "$work/config/nodes.d"
sed -i 's/^nodes:/  worker: {template: worker.yaml}\nnodes:/' "$yaml"
mark
kill -HUP "$serve"
ok "a node in a file of nodes.d is published" wait_for 5 "it" logged "generation $((was + 3)) is published"
like "and gets what it says itself beside the others" ' quiet own=w9' "$(cli render w9 --as ipxe)"
is "what etcd holds is kept" hello "$(etcd_get /greeting)"
sleep 6
is "the node stays ready" ready "$(node .state)"

# --- the end -------------------------------------------------------------------------------------

kill "$agent"
server_ends
is "nor in the agent's" "" "$(grep -E 'Sanitizer|runtime error' "$work/agent.log")"
is "no log tells the token" 0 "$(grep -cF -- "$token" "$work/serve.log" "$work/agent.log" | awk -F: '{ n += $2 } END { print n }')"
done_testing
