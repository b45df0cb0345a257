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
for f in slow.bin never/opened.bin gone.bin by-tftp/half.bin many-{1..6}.bin; do
	head -c 6000000 /dev/urandom >"content/$f"
done
mkfs.ext4 -q -d content disk.img 96M >mkfs.log 2>&1 || exit 1
start slow_disk /usr/bin/python3 "$top/tests/wire/slow_disk.py" disk.img disk gate
defer "rm -f '$work/gate'; umount -l '$tree/firmware/slow' '$work/disk'"
wait_for 10 "the disk" test -e disk/disk
ok "a slow disk is there" mount -o loop,ro,noload disk/disk "$tree/firmware/slow"
stop_disk() { touch gate; sleep 0.2; } # what it had begun to read it has read by then, or the test is a little weaker
netboot_start nbs
url=http://10.77.0.1/firmware

hot() { in_cli timeout 60 curl -sf --interface 10.77.0.3 "$url/forty.bin" | cmp - "$tree/firmware/forty.bin"; }
hot_tftp() { rm -f half.bin; in_cli timeout 60 tftp -m binary 10.77.0.1 -c get half.bin && cmp half.bin "$tree/firmware/half.bin"; }
question() { in_cli timeout 20 curl -sf http://10.77.0.1/boot.ipxe | grep -q '#!ipxe'; }
wait_on_disk() { # NAME FILE [CURL_OPTION...]: a client that gets it in the background; its exit status comes into NAME.done
	local name=$1 file=$2
	shift 2
	start "$name" bash -c 'ip netns exec "$1" timeout 300 curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o "$2.got" "${@:4}" "$3"; echo $? >"$2.done"' - "$cli" "$name" "$url/slow/$file" "$@"
}
readers() { ps -o pid= -o stat= -o comm= --ppid "$worker" | awk '$3 == "slipway-disk" && $2 ~ /^D/ { n++ } END { print n + 0 }'; }
readers_wait() { [ "$(readers)" -ge "$1" ]; }
others_are_served() {
	ok "$1: another client has 40 MiB out of the page cache" hot
	ok "$1: and one by TFTP" hot_tftp
	ok "$1: and the provisioner's answers" question
}

ok "a file is opened while the disk works" in_cli curl -sfI -o opened "$url/slow/slow.bin"
stop_disk
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

rm gate
whole() { [ "$(cat "$1.done")" = 0 ] && cmp "$1.got" "content/$2"; }
for pair in slow:slow.bin again:slow.bin cold:never/opened.bin many-{1..6}; do
	name=${pair%%:*} file=${pair#*:}
	[ "$file" = "$name" ] && file=$name.bin
	ok "when the disk works again $file is whole" wait_for 60 "$file" whole "$name" "$file"
done

# --- a reader that dies ---
kill -9 "$(ps -o pid= -o comm= --ppid "$worker" | awk '$2 == "slipway-disk" { print $1; exit }')"
ok "a reader that is killed is missed, and said" said 'a disk reader has ended, 4 left'
ok "the others go on" in_cli timeout 60 curl -sf -o /dev/null "$url/slow/by-tftp/half.bin"
for pid in $(ps -o pid= -o comm= --ppid "$worker" | awk '$2 == "slipway-disk" { print $1 }'); do kill -9 "$pid"; done
worker_ended() { ps -o stat= -p "$worker" | grep -q '^Z' || ! ps -p "$worker"; }
ok "without any the worker ends, to be started anew" wait_for 10 "its end" worker_ended
done_testing
