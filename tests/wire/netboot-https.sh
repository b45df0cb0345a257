#!/usr/bin/env bash
# Boot HTTP under TLS: curl and openssl as clients, and those that mean harm.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/netboot_lib.sh"
need_root
netboot_tree
export TREE=$tree
cd "$work" || exit 1

# An operator's own: RSA all the way, as firmware of 2019 wants it.
quiet() { "$@" >>openssl.log 2>&1 || { cat openssl.log; exit 1; }; }
quiet openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=site -days 30
quiet openssl req -newkey rsa:2048 -nodes -keyout boot.key -out boot.csr -subj /CN=boot
quiet openssl x509 -req -in boot.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out boot.crt \
	-extfile <(echo "subjectAltName=IP:10.77.0.1")
cat boot.key boot.crt ca.crt >boot.pem
netboot_start nbt NETBOOT_TLS="$work/boot.pem"

url=https://10.77.0.1
tls() { in_cli timeout 60 curl -s --cacert ca.crt "$@"; }
answers() { tls -f -o /dev/null "$url/agent/slipway-join"; }
ok "it is served once the key has come" wait_for 10 "an answer" answers
fetch() { rm -f out && tls -f -o out "${@:3}" "$url/$1" && cmp out "$tree/$2"; }
odd() { in_cli timeout 300 env TLS_CA="$work/ca.crt" /usr/bin/python3 "$top/tests/wire/netboot_odd_http.py" "$1" 10.77.0.1; }

ok "40 MiB of an image by TLS 1.3" fetch images/debian/12/initrd.img firmware/forty.bin --tlsv1.3
ok "and by TLS 1.2" fetch images/debian/12/initrd.img firmware/forty.bin --tls-max 1.2
ok "by what iPXE of 2019 knows: RSA key exchange, CBC, SHA-256" fetch firmware/five.bin firmware/five.bin --tls-max 1.2 --ciphers AES128-SHA256
ok "an empty file" fetch images/debian/12/empty firmware/empty.bin
is "TLS 1.1 is refused" 35 "$(tls -o /dev/null --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 "$url/boot.ipxe"; echo $?)"
is "without the CA nobody is fooled" 60 "$(in_cli timeout 20 curl -s -o /dev/null "$url/boot.ipxe"; echo $?)"
ok "and the provisioner is told who said so" said 'refused client=10.77.0.2 why=it does not trust .*unknown CA'
ok "and that TLS 1.1 is not spoken" said 'refused client=10.77.0.2 why=it speaks no TLS 1.2'
# EDK2 says nothing: it hangs up when it has seen whose certificate it is.
ok "who hangs up at the certificate is told of, too" in_cli /usr/bin/python3 -c 'import socket, ssl, struct
out = ssl.MemoryBIO()
context = ssl.create_default_context()
context.maximum_version = ssl.TLSVersion.TLSv1_2
try: context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="10.77.0.1").do_handshake()
except ssl.SSLWantReadError: pass
c = socket.create_connection(("10.77.0.1", 443), 60, ("10.77.0.3", 0))
c.sendall(out.read())
assert c.recv(100)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
c.close()'
ok "in words" said 'refused client=10.77.0.3 why=it does not trust .*hung up'
like "the provisioner's script is passed on" '#!ipxe' "$(tls "$url/boot.ipxe?mac=52:54:00:00:00:01")"
is "a connection is kept over three requests" 1 \
	"$(tls -v "$url/agent/slipway-join" "$url/boot.ipxe" "$url/never" 2>&1 >/dev/null | grep -c 'SSL connection using')"
like "not yet is 503 here too" 'Retry-After: 7' "$(tls -i "$url/later")"
ok "20 downloads at once are all whole" bash -c 'for i in $(seq 20); do (ip netns exec "$1" curl -sf --cacert ca.crt "$2/firmware/five.bin" | cmp - "$TREE/firmware/five.bin") & p="$p $!"; done
	for i in $p; do wait $i || exit 1; done' - "$cli" "$url"
for case in head_then_get:"HEAD, then GET on the same connection" pipelined:"requests in one go are answered in order" \
	one_byte_at_a_time:"a head may come byte by byte" ranges:"ranges" etags:"ETags" replaced_file:"a file replaced during its download ends as it began" \
	truncated_file:"a file that is cut while it is served ends the connection, not the worker" vanishes_in_the_middle:"clients that vanish do no harm"; do
	ok "${case#*:}" odd "${case%%:*}"
done
like "plain HTTP is told that this port speaks TLS" '400 Bad Request' "$(in_cli timeout 20 curl -si http://10.77.0.1:443/)"
garbage() { head -c 20000 /dev/urandom | in_cli timeout 5 bash -c 'cat >/dev/tcp/10.77.0.1/443'; answers; }
ok "garbage harms nobody" garbage
half_open() { # handshakes that do not go on: cut after ten seconds, and nobody waits for them
	in_cli /usr/bin/python3 -c 'import socket
s = [socket.create_connection(("10.77.0.1", 443)) for _ in range(30)]
[c.sendall(b"\x16\x03\x01\x02\x00\x01") for c in s]
for c in s: c.settimeout(90); assert c.recv(1) == b""' && touch half.done
}
start half half_open
ok "others are served beside handshakes that stand still" answers
ok "which are cut" wait_for 30 "their end" test -e half.done
ok "plain boot HTTP goes on beside it" in_cli curl -sf -o /dev/null http://10.77.0.1/boot.ipxe
kill -0 "$worker"
is "it is the worker that began" 0 $?
ok "nothing raw from a client is logged" bash -c "! LC_ALL=C grep -qP '[^\\x20-\\x7e\\t]' '$work/host.log'"
echo "# resident: $(awk '/VmHWM/{print $2}' "/proc/$worker/status") kB at most"
kill "$host"
wait "$host"
is "the worker ends in order" 0 $?
done_testing
