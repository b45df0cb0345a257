#!/usr/bin/env bash
# TFTP with the clients that people have, with odd ones, and over a line that loses packets.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/netboot_lib.sh"
need_root
netboot_tree
netboot_start nbt
export TREE=$tree
cd "$work" || exit 1

same() { cmp "$work/out" "$tree/firmware/$1"; }
fetch_hpa() { rm -f out && in_cli timeout 60 tftp -m binary 10.77.0.1 -c get "$1" out && same "$1"; }
fetch_atftp() { # FILE OPTION...
	local file=$1 options=()
	shift
	for o in "$@"; do options+=(--option "$o"); done
	rm -f out && in_cli timeout 60 atftp "${options[@]}" -g -r "$file" -l out 10.77.0.1 && same "$file"
}
fetch_curl() { rm -f out && in_cli timeout 60 curl -s "${@:2}" -o out "tftp://10.77.0.1/$1" && same "$1"; }
fetch_busybox() { rm -f out && in_cli timeout 60 busybox tftp -b "$2" -g -r "$1" -l out 10.77.0.1 && same "$1"; }
odd() { in_cli timeout 300 python3 "$top/tests/wire/netboot_odd_tftp.py" "$1" 10.77.0.1; }

ok "tftp-hpa's client gets 5 MiB in blocks of 512" fetch_hpa five.bin
ok "tftp-hpa's client gets 40 MiB past the roll-over of block numbers" fetch_hpa forty.bin
ok "tftp-hpa's client gets an empty file" fetch_hpa empty.bin
ok "tftp-hpa's client gets a file of whole blocks" fetch_hpa half.bin
ok "atftp gets 40 MiB in windows of 16" fetch_atftp forty.bin "blksize 1428" "windowsize 16"
ok "atftp gets 40 MiB in windows of 64 past the roll-over" fetch_atftp forty.bin "blksize 512" "windowsize 64"
ok "atftp gets a file of whole blocks in windows" fetch_atftp half.bin "blksize 1024" "windowsize 8"
ok "atftp gets a file with tsize and timeout" fetch_atftp small.bin "tsize enable" "timeout 3"
ok "atftp gets an empty file in windows" fetch_atftp empty.bin "windowsize 8"
ok "curl gets 5 MiB with blksize, tsize and timeout" fetch_curl five.bin --tftp-blksize 1468
ok "curl gets a file without options" fetch_curl small.bin --tftp-no-options
ok "busybox gets 5 MiB" fetch_busybox five.bin 1468
ok "busybox gets a file of whole blocks" fetch_busybox half.bin 512
in_cli timeout 20 tftp -m binary 10.77.0.1 -c get missing.bin gone >err.txt 2>&1
like "tftp-hpa's client hears that a file is missing" 'Error code 1: not found' "$(cat err.txt)"

ok "each transfer has a port of its own" odd fresh_port
ok "a foreign sender gets ERROR 5 and the transfer goes on" odd foreign_sender
ok "a doubled ACK does not send a block twice" odd doubled_ack
ok "the timer sends a block again after a second" odd timer_repeats
ok "a repeated request makes no second sender" odd repeated_request
ok "another request from the same port starts anew" odd new_request_from_the_same_port
ok "firmware asks for the size and aborts" odd tsize_then_abort
ok "the abort is told as such, not as a failure" said 'transfer tftp .* result=2 .* name=snponly.efi'
ok "options are read in any case" odd options_in_any_case
ok "unknown options are as if not sent" odd unknown_options
ok "blksize is cut to what the path takes" odd blksize_of_the_path
mtu() { ip -n "$srv" link set s0 mtu "$1" && ip -n "$cli" link set c0 mtu "$1"; }
mtu 1280
ok "also to a narrow one's" odd blksize_of_a_narrow_path
mtu 9000
ok "and not below a wide one's" odd blksize_of_a_wide_path
mtu 1500
ok "an odd blksize is as if not sent" odd odd_blksize
ok "a list of 160 options is answered in one short packet" odd many_options
ok "options of every length" odd option_lengths
ok "what is not served is refused in few words" odd refusals
ok "no spelling of a name leaves the folder" odd traversal
ok "slashes, backslashes and the folder's name are understood" odd spellings
ok "malformed packets get no answer and do no harm" odd malformed
ok "a lost last ACK" odd lost_last_ack
ok "a client may not have more than 32 transfers at once" odd too_many
ok "a broadcast request is ignored" odd broadcast
ok "a file replaced during its transfer ends as it began" odd replaced_file
ok "a file that shrinks ends in an error" odd truncated_file
ok "a gap in a window starts it again behind the gap, once" odd window_gap
ok "block numbers roll over to 1 for who asks" odd roll_over
ok "a file for one machine is asked of the provisioner" odd node_file
ok "and one that it has not yet makes the client ask again" odd node_file_later
is "names that tell no machine are not asked of it" "" "$(grep -E '^ask .*path=/(missing|grub.cfg-0A4D0002)' "$work/host.log")"

# Each of a thousand has an address of its own, behind the client's.
ip -n "$cli" route add local 10.78.0.0/16 dev lo
ip -n "$srv" route add 10.78.0.0/16 via 10.77.0.2
thousand() {
	in_cli timeout 300 "$bin/tests/bench/tftp_load" 10.77.0.1 small.bin "$tree/firmware/small.bin" -n 1000 -c 1000 -a 10.78.0.1 "$@" >load.json
	echo "# $(cat load.json)"
}
thousand -b 1468
is "a thousand clients at once get every byte right" "1000 0" "$(jq -r '"\(.done) \(.failed)"' load.json)"
thousand -b 1468 -w 16
is "in windows too" "1000 0" "$(jq -r '"\(.done) \(.failed)"' load.json)"

if command -v nft >/dev/null; then
	# What a host sends itself can not be dropped unseen: each side drops what it receives. The ACK of block 0 is spared:
	# without it the server rightly repeats its OACK, and atftp gives up at a second one.
	for side in "$srv" "$cli"; do
		ip netns exec "$side" nft 'table inet lossy {
			chain in { type filter hook input priority 0; udp dport != 69 @th,64,32 != 0x00040000 numgen random mod 100 < 2 drop; }
		}'
	done
	ok "2 % loss: tftp-hpa's client gets 100 kB" fetch_hpa small.bin
	began=$(date +%s%N)
	ok "2 % loss: atftp gets 5 MiB in windows of 16" fetch_atftp five.bin "blksize 1428" "windowsize 16"
	took=$((($(date +%s%N) - began) / 1000000))
	echo "# 5 MiB in windows of 16 with 2 % loss each way: $took ms"
	ok "2 % loss: curl gets 512 KiB without options" fetch_curl half.bin --tftp-no-options
	for side in "$srv" "$cli"; do ip netns exec "$side" nft delete table inet lossy; done
else
	skip "transfers over a line that loses packets" "no nft"
fi

ok "transfers are told to the provisioner" said 'transfer tftp client=10.77.0.2 result=1 status=0 bytes=41943040 retries=0 name=forty.bin'
ok "a miss is told" said 'transfer tftp .* result=4 .* name=missing.bin'
ok "malformed requests are counted" said '^counter tftp_malformed='
ok "foreign packets are counted" said '^counter tftp_foreign='
ok "nothing raw from a client is logged" bash -c "! LC_ALL=C grep -qP '[^\\x20-\\x7e\\t]' '$work/host.log'"
echo "# resident: $(awk '/VmHWM/{print $2}' "/proc/$worker/status") kB at most"
no_file_open() { [ -z "$(find "/proc/$worker/fd" -lname '*.bin*')" ]; }
ok "no transfer is left open for long" wait_for 40 "the last transfer to time out" no_file_open
kill "$host"
wait "$host"
is "the worker ends in order" 0 $?

# --- the same from port 69 alone -----------------------------------------------------------------

netboot_start nbt1 NETBOOT_SINGLE_PORT=1
# A firewall that knows flows by their ports lets only port 69 pass.
in_cli nft 'table inet strict {
	chain in { type filter hook input priority 0; udp sport != 69 drop; }
}' || exit 1
ok "one port: each transfer's packets come from it" odd one_port
ok "one port: packets of no transfer are told so" odd one_port_foreign
ok "one port: tftp-hpa's client gets 5 MiB" fetch_hpa five.bin
ok "one port: atftp gets 5 MiB in windows of 16" fetch_atftp five.bin "blksize 1428" "windowsize 16"
ok "one port: curl gets 40 MiB past the roll-over" fetch_curl forty.bin --tftp-blksize 512
ok "one port: a repeated request makes no second sender" odd repeated_request
ok "one port: a doubled ACK does not send a block twice" odd doubled_ack
ok "one port: firmware asks for the size and aborts" odd tsize_then_abort
ok "one port: a gap in a window starts it again behind the gap, once" odd window_gap
ok "one port: what is not served is refused in few words" odd refusals
ok "one port: a file for one machine is asked of the provisioner" odd node_file
kill "$host"
wait "$host"
is "one port: the worker ends in order" 0 $?
done_testing
