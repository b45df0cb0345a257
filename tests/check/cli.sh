#!/usr/bin/env bash
# The commands without a server: exit statuses and first words of what they refuse. And with one that
# says hostile things, or goes away: a socket with canned answers behind it.
. "$(dirname "$0")/../lib.sh"
slipway=$bin/slipway

# refuses STATUS REGEX ARGUMENT...
refuses() {
	local status=$1 regex=$2 out rc
	shift 2
	out=$("$slipway" "$@" 2>&1 >/dev/null </dev/null)
	rc=$?
	is "slipway $*: exit status $status" "$status" $rc
	like "slipway $*: says why" "$regex" "$out"
}

refuses 2 'usage: slipway COMMAND'
refuses 2 'no command "nods" .did you mean "nodes"' nods
refuses 2 'no command "nods" .did you mean "nodes"' help nods
refuses 2 'nonsense' nodes --nonsense
refuses 2 'usage: slipway render .OPTIONS. NODE' render
refuses 2 'usage: slipway status' status extra
refuses 2 'not a node' nodes 'a/b'
refuses 2 'not a node' render 'a?b'
refuses 2 'not a node' events 'a%20b'
refuses 2 '"xml" is not table or json' nodes -o xml
refuses 2 '"xml" is not text or json' status -o xml
refuses 2 '"xml" is not text or json' events -o xml
refuses 2 'number from 0 to 10000' events -n -1
refuses 2 'not a node, MAC, address' leases 'a b'
refuses 2 'not a node, MAC, address' leases 'm1&state=free'
refuses 2 'not bound, offered' leases --state 'x y'
refuses 2 'not a time such as 10m' leases --expiring soon
refuses 2 'one IPv4 address' leases --clear-quarantine m1
refuses 2 'one IPv4 address' leases --clear-quarantine 10.0.0.1 10.0.0.2
refuses 2 '"xml" is not table or json' leases -o xml
refuses 4 'no server answers' leases --socket "$work/none"
refuses 2 'not a node, MAC or address' trace 'a b'
refuses 2 'usage: slipway trace' trace m1 m2
refuses 2 'a number from 1' trace -c 0
refuses 2 'a number from 1' trace -t soon
refuses 2 'exclude each other' trace -w x -o json
refuses 2 '"xml" is not text or json' trace -o xml
refuses 4 'no server answers' trace --socket "$work/none"
refuses 2 'text, markdown, scdoc, json-schema or json-schema-nodes' schema --format xml
refuses 2 '"xml" is not text or markdown' addons --format xml --templates "$top/templates"
refuses 3 'no add-on "dokcer" .did you mean "docker"' addons dokcer --templates "$top/templates"
refuses 65 'No such file' addons --images --templates "$top/templates" -c "$work/none.yaml"
like "slipway addons: names the roles that have one" '^flannel +etcd-client fetch +master worker +Flannel,' \
	"$("$slipway" addons -c "$top/tests/data/nodes/flatcar.yaml" --templates "$top/templates")"
like "slipway addons NAME: prints what it takes" 'log-max-files: a number, 1 to 100 .3.' "$("$slipway" addons docker --templates "$top/templates")"
like "slipway addons NAME: an empty default is one" 'listeners: a map .\{\}.' "$("$slipway" addons load-balancer --templates "$top/templates")"
is "slipway addons --images: as the mirror has them" registry.acm.internal:5000/coreos/etcd:v3.5.16 \
	"$("$slipway" addons --images -c "$top/tests/data/nodes/flatcar.yaml" --templates "$top/templates")"
[ "${UPDATE_GOLDEN:-}" ] && "$slipway" addons --format markdown -c "$work/none.yaml" --templates "$top/templates" >"$top/docs/reference/addons.md"
is "docs/reference/addons.md is what slipway addons prints (UPDATE_GOLDEN=1 writes it)" "" \
	"$("$slipway" addons --format markdown -c "$work/none.yaml" --templates "$top/templates" | diff "$top/docs/reference/addons.md" - 2>&1)"
refuses 2 'accepted, booting' wait --for stalled
refuses 2 'time such as' wait --timeout soon
refuses 2 'loud' serve --log-level loud
refuses 2 'started by hand' worker a b c d e f g h i j
refuses 2 'usage: slipway images VERB' images
refuses 2 'no verb "lsit" .did you mean "list"' images lsit
refuses 2 'usage: slipway images fetch .OPTIONS. DISTRIBUTION' images fetch
refuses 2 'nonsense' images list --nonsense
refuses 2 'not a distribution' images fetch ../flatcar
refuses 2 'not a number from 0 to 100' images fetch flatcar --retries many --templates "$top/templates"
refuses 2 'not made for "mips"' images fetch flatcar --arch mips --templates "$top/templates"
refuses 2 'no channel "betta" .did you mean "beta"' images fetch flatcar --channel betta --templates "$top/templates"
refuses 2 'not an http or https URL' images fetch flatcar --base-url ftp://x --templates "$top/templates"
refuses 3 'no distribution "gentoo"' images fetch gentoo --templates "$top/templates"
refuses 1 'Without the keys of Flatcar' images fetch flatcar --keyring "$work/none.gpg" --templates "$top/templates"
refuses 2 'expected NAME/VERSION' images import "$work" --name ../x --store "$work/store"
refuses 1 'give --name' images import "$work" --store "$work/store"
refuses 1 'No such file' images import "$work/nothing" --store "$work/store"
refuses 2 'expected NAME/VERSION' images export flatcar "$work/x.tar"
refuses 1 'nowhere.*the image store' images list --store "$work/nowhere"
refuses 2 'from 1 to 10000' images prune --keep 0
refuses 3 'no image flatcar/1' images rm flatcar/1 --store "$work/store"
refuses 3 'no image flatcar' images verify flatcar --store "$work/store"
refuses 4 'no server answers' status --socket "$work/none"
for c in "$top"/docs/examples/*/cluster.yaml; do
	ok "the example $(basename "$(dirname "$c")") is sound" "$slipway" check --config "$c" --templates "$top/templates"
done
refuses 65 'nothing.yaml' check --config "$work/nothing.yaml" --templates "$top/templates"
refuses 1 'nowhere' check --config "$work/x.yaml" --templates "$work/nowhere"
for c in init serve check nodes events leases trace wait status render schema "images fetch" "images import" "images export" "images list" "images verify" "images rm" "images prune"; do
	ok "slipway $c --help prints its usage" eval "'$slipway' $c --help | grep -q '^usage: slipway $c'"
done
ok "a full disk behind stdout is a failure" eval "! '$slipway' schema >/dev/full 2>/dev/null"

# A server: each line of the file `answers` is a path and a body; the file `away` makes it hang up.
python3 - "$work" <<'PY' &
import http.server, os, socketserver, sys
work = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self): return "-"
    def log_message(self, *a): pass
    def do_GET(self):
        if os.path.exists(work + "/away"): return self.connection.close()
        for line in open(work + "/answers"):
            path, body = line.rstrip("\n").split(" ", 1)
            if self.path.split("?")[0] == path:
                self.send_response(200); self.end_headers(); self.wfile.write(body.encode()); return
        self.send_response(404); self.end_headers(); self.wfile.write(b'{"error": "no such thing"}')
class Server(socketserver.UnixStreamServer):
    def get_request(self):
        s, _ = super().get_request()
        return s, ("-", 0)
Server(work + "/socket", Handler).serve_forever()
PY
server=$!
defer "kill $server; wait $server"
wait_for 10 "the socket" test -S "$work/socket"
s=(--socket "$work/socket")
evil='\u001b[31m\u009b2J\n\u0007'
cat >"$work/answers" <<-EOF
	/v1/nodes/m1 {"name":"m1","state":"ready","macs":[],"facts":{"vendor $evil":"$evil","deep":{"a":"$evil"}}}
	/v1/nodes [{"name":"m1","state":"ready","known":true,"macs":[]},{"name":"m2","state":"booting","step":"kernel","known":true,"macs":[]}]
	/v1/events []
	/v1/counters [{"name":"dhcp_ack","value":7,"text":"got its answer"}]
	/v1/leases {"leases":[{"address":"10.0.0.5"}],"complete":false,"error":"dhcpd was started anew"}
	/v1/status {nonsense
EOF
is "what a node says of itself comes to the terminal as plain text" "" \
	"$("$slipway" nodes m1 "${s[@]}" | LC_ALL=C grep -anP '[^\x20-\x7e]')"
like "and can be read" 'vendor .x1b.31m' "$("$slipway" nodes m1 "${s[@]}")"
refuses 1 'not JSON' status "${s[@]}"
refuses 1 'the list is not complete: dhcpd was started anew' leases "${s[@]}"
is "counters are told with their meanings" "dhcp_ack 7 got its answer" \
	"$("$slipway" status --counters "${s[@]}" | sed -n 2p | tr -s ' ')"
refuses 3 'no such thing' trace m9 "${s[@]}"
refuses 3 'no such thing' render m9 "${s[@]}"
ok "a node that is named twice is one node" "$slipway" wait m1 m1 -q "${s[@]}"
refuses 3 'not all of these' wait m1 m9 -q "${s[@]}"
refuses 6 'only 1 of 2 are ready: m2 is booting after step "kernel"' wait -q -t 1s "${s[@]}"
"$slipway" wait -q -t 20s "${s[@]}" 2>/dev/null &
waiting=$!
sleep 0.5
touch "$work/away"
sleep 0.5
ok "a wait outlives a server that is being restarted" kill -0 $waiting
sed -i 's/"booting"/"ready"/' "$work/answers"
rm "$work/away"
wait $waiting
is "and ends when all are there" 0 $?
done_testing
