#!/usr/bin/env bash
# A disk that stands still, and everybody else: an ext4 whose every read waits for as long as the test wants.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/netboot_lib.sh"
need_root
if ! [ -w /dev/fuse ] || ! [ -e /dev/loop-control ]; then
	skip "a disk that stands still" "needs /dev/fuse and loop devices"
	done_testing
fi
netboot_tree
export TREE=$tree
cd "$work" || exit 1

# --- the disk: slow.bin and others that nobody has read since it was mounted ---
mkdir -p content/{never,by-tftp} disk "$tree/firmware/slow"
for f in slow.bin never/opened.bin gone.bin by-tftp/{half,again,left,vanished,broken}.bin many-{1..6}.bin; do
	head -c 6000000 /dev/urandom >"content/$f"
done
mkfs.ext4 -q -d content disk.img 128M >mkfs.log 2>&1 || exit 1
start slow_disk /usr/bin/python3 "$top/tests/wire/slow_disk.py" disk.img disk gate
defer "rm -f '$work/gate'; umount -l '$tree/firmware/slow' '$work/disk'"
slow_disk=$started
wait_for 10 "the disk" test -e disk/disk
ok "a slow disk is there" mount -o loop,ro,noload disk/disk "$tree/firmware/slow"
stop_disk() { touch gate; sleep 0.2; } # what it had begun to read it has read by then, or the test is a little weaker
netboot_start nbs
. "$top/tests/wire/dhcp_lib.sh" # $host is dhcpd's from here on
serve
url=http://10.77.0.1/firmware

hot() { in_cli timeout 60 curl -sf --interface 10.77.0.3 "$url/forty.bin" | cmp - "$tree/firmware/forty.bin"; }
hot_tftp() { rm -f half.bin; in_cli timeout 60 tftp -m binary 10.77.0.1 -c get half.bin && cmp half.bin "$tree/firmware/half.bin"; }
question() { in_cli timeout 20 curl -sf http://10.77.0.1/boot.ipxe | grep -q '#!ipxe'; }
leased() { in_cli timeout 60 busybox udhcpc -f -q -n -i c0 -t 20 -T 1 -s /bin/true; }
wait_on_disk() { # NAME FILE [CURL_OPTION...]: a client that gets it in the background; its exit status comes into NAME.done
	local name=$1 file=$2
	shift 2
	start "$name" bash -c 'ip netns exec "$1" timeout 300 curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o "$2.got" "${@:4}" "$3"; echo $? >"$2.done"' - "$cli" "$name" "$url/slow/$file" "$@"
}
odd_tftp() { # NAME CASE FILE: an odd TFTP client likewise
	start "$1" bash -c 'ip netns exec "$1" env ODD_FILE="slow/$5" ODD_SIGN="$2.sign" ODD_WANT="content/$5" timeout 300 /usr/bin/python3 "$3" "$4" 10.77.0.1; echo $? >"$2.done"' \
		- "$cli" "$1" "$top/tests/wire/netboot_odd_tftp.py" "$2" "$3"
}
opened() { find "/proc/$worker/fd" -lname "*/slow/$1" | wc -l; } # descriptors of FILE: a transfer's, and its load's
is_opened() { [ "$(opened "$1")" -le "$2" ]; }
readers() { ps -o pid= -o stat= -o comm= --ppid "$worker" | awk '$3 == "slipway-disk" && $2 ~ /^D/ { n++ } END { print n + 0 }'; }
readers_wait() { [ "$(readers)" -ge "$1" ]; }
others_are_served() {
	ok "$1: another client has 40 MiB out of the page cache" hot
	ok "$1: and one by TFTP" hot_tftp
	ok "$1: and the provisioner's answers" question
	ok "$1: and a lease by DHCP" leased
}

ok "a file is opened while the disk works" in_cli curl -sfI -o opened "$url/slow/slow.bin"
for f in by-tftp/{again,left,vanished,broken}.bin; do in_cli curl -sfI -o opened "$url/slow/$f" || exit 1; done
stop_disk

odd_tftp asking asks_again by-tftp/again.bin
ok "a TFTP transfer waits in a reader" wait_for 10 "a reader that waits" readers_wait 1
others_are_served "while a TFTP transfer stands still"
odd_tftp left leaves by-tftp/left.bin
odd_tftp vanished vanishes by-tftp/vanished.bin
ok "two clients ask again while they wait" wait_for 20 "that they have" test -e asking.sign
is "which makes them no second load" 4 "$(opened by-tftp/again.bin)"
ok "one that gives up is told as such" said 'transfer tftp .* result=2 .* name=slow/by-tftp/left.bin'
ok "and nothing of it stays but what a reader has begun" wait_for 10 "its end" is_opened by-tftp/left.bin 1

wait_on_disk slow slow.bin
ok "a file that must be read waits in a reader" wait_for 10 "a reader that waits" readers_wait 1
others_are_served "while a read stands still"

wait_on_disk cold never/opened.bin
wait_on_disk again slow.bin
ok "one that must be looked for waits too" wait_for 10 "two readers that wait" readers_wait 2
others_are_served "while an opening stands still"

for i in {1..6}; do wait_on_disk "many-$i" "many-$i.bin"; done
wait_on_disk gone gone.bin --max-time 2 --retry 0
ok "seven more wait for two readers" wait_for 10 "three readers that wait" readers_wait 3
/usr/bin/python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY); os.fsync(fd); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)' "$tree/firmware/forty.bin"
others_are_served "while all of one disk's share waits"
ok "a client that leaves while its file is read does no harm" wait_for 10 "its end" test -e gone.done

ok "one that has vanished is missed after half a minute" wait_for 40 "its end" \
	grep -q 'transfer tftp .* result=3 .* name=slow/by-tftp/vanished.bin' host.log
ok "and nothing of it stays but what a reader has begun" wait_for 10 "its end" is_opened by-tftp/vanished.bin 1
is "those that ask are still there" 4 "$(opened by-tftp/again.bin)"

rm gate
whole() { [ "$(cat "$1.done")" = 0 ] && cmp "$1.got" "content/$2"; }
for pair in slow:slow.bin again:slow.bin cold:never/opened.bin many-{1..6}; do
	name=${pair%%:*} file=${pair#*:}
	[ "$file" = "$name" ] && file=$name.bin
	ok "when the disk works again $file is whole" wait_for 60 "$file" whole "$name" "$file"
done

ok "who has asked again gets each block once" wait_for 60 "the end" test -e asking.done
is "and all of them" 0 "$(cat asking.done)"
for f in again left vanished; do ok "nobody keeps $f.bin open" wait_for 10 "its end" is_opened "by-tftp/$f.bin" 0; done

# --- a reader that dies ---
kill -9 "$(ps -o pid= -o comm= --ppid "$worker" | awk '$2 == "slipway-disk" { print $1; exit }')"
ok "a reader that is killed is missed, and said" said 'a disk reader has ended, 4 left'
ok "the others go on" in_cli timeout 60 curl -sf -o /dev/null "$url/slow/by-tftp/half.bin"

# --- a disk that dies ---
stop_disk
odd_tftp broken hears_error by-tftp/broken.bin
ok "one more transfer waits" wait_for 10 "a reader that waits" readers_wait 1
kill -9 -- "-$slow_disk"
wait "$slow_disk" 2>/dev/null
ok "a disk that fails ends it" wait_for 20 "its end" test -e broken.done
is "with an ERROR" 0 "$(cat broken.done)"
ok "and nothing stays open" wait_for 10 "its end" is_opened by-tftp/broken.bin 0
others_are_served "with a broken disk"

for pid in $(ps -o pid= -o comm= --ppid "$worker" | awk '$2 == "slipway-disk" { print $1 }'); do kill -9 "$pid"; done
worker_ended() { ps -o stat= -p "$worker" | grep -q '^Z' || ! ps -p "$worker"; }
ok "without any the worker ends, to be started anew" wait_for 10 "its end" worker_ended
done_testing
