#!/usr/bin/env bash
# The image store: `slipway images` against mirrors of our own that are laid out like the real ones, with
# a key made here. Odd mirrors, a full disk, kill -9 in the middle, hostile archives.
. "$(dirname "$0")/../lib.sh"
need_root
slipway=$bin/slipway
mirror=$work/mirror store=$work/store
mkdir -p "$mirror" "$work/config/templates/distros"
export GNUPGHOME=$work/gnupg
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
mkdir -m 700 "$GNUPGHOME"
defer "gpgconf --kill all"

# --- keys ----------------------------------------------------------------------------------------

make_key() { gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key "$1" ed25519 sign "${2:-never}" 2>/dev/null; }
fingerprint() { gpg --batch --with-colons --list-keys "$1" | awk -F: '/^fpr/ { print $10; exit }'; }
sign() { gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' -u "$1" --output "$2.sig" --detach-sign "$2"; }
make_key flatcar-test && make_key fedora-test && make_key stranger
key=$(fingerprint flatcar-test) fedora_key=$(fingerprint fedora-test)
gpg --batch --export flatcar-test >"$work/flatcar.gpg"
gpg --batch --armor --export flatcar-test >"$work/flatcar.asc"
gpg --batch --export fedora-test >"$work/fedora.gpg"
gpg --batch --export flatcar-test stranger >"$work/both.gpg"
gpg --batch --export stranger >"$work/stranger.gpg"
# The shipped definitions, but for who signs.
sed "s/F88CFEDEFF29A5B4D9523864E25D9AED0593B34A/$key/" "$top/templates/distros/flatcar.yaml" >"$work/config/templates/distros/flatcar.yaml"
sed "s/B0F4950458F69E1150C6C5EDC8AC4916105EF944/$fedora_key/" "$top/templates/distros/fedora-coreos.yaml" >"$work/config/templates/distros/fedora-coreos.yaml"
sed "s/04127D0BFABEC8871FFB2CCE50E0885593D2DCB4/$key/" "$top/templates/distros/coreos.yaml" >"$work/config/templates/distros/coreos.yaml"

# --- mirrors -------------------------------------------------------------------------------------

kernel=flatcar_production_pxe.vmlinuz initrd=flatcar_production_pxe_image.cpio.gz
digests() { { echo '# MD5 HASH'; md5sum "$1"; echo '# SHA1 HASH'; sha1sum "$1"; echo '# SHA512 HASH'; sha512sum "$1"; } >"$1.DIGESTS"; }
# publish VERSION [SIZE_KIB]: a release of Flatcar, as its mirror has it.
publish() {
	local dir=$mirror/flatcar/$1 f
	mkdir -p "$dir" "$mirror/flatcar/current"
	printf 'FLATCAR_BUILD=%s\nFLATCAR_VERSION=%s\nFLATCAR_VERSION_ID=%s\nFLATCAR_BUILD_ID="2023-09-19-1914"\n' "${1%%.*}" "$1" "$1" >"$dir/version.txt"
	head -c 300000 /dev/urandom >"$dir/$kernel"
	head -c "$((${2:-3000} * 1024))" /dev/urandom >"$dir/$initrd"
	for f in $kernel $initrd; do
		sign flatcar-test "$dir/$f"
		(cd "$dir" && digests $f)
	done
	cp "$dir/version.txt" "$mirror/flatcar/current/version.txt"
}
log=$work/requests
start mirror python3 "$(dirname "$0")/images_mirror.py" "$mirror" "$work/port" "$log"
wait_for 10 "the mirror" test -s "$work/port"
url=http://127.0.0.1:$(cat "$work/port")
odd() { printf '%s\n' "$@" >"$mirror/.odd"; }
even() { rm -f "$mirror/.odd" "$mirror/.go"; }
sent() { awk -v p="$1" '$2 == p { n += $5 } END { print n + 0 }' "$log"; }

images() { "$slipway" images "$1" --store "$store" "${@:2}"; }
common=(--templates "$top/templates" --config "$work/config/cluster.yaml")
fetch() { images fetch "${common[@]}" --retries 2 --base-url "$url/flatcar" --keyring "$work/flatcar.gpg" "$@"; }
# fails SENTENCE REGEX COMMAND...: a failure, said in words, on one line or two.
fails() {
	local name=$1 regex=$2 out rc
	shift 2
	out=$("$@" 2>&1 </dev/null)
	rc=$?
	if [ $rc -ne 0 ] && [ $rc -lt 126 ] && grep -qE -- "$regex" <<<"$out"; then pass "$name"; else fail "$name" "exit status $rc" "want: /$regex/" "got:  ${out:0:800}"; fi
}
nothing_of() { [ -z "$(find "$store" -path "*/$1/*" -print -quit 2>/dev/null)" ]; }
whole() { images verify "$1" >/dev/null; }
manifest() { jq -r "$2" "$store/$1/manifest.json"; }

# --- fetch ---------------------------------------------------------------------------------------

publish 4081.2.1
like "flatcar's newest version is found, loaded and checked" "^flatcar/4081.2.1: 5 files, .* signer: $key" "$(fetch flatcar 2>&1)"
ok "it is there, byte for byte" cmp "$mirror/flatcar/4081.2.1/$initrd" "$store/flatcar/4081.2.1/$initrd"
is "its manifest has the sha256 of each file" "$(cd "$store/flatcar/4081.2.1" && sha256sum flatcar_* version.txt | sort)" \
	"$(manifest flatcar/4081.2.1 '.files[] | .sha256 + "  " + .name' | sort)"
is "and who signed, what, whence" "$key 2023-09-19-1914 $url/flatcar/4081.2.1" "$(manifest flatcar/4081.2.1 '.signer + " " + .build + " " + .source')"
is "and nothing else lies there" "flatcar_production_pxe.vmlinuz flatcar_production_pxe.vmlinuz.sig flatcar_production_pxe_image.cpio.gz flatcar_production_pxe_image.cpio.gz.sig manifest.json version.txt" \
	"$(ls "$store/flatcar/4081.2.1" | tr '\n' ' ' | sed 's/ $//')"
is "nor in the store" "4081.2.1" "$(ls -A "$store/flatcar")"
is "workers may read it" "755 644" "$(stat -c %a "$store/flatcar/4081.2.1" "$store/flatcar/4081.2.1/$kernel" | tr '\n' ' ' | sed 's/ $//')"
: >"$log"
like "a second fetch has nothing to do" 'is there already' "$(fetch flatcar 2>&1)"
is "and loads one small file" "GET /flatcar/current/version.txt" "$(cut -d' ' -f1,2 "$log")"
like "list shows it" "flatcar/4081.2.1 +whole .* ${key: -16} " "$(images list 2>&1)"
is "list --json too" "true $key" "$(images list --json | jq -r '.[] | "\(.verified) \(.manifest.signer)"')"
is "list -o json is the same" "$(images list --json)" "$(images list -o json)"
like "list knows no other format" '"yaml" is not table or json' "$(images list -o yaml 2>&1)"
ok "verify reads it all" whole flatcar/4081.2.1
printf X | dd of="$store/flatcar/4081.2.1/$kernel" bs=1 seek=77 conv=notrunc status=none
fails "one wrong byte is found" "flatcar/4081.2.1: $kernel is not what the manifest says: sha256" images verify
like "and a fetch mends it" "^flatcar/4081.2.1: 5 files" "$(fetch flatcar 2>&1)"
ok "in its place" whole flatcar
like "a version is fetched by its name" '^flatcar/4081.2.1: 5 files' "$(images rm flatcar/4081.2.1 >/dev/null; fetch flatcar/4081.2.1 2>&1)"
like "or as a channel" 'is there already' "$(fetch flatcar --channel 4081.2.1 2>&1)"
fails "a channel that is none" 'no channel "stabel" .did you mean "stable"' fetch flatcar --channel stabel
fails "a version that the mirror lacks" 'version.txt|\.sig: the mirror answered 404' fetch flatcar/9999.0.0
fails "a distribution that nobody knows" 'no distribution "gentoo"' fetch gentoo
fails "a base that is no URL" 'not an http or https URL' images fetch flatcar "${common[@]}" --base-url file:///etc --keyring "$work/flatcar.gpg"
fails "the original CoreOS has no mirror any more" 'base-url' images fetch coreos "${common[@]}" --keyring "$work/flatcar.gpg"

# --- who signed ----------------------------------------------------------------------------------

publish 5000.0.1
: >"$log"
fails "without a key ring nothing is fetched, and it says how to get one" 'key ring .*nowhere.*No such file.*flatcar.org.*gpg --dearmor.*--insecure' \
	fetch flatcar --keyring "$work/nowhere.gpg"
is "not even a look at the mirror" "" "$(cat "$log")"
fails "an armoured key ring is explained" 'gpg --dearmor' fetch flatcar --keyring "$work/flatcar.asc"
fails "a file that is no key ring" 'is not a key ring' fetch flatcar --keyring /etc/passwd
fails "a key ring without the key" 'not in the key ring' fetch flatcar --keyring "$work/stranger.gpg"
sign stranger "$mirror/flatcar/5000.0.1/$kernel"
fails "a good signature of a key that is not the distribution's" 'not one of the distribution' fetch flatcar --keyring "$work/both.gpg"
sign flatcar-test "$mirror/flatcar/5000.0.1/$kernel"
cp "$mirror/flatcar/5000.0.1/$initrd.sig" "$work/good.sig"
cp "$mirror/flatcar/5000.0.1/$kernel.sig" "$mirror/flatcar/5000.0.1/$initrd.sig"
fails "a signature of another file" 'the signature is refused: it is not of this file' fetch flatcar
echo nonsense >"$mirror/flatcar/5000.0.1/$initrd.sig"
fails "something that is no signature" 'the signature is refused' fetch flatcar
rm "$mirror/flatcar/5000.0.1/$initrd.sig"
fails "no signature" 'sig: the mirror answered 404' fetch flatcar
ok "of all that, no image came" test ! -e "$store/flatcar/5000.0.1"
like "--insecure does without" 'flatcar/5000.0.1: .* signer: unverified' "$(fetch flatcar --insecure --keyring "$work/nowhere.gpg" 2>&1)"
is "and the manifest says so" unverified "$(manifest flatcar/5000.0.1 .signer)"
like "and list, each time" 'flatcar/5000.0.1 +whole .* unverified' "$(images list)"
like "in words" '1 unverified: nothing proves who made it' "$(images list 2>&1 >/dev/null)"
cp "$work/good.sig" "$mirror/flatcar/5000.0.1/$initrd.sig"
like "a fetch with the key makes it a verified one" "flatcar/5000.0.1: 5 files, .* signer: $key" "$(fetch flatcar 2>&1)"
# CoreOS: its keys have expired, and nobody will renew them.
gpg --batch --quiet --pinentry-mode loopback --passphrase '' --faked-system-time 20180101T000000 --quick-gen-key old-key ed25519 sign 1d 2>/dev/null
old=$(fingerprint old-key)
gpg --batch --export old-key >"$work/old.gpg"
mkdir -p "$mirror/coreos/2512.3.0"
echo COREOS_VERSION=2512.3.0 >"$mirror/coreos/2512.3.0/version.txt"
for f in coreos_production_pxe.vmlinuz coreos_production_pxe_image.cpio.gz; do
	head -c 100000 /dev/urandom >"$mirror/coreos/2512.3.0/$f"
	gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' --faked-system-time 20180101T000100 -u old-key \
		--output "$mirror/coreos/2512.3.0/$f.sig" --detach-sign "$mirror/coreos/2512.3.0/$f"
done
sed -i "s/- $key/- $old/" "$work/config/templates/distros/coreos.yaml"
like "CoreOS's expired key is taken, for its definition says so" "coreos/2512.3.0: .* signer: $old" \
	"$(images fetch coreos/2512.3.0 "${common[@]}" --base-url "$url/coreos" --keyring "$work/old.gpg" 2>&1)"
sed -i '/^signing_keys_expired/d' "$work/config/templates/distros/coreos.yaml"
images rm coreos/2512.3.0 "${common[@]:2}" >/dev/null
fails "and where it does not, an expired key is none" 'has expired' images fetch coreos/2512.3.0 "${common[@]}" --base-url "$url/coreos" --keyring "$work/old.gpg"
images prune --keep 100 >/dev/null

# --- digests, and builds that are mixed ----------------------------------------------------------

publish 5001.0.0
dir=$mirror/flatcar/5001.0.0
sed -i '/SHA512/{n;s/^..../0000/}' "$dir/$initrd.DIGESTS"
fails "a sum in DIGESTS that differs" 'its sha512 is .* but .*DIGESTS says 0000' fetch flatcar
ok "the wrong bytes are not kept" test ! -e "$store/flatcar/.5001.0.0.partial/$initrd"
(cd "$dir" && digests $initrd)
sed -i 's/5001.0.0/5001.0.9/' "$dir/version.txt"
fails "files of another version than their folder's" 'files of version 5001.0.9, not 5001.0.0.*must be of one build' fetch flatcar/5001.0.0
sed -i 's/5001.0.9/5001.0.0/' "$dir/version.txt"
cp "$dir/$kernel" "$work/kernel"
printf Y | dd of="$dir/$kernel" bs=1 seek=9 conv=notrunc status=none
rm "$dir"/*.DIGESTS
fails "a changed file without DIGESTS fails by its signature" "$kernel: the signature is refused: it is not of this file" fetch flatcar
cp "$work/kernel" "$dir/$kernel"
like "a mirror without DIGESTS is none the worse" 'flatcar/5001.0.0: 5 files' "$(fetch flatcar 2>&1)"

# --- Fedora CoreOS -------------------------------------------------------------------------------

release=42.20250803.3.0
fcos=$mirror/fcos/prod/streams/stable/builds/$release/x86_64
mkdir -p "$fcos" "$mirror/fcos/streams"
for f in live-kernel.x86_64 live-initramfs.x86_64.img live-rootfs.x86_64.img; do
	head -c 200000 /dev/urandom >"$fcos/fedora-coreos-$release-$f"
	sign fedora-test "$fcos/fedora-coreos-$release-$f"
done
stream() { # stream [JQ]: the metadata, as Fedora writes it
	local base=https://builds.coreos.fedoraproject.org/prod/streams/stable/builds/$release/x86_64/fedora-coreos-$release
	entry() { jq -n --arg l "$base-$1" --arg s "$(sha256sum <"$fcos/fedora-coreos-$release-$1" | cut -d' ' -f1)" '{location: $l, signature: ($l + ".sig"), sha256: $s}'; }
	jq -n --arg r $release --argjson k "$(entry live-kernel.x86_64)" --argjson i "$(entry live-initramfs.x86_64.img)" --argjson o "$(entry live-rootfs.x86_64.img)" \
		'{stream: "stable", architectures: {x86_64: {artifacts: {metal: {release: $r, formats: {pxe: {kernel: $k, initramfs: $i, rootfs: $o}, "raw.xz": {disk: $k}}}}}}}' |
		jq "${1:-.}" >"$mirror/fcos/streams/stable.json"
}
stream
fedora() { images fetch "${common[@]}" --retries 0 --base-url "$url/fcos" --keyring "$work/fedora.gpg" "$@"; }
like "Fedora CoreOS by its stream metadata" "fedora-coreos/$release: 6 files, .* signer: $fedora_key" "$(fedora fedora-coreos --stream stable 2>&1)"
images rm fedora-coreos/$release >/dev/null
stream '.architectures.x86_64.artifacts.metal.formats.pxe.rootfs.sha256 = ("0" * 64)'
fails "a sum that differs from the stream's" 'rootfs.*its sha256 is .*, but the stream metadata says 0000' fedora fedora-coreos
stream '.architectures.x86_64.artifacts.metal.formats.pxe.kernel.location = "https://evil.example/kernel"'
fails "a place that is not on the mirror" 'evil.example/kernel, which is not below https://builds' fedora fedora-coreos
stream '.architectures.x86_64.artifacts.metal.release = "../../etc"'
fails "a release that climbs" 'names no release' fedora fedora-coreos
stream 'del(.architectures)'
fails "metadata without our architecture" 'no metal image for x86_64' fedora fedora-coreos
head -c 5000 /dev/urandom >"$mirror/fcos/streams/stable.json"
fails "metadata that is none" 'not JSON' fedora fedora-coreos
images prune --keep 100 >/dev/null

# --- odd mirrors ---------------------------------------------------------------------------------

publish 6000.0.0 6000
path=/flatcar/6000.0.0/$initrd size=$((6000 * 1024))
odd "$path cut 2000000"
: >"$log"
fails "a connection that is cut" "$initrd: the mirror promised 6144000 bytes and sent 2000000" fetch flatcar --retries 0
kept=$(stat -c %s "$store/flatcar/.6000.0.0.partial/$initrd.part")
ok "leaves what came" test "$kept" -ge 2000000
even
: >"$log"
like "the next fetch goes on from there" 'flatcar/6000.0.0: 5 files' "$(fetch flatcar 2>&1)"
is "and loads only the rest" $((size - kept)) "$(sent $path)"
images rm flatcar/6000.0.0 >/dev/null
odd "$path cut 2000000"
: >"$log"
like "one that is cut again and again is taken up again and again" 'sent 4000000; trying again.*flatcar/6000.0.0: 5 files' "$(fetch flatcar --retries 1 2>&1 | tr '\n' ' ')"
is "and no byte comes twice" $size "$(sent $path)"
images rm flatcar/6000.0.0 >/dev/null

# kill -9 in the middle
odd "$path hold 3000000"
start killed "$slipway" images fetch flatcar --store "$store" "${common[@]}" --base-url "$url/flatcar" --keyring "$work/flatcar.gpg"
part=$store/flatcar/.6000.0.0.partial/$initrd.part
wait_for 20 "3 MB" eval "[ \"\$(stat -c %s '$part' 2>/dev/null || echo 0)\" -ge 3000000 ]"
fails "two fetches of one image do not meet" 'is being made by another process' fetch flatcar
like "prune leaves the one that runs alone" 'is being made by another process' "$(images prune --keep 100 2>&1)"
kill -9 "$started"
wait "$started" 2>/dev/null
touch "$mirror/.go"
ok "kill -9: no image" test ! -e "$store/flatcar/6000.0.0"
like "list shows what is left" 'flatcar/6000.0.0 +partial' "$(images list 2>/dev/null)"
sleep 0.2
even
: >"$log"
like "and the next fetch goes on" 'flatcar/6000.0.0: 5 files' "$(fetch flatcar 2>&1)"
is "with the rest" $((size - 3000000)) "$(sent $path)"
images rm flatcar/6000.0.0 >/dev/null

# what changed meanwhile is not glued together
odd "$path cut 2000000"
fetch flatcar --retries 0 >/dev/null 2>&1
head -c $size /dev/urandom >"$mirror$path"
sign flatcar-test "$mirror$path"
(cd "$mirror/flatcar/6000.0.0" && digests $initrd)
even
: >"$log"
like "a file that changed on the mirror meanwhile" 'flatcar/6000.0.0: 5 files' "$(fetch flatcar 2>&1)"
is "is loaded from its start" $size "$(sent $path)"
images rm flatcar/6000.0.0 >/dev/null
odd "$path cut 2000000"
fetch flatcar --retries 0 >/dev/null 2>&1
head -c 1000000 /dev/urandom | dd of="$store/flatcar/.6000.0.0.partial/$initrd.part" conv=notrunc status=none
even
like "a part that went bad on the disk" 'not good; loading all of it again' "$(fetch flatcar 2>&1)"
ok "costs a second try, no more" whole flatcar/6000.0.0
images rm flatcar/6000.0.0 >/dev/null
odd "$path notag"
like "a mirror without ranges and tags" 'flatcar/6000.0.0: 5 files' "$(fetch flatcar 2>&1)"
images rm flatcar/6000.0.0 >/dev/null
odd "$path busy" "$path busy"
like "503 is tried again, with pauses" "$initrd: the mirror answered 503; trying again in 1.0 s.*" "$(fetch flatcar 2>&1 | tr '\n' ' ')"
images rm flatcar/6000.0.0 >/dev/null
odd "$path long"
fails "a mirror that promises more than it has" "$initrd: .*promised 6145000 bytes and sent 6144000" fetch flatcar --retries 0
odd "$path short"
images prune --keep 100 >/dev/null
fails "a mirror that promises less" 'its sha512 is' fetch flatcar --retries 0
odd "$path hold 2000000"
images prune --keep 100 >/dev/null
fails "a mirror that stands still" "$initrd: Operation too slow. Less than" fetch flatcar --retries 0
odd "$path loop"
images prune --keep 100 >/dev/null
fails "redirects in a loop" 'more than 5 redirects' fetch flatcar --retries 0
odd "$path to file:///etc/passwd"
fails "a redirect to a file of ours" "$initrd: .*[Pp]rotocol.*file" fetch flatcar --retries 0
odd "/flatcar/6000.0.0/version.txt endless"
fails "a small file without end" 'version.txt: larger than the 64.0 KiB it may have' fetch flatcar/6000.0.0 --retries 0
even
fails "nobody listens" 'Failed to connect|Connection refused|connect' images fetch flatcar "${common[@]}" --retries 0 --base-url http://127.0.0.1:9 --keyring "$work/flatcar.gpg"

# --- TLS -----------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
start tls python3 "$(dirname "$0")/images_mirror.py" "$mirror" "$work/tls-port" "$work/tls-requests" "$work/tls.crt" "$work/tls.key"
wait_for 10 "the TLS mirror" test -s "$work/tls-port"
tls=https://127.0.0.1:$(cat "$work/tls-port")
secure() { images fetch "${common[@]}" --retries 0 --base-url "$tls/flatcar" --keyring "$work/flatcar.gpg" "$@"; }
fails "a certificate of nobody we know" 'certificate' secure flatcar
fails "--insecure does not mean that" 'certificate' secure flatcar --insecure
odd "$path to $url$path"
fails "a redirect from https to http" "$initrd: .*[Pp]rotocol.*http" secure flatcar --ca "$work/tls.crt"
even
like "with --ca" 'flatcar/6000.0.0: 5 files' "$(secure flatcar --ca "$work/tls.crt" 2>&1)"
is "a proxy of the environment is used" "no" "$(http_proxy=http://127.0.0.1:9 fetch flatcar --retries 0 >/dev/null 2>&1 && echo yes || echo no)"

# --- a full disk ---------------------------------------------------------------------------------

mkdir "$work/small"
mount -t tmpfs -o size=4m tmpfs "$work/small" && defer "umount $work/small"
small() { "$slipway" images fetch flatcar --store "$work/small" "${common[@]}" --retries 0 --base-url "$url/flatcar" --keyring "$work/flatcar.gpg"; }
fails "a full disk" "$initrd: No space left on device" small
ok "leaves no image" test ! -e "$work/small/flatcar/6000.0.0"
kept=$(stat -c %s "$work/small/flatcar/.6000.0.0.partial/$initrd.part")
mount -o remount,size=16m "$work/small"
: >"$log"
like "and with room the fetch goes on" 'flatcar/6000.0.0: 5 files' "$(small 2>&1)"
is "with the rest" $((size - kept)) "$(sent $path)"

# --- archives and folders ------------------------------------------------------------------------

tar=$work/flatcar.tar
ok "an image is exported" images export flatcar/6000.0.0 "$tar"
like "tar reads it" "$kernel" "$(tar tf "$tar")"
fails "an export does not overwrite" 'File exists' images export flatcar/6000.0.0 "$tar"
store=$work/store2
import() { images import "${common[@]}" "$@"; }
like "and imported on the other side, with its signatures" "flatcar/6000.0.0: 5 files, .* signer: $key" "$(import "$tar" --keyring "$work/flatcar.gpg" 2>&1)"
ok "the same bytes" cmp "$work/store/flatcar/6000.0.0/$initrd" "$store/flatcar/6000.0.0/$initrd"
is "and origin" "$tls/flatcar/6000.0.0/$kernel" "$(manifest flatcar/6000.0.0 ".files[] | select(.name == \"$kernel\").source")"
ok "through a pipe of tar's own" eval "tar -C '$work/store/flatcar/6000.0.0' -cf '$work/foreign.tar' . && images rm flatcar/6000.0.0 && import '$work/foreign.tar' --name flatcar/6000.0.0 --keyring '$work/flatcar.gpg'"
ok "pax archives too" eval "tar --format=pax -C '$work/store/flatcar' -cf '$work/pax.tar' 6000.0.0 && import '$work/pax.tar' --name flatcar/6000.0.0 --keyring '$work/flatcar.gpg'"
fails "without a key ring" 'Without the keys of Flatcar' import "$tar" --keyring "$work/nowhere.gpg"
like "unless --insecure" 'signer: unverified' "$(import "$tar" --insecure 2>&1)"
fails "under another name" 'its manifest says that it is flatcar/6000.0.0' import "$tar" --name flatcar/6000.0.1 --insecure
head -c 5000000 "$tar" >"$work/half.tar"
fails "half an archive" 'the archive ends in the middle' import "$work/half.tar" --insecure
fails "something else" 'not a tar archive' import "$mirror/flatcar/6000.0.0/$kernel" --name flatcar/1 --insecure
ok "a failed import leaves what was there" whole flatcar/6000.0.0
evil=$work/evil
mkdir -p "$evil/d"
echo x >"$evil/vmlinuz"; echo y >"$evil/initrd.img"
lab() { import "$@" --name lab/9; }
hostile() { # hostile SENTENCE REGEX: the archive $work/evil.tar must be refused, with nothing written
	fails "an archive with $1" "$2" lab "$work/evil.tar"
	ok "$1: nothing comes of it" nothing_of lab
}
ln -s /etc/passwd "$evil/initrd.img.new" && tar -C "$evil" -cf "$work/evil.tar" vmlinuz initrd.img initrd.img.new && rm "$evil/initrd.img.new"
hostile "a symbolic link" 'is a symbolic link'
ln "$evil/vmlinuz" "$evil/other" && tar -C "$evil" -cf "$work/evil.tar" vmlinuz other && rm "$evil/other"
hostile "a hard link" 'is a hard link'
mknod "$evil/null" c 1 3 && tar -C "$evil" -cf "$work/evil.tar" vmlinuz null && rm "$evil/null"
hostile "a device" 'is a character device'
mkfifo "$evil/pipe" && tar -C "$evil" -cf "$work/evil.tar" pipe && rm "$evil/pipe"
hostile "a FIFO" 'is a FIFO'
tar -C "$evil" -P -cf "$work/evil.tar" --transform='s|^|../../|' vmlinuz
hostile "a path that climbs" 'can not be a file'
tar -C "$evil" -P -cf "$work/evil.tar" --transform='s|^|/etc/|' vmlinuz
hostile "an absolute path" 'can not be a file'
tar -C "$evil" -cf "$work/evil.tar" --transform='s|vmlinuz|.hidden|' vmlinuz
hostile "a hidden name" 'can not be a file'
tar -C "$evil" -cf "$work/evil.tar" vmlinuz vmlinuz --hard-dereference
hostile "one name twice" 'in the archive twice'
truncate -s 3G "$evil/big" && tar -C "$evil" -S -cf "$work/evil.tar" big && rm "$evil/big"
hostile "a sparse file" 'is a sparse file'
for i in $(seq 80); do echo >"$evil/d/f$i"; done
tar -C "$evil" -cf "$work/evil.tar" d
hostile "too many files" 'more than'
fails "a folder without what nodes boot" 'lab/9 needs a file initrd.img' eval "rm '$evil/initrd.img'; lab '$evil'"
ln -s /etc/shadow "$evil/initrd.img"
fails "a folder with a link in place of it" 'lab/9 needs a file initrd.img' lab "$evil"
rm "$evil/initrd.img" && echo y >"$evil/initrd.img"
like "a folder of one's own" 'lab/9: 2 files, .* unverified' "$(lab "$evil" 2>&1)"
mkdir -p "$store/lab/10" && cp "$evil/vmlinuz" "$evil/initrd.img" "$store/lab/10/"
like "a folder that was put there by hand" 'lab/10 +no manifest' "$(images list 2>/dev/null)"
ok "gets its manifest in place" import "$store/lab/10" --name lab/10
ok "and is an image then" whole lab/10
mkdir "$work/mixed" && cp "$work/store/flatcar/6000.0.0/"* "$work/mixed/" && cp "$work/store/flatcar/5001.0.0/version.txt" "$work/mixed/" && rm "$work/mixed/manifest.json"
fails "a folder of two builds" 'files of version 5001.0.0, not 6000.0.0' import "$work/mixed" --name flatcar/6000.0.0 --keyring "$work/flatcar.gpg"

# --- removing ------------------------------------------------------------------------------------

sed "s/^image:.*/image: lab\/9/" "$top/docs/examples/lab/cluster.yaml" >"$work/config/cluster.yaml"
used=(--config "$work/config/cluster.yaml")
like "list says who needs it" 'lab/9 .*cluster.yaml' "$(images list "${used[@]}" 2>/dev/null)"
fails "what is in use is not removed" 'lab/9 is in use by .*cluster.yaml' images rm lab/9 "${used[@]}"
like "nor pruned" '^lab/10 would be removed' "$(echo; lab "$evil" >/dev/null 2>&1; mkdir -p "$store/lab/11" && cp "$evil"/{vmlinuz,initrd.img} "$store/lab/11/"; images prune --dry-run --keep 1 "${used[@]}" | grep lab)"
ok "a dry run removes nothing" test -d "$store/lab/10"
images prune --keep 1 "${used[@]}" >/dev/null
is "prune keeps the newest, and what is in use" "11 9" "$(ls "$store/lab" | sort | tr '\n' ' ' | sed 's/ $//')"
mkdir "$work/config/nodes.d"
echo '- {name: x, role: worker, image: lab/11}' >"$work/config/nodes.d/x.yaml"
sed -i "s/{template: worker.yaml}/{template: worker.yaml, image: lab\/12}/" "$work/config/cluster.yaml"
fails "nor what one node of nodes.d boots" 'lab/11 is in use by .*cluster.yaml' images rm lab/11 "${used[@]}"
fails "nor what a role boots" 'lab/12 is in use by .*cluster.yaml' images rm lab/12 "${used[@]}"
rm -r "$work/config/nodes.d"
ok "--force removes it" images rm lab/9 --force "${used[@]}"
mkdir "$store/lab/.7.removed" && echo x >"$store/lab/.7.removed/f"
like "prune removes what a broken rm left" 'lab/7 .what was left of it. removed' "$(images prune --keep 100 "${used[@]}")"
fails "what is not there" 'no image lab/7' images rm lab/7
fails "what is no image" 'expected NAME/VERSION' images rm ../etc
done_testing
