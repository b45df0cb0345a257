#!/usr/bin/env bash
# HTTP on the boot network: curl, what firmware does, and clients that mean harm.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/netboot_lib.sh"
need_root
netboot_tree
netboot_start nbh
export TREE=$tree
cd "$work" || exit 1

url=http://10.77.0.1
fetch() { rm -f out && in_cli timeout 60 curl -sf -o out "$url/$1" && cmp out "$tree/$2"; }
status() { in_cli timeout 20 curl -s -o /dev/null -w '%{http_code}' "$@"; }
odd() { in_cli timeout 300 /usr/bin/python3 "$top/tests/wire/netboot_odd_http.py" "$1" "${2:-10.77.0.1}"; }

ok "curl gets a boot loader" fetch firmware/snponly.efi firmware/snponly.efi
ok "curl gets 40 MiB of an image" fetch images/debian/12/initrd.img firmware/forty.bin
ok "curl gets an empty file" fetch images/debian/12/empty firmware/empty.bin
ok "curl gets the join agent" fetch agent/slipway-join agent/slipway-join
ok "a doubled slash is one" fetch /firmware//snponly.efi firmware/snponly.efi
is "the provisioner's script is passed on" '#!ipxe echo from the provisioner' "$(in_cli curl -s "$url/boot.ipxe?mac=52:54:00:00:00:01" | tr '\n' ' ' | sed 's/ $//')"
ok "the question holds what was asked" said '^ask method=GET path=/boot.ipxe query=mac=52:54:00:00:00:01 accept=\*/\*'
head=$(in_cli curl -sI "$url/images/debian/12/initrd.img")
like "HEAD tells the exact length" 'Content-Length: 41943040' "$head"
like "an image has the type that firmware expects" 'Content-Type: application/vnd.efi-img' "$head"
like "not yet: 503 with Retry-After and the reason" 'Retry-After: 7' "$(in_cli curl -si "$url/later")"
like "never: 404 with the reason" 'no such thing' "$(in_cli curl -si "$url/never")"
is "a missing file is 404" 404 "$(status "$url/images/debian/12/missing")"
is "curl's own path traversal is refused" 403 "$(status --path-as-is "$url/images/../../secret")"
is "POST is 405" 405 "$(status -d x "$url/boot.ipxe")"
is "curl keeps its connection over three requests" 1 \
	"$(in_cli curl -sv "$url/agent/slipway-join" "$url/boot.ipxe" "$url/never" 2>&1 >/dev/null | grep -c 'Connected to')"
head -c 1000000 "$tree/firmware/forty.bin" >resumed
ok "curl resumes an image" in_cli curl -sf -C - -o resumed "$url/images/debian/12/initrd.img"
ok "and has it whole" cmp resumed "$tree/firmware/forty.bin"
parallel() { # 50 downloads at once, each compared
	local i pids=()
	for i in $(seq 50); do
		in_cli curl -sf "$url/firmware/five.bin" | cmp - "$tree/firmware/five.bin" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || return 1; done
}
ok "50 downloads at once are all whole" parallel

ok "HEAD, then GET on the same connection, as UEFI does" odd head_then_get
ok "requests in one go are answered in order" odd pipelined
ok "a head may come byte by byte" odd one_byte_at_a_time
ok "a client that has closed its side gets its file" odd half_closed
ok "HTTP/1.0 without Host is served and closed" odd http_1_0
ok "ranges: 206, 416, and several are the whole" odd ranges
ok "ETag, If-None-Match and If-Range" odd etags
ok "no spelling of a path leaves the folders" odd traversal
ok "what could smuggle a request is refused and closed" odd smuggling
ok "other methods are 405 and their bodies dropped" odd other_methods
ok "a huge head is 431, a long target 414" odd huge_head
ok "the 65th connection of a client gets 503, another client is served" odd too_many
ok "a question without answer is 503 after 5 s" odd unanswered
ok "clients that leave while asked do no harm" odd gone_while_asked
ok "clients that vanish half way through an image do no harm" odd vanishes_in_the_middle
ok "nor do those that vanish half way through a head" odd half_a_head_then_gone
ok "one Host, whatever it says; two or none are refused" odd hosts
ok "a HEAD tells what its GET would, and brings no body" odd head_is_its_get_without_the_body
ok "a file replaced during its download ends as it began" odd replaced_file
ok "a file that shrinks ends the connection, not the worker" odd truncated_file
# A client whose cable is pulled: neither FIN nor RST will come.
ip -n "$cli" addr add 10.77.0.5/24 dev c0
start silent ip netns exec "$cli" /usr/bin/python3 "$top/tests/wire/netboot_odd_http.py" falls_silent 10.77.0.1
wait_for 10 "a client" test -e connected
in_cli nft 'table inet pulled {
	chain in { type filter hook input priority 0; ip daddr 10.77.0.5 drop; }
	chain out { type filter hook output priority 0; ip saddr 10.77.0.5 drop; }
}' || exit 1
kept() { in_srv ss -Htnp dst 10.77.0.5 | grep -c 'users:'; } # connections that still are a program's
is "a client that was cut off has two connections" 2 "$(kept)"
ok "slow clients are cut and hold nobody up" odd slow_clients
none_kept() { [ "$(kept)" = 0 ]; }
ok "and so is the one that was cut off" wait_for 90 "its end" none_kept

ip -n "$srv" addr add 10.77.0.4/24 dev s0
start tight ip netns exec "$srv" bash -c "ulimit -n 40 && exec '$bin/tests/wire/netboot_host' 10.77.0.4 '$tree/images' '$tree/firmware' '$tree/agent'"
wait_for 5 "a worker with 40 descriptors" grep -q '^hello' tight.log
TIGHT_WORKER=$(sed -n 's/^hello pid=//p' tight.log)
export TIGHT_WORKER TIGHT_LOG=$work/tight.log
ok "out of descriptors the worker rests and recovers" odd out_of_descriptors 10.77.0.4
ok "and says so once a second at most" grep -q 'accept: Too many open files, pausing' tight.log

kill -STOP "$host"
ok "the provisioner down: files at once, questions 503" odd provisioner_down
kill -CONT "$host"
back() { [ "$(status "$url/boot.ipxe")" = 200 ]; }
ok "the provisioner back: questions are answered" wait_for 10 "an answer" back

ok "downloads are told to the provisioner" said 'transfer http client=10.77.0.2 result=1 status=200 bytes=41943040 .* name=/images/debian/12/initrd.img'
ok "refused heads are counted" said '^counter http_malformed='
ok "cut clients are counted" said '^counter http_timeouts='
ok "clients beyond the limit are counted" said '^counter http_over_limit='
ok "nothing raw from a client is logged" bash -c "! LC_ALL=C grep -qP '[^\\x20-\\x7e\\t]' '$work/host.log'"
no_file_open() { [ -z "$(find "/proc/$worker/fd" -lname '*/tree/*/*')" ]; }
ok "no file is left open" wait_for 30 "the last download to end" no_file_open
echo "# resident: $(awk '/VmHWM/{print $2}' "/proc/$worker/status") kB at most"
kill "$host"
wait "$host"
is "the worker ends in order" 0 $?
done_testing
