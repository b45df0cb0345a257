#!/bin/bash
# `slipway serve` itself: what it refuses to start with, how it stops and reloads, and what strangers
# on the boot network can do to it. No machine boots here.
. "$(dirname "$0")/../lib.sh"
need_root

# --- a place to serve ----------------------------------------------------------------------------

net_new "slipway-serve-$$"
. "$(dirname "$0")/../wire/server_lib.sh"
user=nobody
server_files
server_image 5000000
sed 's/interface: br0/interface: s0/' "$top/docs/examples/lab/cluster.yaml" >"$yaml"
cp "$yaml" "$work/good.yaml"

# with OPTION VALUE...: the command line of serve; a later option wins over an earlier one.
with() {
	command=("$bin/slipway" serve --config "$yaml" --state "$work/state"
		--images "$work/images" --templates "$work/templates" --agent "$work/agent"
		--socket "$socket" --user $user "$@")
}

nobody_there() { [ -z "$(ip netns pids "$srv")" ]; }

# refuses SENTENCE STATUS REGEX: serve must stop by itself, with that status, saying that (and hardly more).
refuses() {
	local began=$SECONDS out rc lines
	out=$(timeout 10 ip netns exec "$srv" "${command[@]}" 2>&1 </dev/null)
	rc=$?
	is "$1: exit status $2" "$2" "$rc"
	like "$1: says why" "$3" "$out"
	lines=$(grep -vc ' info  ' <<<"$out")
	ok "$1: in few words, soon, and leaving nothing" \
		eval "[ $lines -ge 1 ] && [ $lines -le 3 ] && [ $((SECONDS - began)) -le 5 ] && nobody_there && [ ! -e '$socket' ]"
	[ $lines -le 3 ] || printf '# %s\n' "${out//$'\n'/$'\n'# }"
}

edit() { sed -i "$1" "$yaml"; }
restore() { cp "$work/good.yaml" "$yaml"; rm -rf "$work/config/templates"; }
# An operator's own template, which wins over the shipped one of that name: that one with a mistake at its end.
spoil() {
	mkdir -p "$work/config/templates"
	{ cat "$work/templates/worker.yaml"; echo "$1"; } >"$work/config/templates/worker.yaml"
	mistake="worker\\.yaml:$(wc -l <"$work/config/templates/worker.yaml"):[0-9]+: "
}

# --- what it refuses -----------------------------------------------------------------------------

with
edit 's/domain: lab.internal/domian: lab.internal/'
refuses "a misspelt key" 65 'cluster\.yaml:6:1: .*domian.*did you mean "domain"'
restore

edit 's/52:54:00:77:02:01/52:54:00:77:02:zz/'
refuses "a broken MAC" 65 'cluster\.yaml:[0-9]+:[0-9]+: nodes\[1\]\.mac.*52:54:00:77:02:zz'
restore

edit 's/10\.77\.0\.12/10.77.0.11/'
refuses "two nodes with one address" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*10\.77\.0\.11'
restore

with --config "$work/config/nothing.yaml"
refuses "no cluster.yaml" 65 'nothing\.yaml: No such file'

with
edit 's|image: lab/1|image: lab/7|'
refuses "an image that is not in the store" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*lab/7'
restore

mv "$work/images/lab/1/initrd.img" "$work/initrd.img"
refuses "an image without its RAM disk" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*initrd\.img'
mv "$work/initrd.img" "$work/images/lab/1/initrd.img"

mv "$work/images/lab/1/manifest.json" "$work/manifest.json"
refuses "an image without a manifest" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*lab/1 has no manifest.json: .slipway images import'
echo '{"format": 1}' >"$work/images/lab/1/manifest.json"
refuses "an image with a broken manifest" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*manifest.json: name and version'
mv "$work/manifest.json" "$work/images/lab/1/manifest.json"

edit 's/template: worker.yaml/template: wroker.yaml/'
refuses "a template that is not there" 65 'cluster\.yaml:[0-9]+:[0-9]+: .*wroker\.yaml'
restore

spoil '{{ node.nmae }}'
refuses "a mistake in a template" 65 "$mistake.*nmae"
restore

edit 's/interface: s0/interface: nope0/'
refuses "an interface that is not there" 1 'nope0'
restore

with --user no-such-user
refuses "a user that is not there" 1 'user "no-such-user" does not exist'

with --images "$work/nowhere"
refuses "no image store" 1 'nowhere: No such file.*--images'

with --templates "$work/nowhere"
refuses "no templates" 1 'nowhere: No such file.*--templates'

with --agent "$work/images"
refuses "no join agent" 1 'slipway-join.*--agent'

with --log-level loud
refuses "a log level that is none" 2 'loud.*error, warn, info, debug'

command=(setpriv --reuid $user --clear-groups "${command[@]}")
with
command=(setpriv --reuid $user --clear-groups "${command[@]}")
refuses "a start without root" 1 'must be started by root'

# --- serving -------------------------------------------------------------------------------------

serve() {
	with --log-level debug
	ip netns exec "$srv" "${command[@]}" >>"$work/serve.log" 2>&1 </dev/null &
	serve=$!
	defer "kill -9 $serve; wait $serve"
	wait_for 10 "the server" answers
}
counter() { cli status -o json | jq ".counters.$1 // 0"; }
counted() { [ "$(counter "$1")" -gt "$2" ]; }
generation() { cli status -o json | jq .generation; }

serve
ok "a good cluster.yaml is served" answers

for w in provisioner dhcpd netboot; do
	s=/proc/$(worker $w)/status
	is "$w runs as $user, without a way back" "$(id -u $user) $(id -u $user) $(id -u $user) $(id -u $user)" \
		"$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "$s")"
	is "$w has no capability, no new privileges, a seccomp filter" "0 1 2" \
		"$(awk '/^Cap(Eff|Prm|Bnd|Inh|Amb):/ { if ($2 !~ /^0+$/) c = 1 } /^NoNewPrivs:/ { n = $2 } /^Seccomp:/ { s = $2 }
			END { print c + 0, n, s }' "$s")"
done

ip -n "$cli" link add s0 type bridge
ip -n "$cli" addr add 10.77.0.1/24 dev s0
ip -n "$cli" link set s0 up
out=$(timeout 10 ip netns exec "$cli" "${command[@]}" 2>&1)
is "a second server on the same socket stops: exit status 1" 1 $?
like "and says that another one serves there" "slipway\.sock: another slipway serves here" "$out"
ip -n "$cli" link del s0
out=$(timeout 10 ip netns exec "$srv" "${command[@]}" --socket "$work/other.sock" 2>&1)
is "a second server on the same network stops: exit status 1" 1 $?
like "and names the port that is taken" "port [0-9]+ .*[Aa]ddress already in use" "$out"
ok "the first one goes on" answers

# --- reload --------------------------------------------------------------------------------------

was=$(generation)
mark
spoil '{% if %}'
kill -HUP $serve
ok "a reload with a broken template names file, line and column" wait_for 5 "the mistake" logged "$mistake"
ok "and says that the old generation stays" wait_for 5 "the word" logged "generation $was stays"
is "which it does" "$was" "$(generation)"

restore
mark
edit 's/domain: lab.internal/domain: other.internal/'
kill -HUP $serve
wait_for 5 "the new generation" logged "generation $((was + 1)) is published"
is "a good one is published whole" "$((was + 1))" "$(generation)"
like "and is what nodes get from now on" 'worker1\.other\.internal' "$(cli render worker1)"

# --- strangers on the boot network ---------------------------------------------------------------

ip -n "$cli" addr add 10.77.0.150/24 dev c0
before_http=$(counter http_malformed) before_tftp=$(counter tftp_malformed) before_dhcp=$(counter dhcp_malformed)
mark
# Names and texts that would ring bells, break lines or colour the screen of whoever reads a log.
in_cli python3 - <<'PY'
import socket, struct
evil = b"\x1b[31mPWNED\x07\r\n2026-01-01 forged line\x00\xff\xfe"
def tcp(data):
    s = socket.create_connection(("10.77.0.1", 80), 5)
    s.settimeout(2)
    try:
        s.sendall(data)
        while s.recv(4096): pass
    except OSError: pass
    s.close()
for data in (b"\x16\x03\x01" + evil, b"GET /" + evil + b" HTTP/1.1\r\n\r\n", b"BREW / HTTP/9.9\r\n" + evil,
             b"GET / HTTP/1.1\r\nHost: " + b"a" * 70000, b"GET /%1b%5b31mPWNED%0d%0aforged%00 HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET /script.ipxe?mac=52-54-00-77-09-01&serial=%1b%5b31mPWNED%0d%0aforged HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET /images/../../../etc/shadow HTTP/1.1\r\nHost: x\r\n\r\n"):
    tcp(data)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for data in (b"", b"\x00", evil, b"\x00\x01" + evil, b"\x00\x01" + b"a" * 600, b"\x00\x01f\x00octet\x00blksize\x00" + evil,
             b"\x00\x01../../etc/shadow\x00octet\x00", b"\x00\x01\x1b[31mPWNED\r\nforged\x00octet\x00", b"\x00\x02x\x00octet\x00"):
    u.sendto(data, ("10.77.0.1", 69))
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
d.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"c0")
d.bind(("", 68))
def bootp(options, mac=b"\x52\x54\x00\x77\x09\x01"):
    return struct.pack("!BBBBIHH4s4s4s4s16s64s128s4s", 1, 1, 6, 0, 7, 0, 0x8000, b"", b"", b"", b"", mac, evil, evil,
                       b"\x63\x82\x53\x63") + options
def option(code, data): return bytes((code, len(data))) + data
for data in (b"\x01", evil, bootp(b"")[:200], bootp(b"\x35\xff\x01"), bootp(option(53, b"\x01") + b"\x0c\xc8abc"),
             bootp(option(53, b"\x01") + option(12, evil) + option(60, evil) + option(77, evil) + option(61, b"\x00" + evil) + b"\xff")):
    d.sendto(data, ("255.255.255.255", 67))
PY
ok "malformed HTTP is counted" wait_for 5 "its counter" counted http_malformed "$before_http"
ok "malformed TFTP is counted" wait_for 5 "its counter" counted tftp_malformed "$before_tftp"
ok "malformed DHCP is counted" wait_for 5 "its counter" counted dhcp_malformed "$before_dhcp"
like "the stranger is waiting, without a role" '^52:54:00:77:09:01 +- +waiting ' "$(cli nodes)"
raw=$(tail -c "+$from" "$work/serve.log" | LC_ALL=C grep -naP '[^\x09\x20-\x7e]')
is "no raw byte of theirs is in the log" "" "$raw"
is "nor a line that they wrote" "" "$(tail -c "+$from" "$work/serve.log" | grep -v '^20[0-9-]*T[0-9:.]*Z \(debug\|info \|warn \|error\) ')"
is "nor in what the commands print" "" "$({ cli nodes; cli nodes 52:54:00:77:09:01; cli events -n 1000; } | LC_ALL=C grep -naP '[^\x09\x20-\x7e]')"
ok "no file outside came out" eval "! grep -q 'status=200.*shadow' '$work/serve.log'"
ok "all is still served" eval "in_cli curl -sf -m 5 http://10.77.0.1/boot.ipxe | grep -q '^#!ipxe'"

# --- tftp-hpa's server instead of ours -----------------------------------------------------------

fetch() { rm -f "$work/out" && in_cli timeout 20 tftp -m binary 10.77.0.1 -c get "$1" "$work/out" && cmp "$work/out" "$2"; }
firmware=$(dirname "$(readlink -f /usr/lib/ipxe/snponly.efi)")
ok "our own TFTP serves a loader" fetch snponly.efi "$firmware/snponly.efi"
edit '$ a tftp: {backend: tftpd-hpa}'
kill -HUP $serve
ok "who serves TFTP can not change under way, and a reload says so" wait_for 5 "the word" logged 'waits for a restart of slipway'
kill $serve
wait $serve
serve
tftpd_pid() { ip netns pids "$srv" | while read -r p; do grep -q '^in.tftpd' "/proc/$p/comm" && echo "$p"; done | head -n 1; }
tftpd_pid_is_there() { [ "$(tftpd_pid)" ]; }
ok "in.tftpd runs" wait_for 5 "it" tftpd_pid_is_there
for name in snponly.efi firmware/snponly.efi /snponly.efi '\snponly.efi'; do
	ok "in.tftpd serves $name" fetch "$name" "$firmware/snponly.efi"
done
ok "in.tftpd serves nothing outside of the folder" eval "! fetch ../../../etc/hostname /etc/hostname"
was=$(tftpd_pid)
kill -9 "$was"
comes_back() { [ "$(tftpd_pid)" ] && [ "$(tftpd_pid)" != "$was" ]; }
ok_soon "in.tftpd, killed with -9, is back" comes_back
ok "and serves" wait_for 5 "a file" fetch snponly.efi "$firmware/snponly.efi"
kill $serve
wait $serve
ok "it stops with the server" nobody_there
restore
serve

# --- ends ----------------------------------------------------------------------------------------

for w in provisioner dhcpd netboot; do
	was=$(worker $w)
	kill -9 "$was"
	comes_back() { answers && [ "$(worker $w)" ] && [ "$(worker $w)" != "$was" ]; }
	ok_soon "$w, killed with -9, is back" comes_back
done
ok "and all is served" eval "in_cli curl -sf -m 5 http://10.77.0.1/boot.ipxe | grep -q '^#!ipxe'"
like "the stranger is not forgotten" '^52:54:00:77:09:01 +- +waiting ' "$(cli nodes)"

was=$(generation)
disown $serve # bash would tell of its end
kill -9 $serve
ok "a killed supervisor takes its workers along" wait_for 5 "them" nobody_there
serve
ok "its socket does not hinder the next one" answers
is "which has the same generation" "$was" "$(generation)"

began=$SECONDS
kill -TERM $serve
wait $serve
is "SIGTERM is a clean stop: exit status 0" 0 $?
ok "within seconds" [ $((SECONDS - began)) -le 3 ]
ok "with no process left" nobody_there
ok "and no socket" [ ! -e "$socket" ]
done_testing
