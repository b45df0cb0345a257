#!/usr/bin/env bash
# The etcd client and the seeding, against Debian's etcd on the other side of a wire.
. "$(dirname "$0")/../lib.sh"
need_root
for tool in /usr/bin/etcd /usr/bin/etcdctl /usr/bin/python3; do
	[ -x $tool ] || { echo "ok 1 - etcd.sh # SKIP needs $tool"; echo 1..1; exit 77; }
done

net_new et
ip -n "$cli" addr add 10.77.0.11/24 dev c0
url=http://10.77.0.11:2379
export ETCDCTL_API=3

# etcd_start [OPTION...]: as a master runs it; $etcd is its pid. Its data stays over a restart.
etcd_start() {
	ip netns exec "$cli" /usr/bin/etcd --name m1 --data-dir "$work/etcd" --log-outputs stderr \
		--listen-client-urls "$url" --advertise-client-urls "$url" \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
		--initial-cluster m1=http://127.0.0.1:2380 "$@" >>"$work/etcd.log" 2>&1 </dev/null &
	etcd=$!
	defer "kill -9 $etcd; wait $etcd"
}
etcd_kill() { kill -9 "$etcd"; wait "$etcd" 2>/dev/null; }
etcd_fresh() { etcd_kill; rm -rf "$work/etcd"; etcd_start "$@"; }
healthy() { in_srv curl -sf -m 2 $url/health; }
ctl() { in_srv /usr/bin/etcdctl --endpoints $url "$@"; }
ask() { in_srv "$bin/tests/wire/etcd_client" "$@" 2>&1; }

# seed SECONDS FILE ENDPOINT...: in the foreground.
seed() { in_srv "$bin/tests/wire/etcd_seed" "$@" 2>&1; }

# seed_start NAME SECONDS FILE: in the background; what it says is in $work/NAME.log.
seed_start() {
	ip netns exec "$srv" "$bin/tests/wire/etcd_seed" "$2" "$3" $url >"$work/$1.log" 2>&1 &
	seeding=$!
	defer "kill $seeding; wait $seeding"
}
says() { grep -q -- "$2" "$work/$1.log"; }

cat >"$work/seed.yaml" <<-'EOF'
	/coreos.com/network/config: {Network: 10.2.0.0/16, SubnetLen: 24, Backend: {Type: vxlan, VNI: 1}}
	/site/name: acm
	/site/motd: |
	  Grüße, "all"	of you.
	/site/list: [1, "1", true, null, 1.5, {z: a, a: z}]
	/site/empty: ""
EOF

# --- seeding that begins before etcd
seed_start early 60 "$work/seed.yaml"
ok "seeding waits while etcd is down" wait_for 10 "the first report" says early "^waiting: etcd $url: connection refused"
etcd_start
ok "it goes on by itself when etcd is up" wait_for 30 "the end of seeding" says early '^done'
wait $seeding
is "and ends well" 0 $?
is "its reports name each key" "waiting healthy created created created created created done" \
	"$(sed 's/[ :].*//' "$work/early.log" | tr '\n' ' ' | sed 's/ $//')"

value() { ctl get "$1" --print-value-only; }
is "flannel's configuration is compact JSON in the order written" \
	'{"Network":"10.2.0.0/16","SubnetLen":24,"Backend":{"Type":"vxlan","VNI":1}}' "$(value /coreos.com/network/config)"
is "a text is stored as it is" acm "$(value /site/name)"
is "a block keeps its bytes" "$(printf 'Grüße, "all"\tof you.\n' | base64)" \
	"$(ctl get /site/motd -w json | jq -r '.kvs[0].value')"
is "types inside a list are kept" '[1,"1",true,null,1.5,{"z":"a","a":"z"}]' "$(value /site/list)"
is "an empty value is there and empty" '1 null' "$(ctl get /site/empty -w json | jq -r '"\(.count) \(.kvs[0].value)"')"

# --- a second time
revision() { ctl get / --prefix -w json | jq -c '[.header.revision, [.kvs[].mod_revision]]'; }
before=$(revision)
out=$(seed 20 "$work/seed.yaml" $url)
is "a second run ends well" 0 $?
is "it finds every key" 5 "$(grep -c '^existed' <<<"$out")"
is "and changes nothing" "$before" "$(revision)"
ctl put /site/name other >/dev/null
like "a value that somebody changed is told" '^existed /site/name \(another value\)' "$(seed 20 "$work/seed.yaml" $url)"
is "and kept" other "$(value /site/name)"

# --- the client's calls
like "get finds a key" '^/site/name=other$' "$(ask get /site/name -- $url)"
like "get of nothing is an answer" '^ok .*revision=[1-9]' "$(ask get /nowhere -- $url)"
is "a prefix finds its keys only" 4 "$(ask prefix /site/ -- $url | grep -c '^/site/')"
like "put overwrites" '^ok ' "$(ask put /p one -- $url; ask put /p two -- $url)"
is "with the last value" two "$(value /p)"
like "create leaves what is there" 'created=0' "$(ask create /p three -- $url)"
like "delete counts" 'deleted=1' "$(ask delete /p -- $url)"
like "delete of nothing counts nothing" 'deleted=0' "$(ask delete /p -- $url)"
is "200 requests at once, a third of them cancelled, are all answered" "133 ok, 0 failed, 0 open" "$(ask stress 200 -- $url)"
is "of 400 at once those beyond the limit of 256 fail" "256 ok, 144 failed, 0 open" "$(ask stress 600 -- $url)"
like "what etcd refuses is told in its words" "^error -22 refused etcd $url: etcdserver: key is not provided" "$(ask get '' -- $url)"
like "a dead endpoint is passed over" "^ok $url" "$(ask health -- http://10.77.0.11:1 $url)"
like "all dead: the error names one and counts" 'connection refused; nor did the other 1' "$(ask health -- http://10.77.0.11:1 http://10.77.0.11:2)"

# --- etcd dies in the middle and comes back
for i in $(seq 1000); do echo "/many/$i: value $i"; done >"$work/many.yaml"
seed_start many 60 "$work/many.yaml"
until [ "$(grep -c '^created' "$work/many.log")" -ge 20 ] || [ $SECONDS -gt 200 ]; do :; done
etcd_kill
ok "seeding notices that etcd went away" wait_for 10 "the report" says many '^waiting: etcd'
etcd_start
ok "and finishes when it is back" wait_for 40 "the end of seeding" says many '^done'
is "all thousand keys are there" 1000 "$(ctl get /many/ --prefix --keys-only | grep -c '^/many/')"
is "each told once" 1000 "$(grep -cE '^(created|existed) ' "$work/many.log")"
is "none changed afterwards" 0 "$(ctl get /many/ --prefix -w json | jq '[.kvs[] | select(.version != 1)] | length')"

# --- a wait cut short
etcd_kill
seed_start poked 60 "$work/seed.yaml"
sleep 3.5 # tries at 0, 1 and 3 s: the next is at 7 s
etcd_start
wait_for 10 "etcd" healthy
is "it still waits" 0 "$(grep -c '^healthy' "$work/poked.log")"
kill -USR1 $seeding
patience=1 ok "a poke ends the wait at once" wait_for 3 "the end of seeding" says poked '^done'

# --- a key that etcd does not want
etcd_fresh --max-request-bytes 2000
wait_for 20 "etcd" healthy
{ printf '/a: one\n/big: "%s"\n/c: three\n' "$(head -c 3000 /dev/zero | tr '\0' x)"; } >"$work/big.yaml"
out=$(seed 3 "$work/big.yaml" $url)
is "seeding is not done while a key is refused" 2 $?
like "the reason is told" '^failed /big: etcd .*request is too large' "$out"
is "once" 1 "$(grep -c '^failed' <<<"$out")"
is "the keys before and after it are there" "one three" "$(value /a) $(value /c)"

# --- servers that are not etcd
cat >"$work/liar.py" <<-'EOF'
	import socket, sys, threading, time
	http = lambda body, status="200 OK", more="": (
	    f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
	version = http(b'{"etcdserver":"3.4.23"}')
	def endless(c):
	    c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	    while True:
	        c.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
	lies = {
	    3001: lambda c, path: c.sendall(b"\x16\x03\x01\x02\x00garbage \x1b[2J not HTTP at all\r\n\r\n"),
	    3002: lambda c, path: c.sendall(http(b"<html>router login</html>")),
	    3003: lambda c, path: c.sendall(http(b'{"health":"false","reason":"\\u001b[2J"}', "503 Bad")),
	    3004: lambda c, path: endless(c),
	    3005: lambda c, path: None,
	    3006: lambda c, path: time.sleep(60),
	    3007: lambda c, path: c.sendall(http(b"", "302 Found", "Location: http://10.77.0.11:2379/health\r\n")),
	    3008: lambda c, path: c.sendall(version if b"version" in path else http(b'{"header":{},"kvs":[{"key":"!"}]}')),
	    3009: lambda c, path: c.sendall(version if b"version" in path else http(b"{}")),
	    3010: lambda c, path: c.sendall(http(b'{"etcdserver":"2.3.8"}')),
	    3011: lambda c, path: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
	    3012: lambda c, path: c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000),
	}
	def serve(port, lie):
	    s = socket.create_server(("10.77.0.11", port))
	    while True:
	        c, _ = s.accept()
	        def one(c=c):
	            try:
	                lie(c, c.recv(65536).split(b" ")[1])
	                c.shutdown(socket.SHUT_WR)
	                c.recv(65536)
	            except OSError:
	                pass
	            c.close()
	        threading.Thread(target=one, daemon=True).start()
	for port, lie in lies.items():
	    threading.Thread(target=serve, args=(port, lie), daemon=True).start()
	print("up", flush=True)
	time.sleep(250)
EOF
start liar ip netns exec "$cli" /usr/bin/python3 "$work/liar.py"
wait_for 10 "the liars" grep -q up "$work/liar.log"

# lie PORT VERB WANTED SENTENCE
lie() {
	local out
	out=$(ask $2 -- http://10.77.0.11:$1)
	like "$4" "^error -[0-9]+ etcd http://10.77.0.11:$1: $3" "$out"
	case $out in *$'\e'*) fail "$4: without raw bytes" "$out" ;; esac
}
lie 3001 health 'the answer is not HTTP' "bytes that are not HTTP are named"
lie 3002 health 'the answer is not JSON' "a web page is not etcd"
lie 3003 health 'not healthy: .x1b.2J' "a reason from the wire is escaped"
lie 3004 "get /a" 'the answer is larger than 1 MiB' "an endless answer is cut off"
lie 3005 health 'connection closed without an answer' "a closed connection is named"
lie 3007 health 'HTTP status 302' "a redirect is not followed"
lie 3008 "get /a" 'key 0 in the answer is broken' "bad base64 is refused"
lie 3009 "create /a b" 'the answer has no header of etcd' "an empty object is no answer"
lie 3010 "get /a" 'etcd 2 is only seeded' "etcd 2 is told apart"
lie 3010 "create /a b" 'HTTP status 200' "and must answer as one"
lie 3011 "get /a" 'connection closed in the middle of the answer' "half an answer is no answer"
lie 3012 "get /a" 'too large response headers' "endless headers are cut off"
began=$SECONDS
lie 3006 health 'no answer in time' "silence ends"
ok "after five seconds or so" test $((SECONDS - began)) -le 7
like "with a sound endpoint behind them all lies are survived" "^ok $url" \
	"$(ask get /a -- http://10.77.0.11:3001 http://10.77.0.11:3002 http://10.77.0.11:3003 http://10.77.0.11:3004 \
		http://10.77.0.11:3005 http://10.77.0.11:3008 http://10.77.0.11:3010 http://10.77.0.11:3011 $url)"

# --- etcd 2: the keys API of the real one, which says that it is older than it is
etcd_fresh --enable-v2
wait_for 20 "etcd" healthy
cat >"$work/older.py" <<-'EOF'
	import http.client, http.server
	class Older(http.server.BaseHTTPRequestHandler):
	    def relay(self):
	        n = int(self.headers.get("Content-Length") or 0)
	        c = http.client.HTTPConnection("10.77.0.11", 2379)
	        c.request(self.command, self.path, self.rfile.read(n), {"Content-Type": self.headers.get("Content-Type") or ""})
	        r = c.getresponse()
	        body = r.read()
	        if self.path == "/version":
	            body = b'{"etcdserver":"2.3.8","etcdcluster":"2.3.0"}'
	        self.send_response(r.status)
	        self.send_header("Content-Length", str(len(body)))
	        self.end_headers()
	        self.wfile.write(body)
	    do_GET = do_PUT = do_POST = relay
	http.server.ThreadingHTTPServer(("10.77.0.11", 2400), Older).serve_forever()
EOF
start older ip netns exec "$cli" /usr/bin/python3 "$work/older.py"
old=http://10.77.0.11:2400
old_up() { in_srv curl -sf -m 2 $old/version | grep -q 2.3.8; }
wait_for 10 "the older etcd" old_up
v2_get() { in_srv curl -sf -m 5 "$url/v2/keys$1?quorum=true" | jq -r .node.value; }
out=$(seed 20 "$work/seed.yaml" $old)
is "etcd 2 is seeded" 0 $?
is "with every key" 5 "$(grep -c '^created' <<<"$out")"
is "flannel's configuration is what it is in etcd 3" \
	'{"Network":"10.2.0.0/16","SubnetLen":24,"Backend":{"Type":"vxlan","VNI":1}}' "$(v2_get /coreos.com/network/config)"
is "a block keeps its bytes" "$(printf 'Grüße, "all"\tof you.')" "$(v2_get /site/motd)"
is "an empty value is there and empty" "" "$(v2_get /site/empty)"
in_srv curl -sf -m 5 -X PUT -d value=other "$url/v2/keys/site/name" >/dev/null
out=$(seed 20 "$work/seed.yaml" $old)
is "a second run finds every key" 5 "$(grep -c '^existed' <<<"$out")"
like "tells of the one that somebody has changed" '^existed /site/name \(another value\)' "$out"
is "and keeps it" other "$(v2_get /site/name)"
in_srv curl -sf -m 5 -X PUT -d dir=true "$url/v2/keys/a/folder" >/dev/null
echo '/a/folder: x' >"$work/folder.yaml"
like "a directory in a key's place is named" '^failed /a/folder: .*is a directory' "$(seed 3 "$work/folder.yaml" $old)"
is "nothing of it went into the keys of etcd 3" "" "$(ctl get / --prefix --keys-only)"

# --- TLS with client certificates
cd "$work" || exit 1
cert() { # cert NAME SUBJECT EXTENSIONS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$2" -out "$1.csr" &&
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$1.pem" \
			-extfile <(printf '%s' "$3")
} >/dev/null 2>&1
for ca in ca strange; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -subj "/CN=$ca" -days 2 -out $ca.pem >/dev/null 2>&1
done
cert server m1 "subjectAltName=IP:10.77.0.11,IP:127.0.0.1
extendedKeyUsage=serverAuth,clientAuth"
cert us slipway "extendedKeyUsage=clientAuth"
cd "$top" || exit 1
url=https://10.77.0.11:2379
etcd_fresh --cert-file "$work/server.pem" --key-file "$work/server.key" --client-cert-auth --trusted-ca-file "$work/ca.pem"
export ETCD_CA=$work/ca.pem ETCD_CERT=$work/us.pem ETCD_KEY=$work/us.key
tls_up() { ask health -- $url | grep -q '^ok'; }
ok "https with a client certificate works" wait_for 20 "etcd" tls_up
like "and stores" 'created=1' "$(ask create /tls yes -- $url)"
like "a server of another authority is refused" '^error -13 .*: SSL certificate problem' "$(ETCD_CA=$work/strange.pem ask health -- $url)"
like "etcd refuses us without our certificate" '^error -104 .*certificate' "$(env -u ETCD_CERT -u ETCD_KEY ip netns exec "$srv" "$bin/tests/wire/etcd_client" health -- $url 2>&1)"

done_testing
