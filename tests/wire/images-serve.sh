#!/usr/bin/env bash
# `slipway serve` and its verifier: no byte of an image leaves before all of its file was read and found to be
# what the manifest says; what changes on the disk is refused, and said; a restart reads nothing again.
. "$(dirname "$0")/../lib.sh"
need_root
net_new slipway-verify
. "$(dirname "$0")/server_lib.sh"
ip -n "$cli" addr add 10.77.0.11/24 dev c0
store=$work/images

server_files
mkdir "$work/new"
cat >"$yaml" <<-EOF2
	cluster: rv
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	dhcp: {pool: 10.77.0.100-10.77.0.149}
	image: lab/1
	roles:
	  master: {template: master.yaml, addons: [etcd]}
	nodes:
	  - {name: m1, role: master, mac: 02:00:00:00:00:11, address: 10.77.0.11}
EOF2

# image VERSION KIB: made and imported.
image() {
	head -c 100000 /dev/urandom >"$work/new/vmlinuz"
	head -c $(($2 * 1024)) /dev/urandom >"$work/new/initrd.img"
	server_import "$work/new" --name "lab/$1" >/dev/null 2>&1
}
fetch() { in_cli curl -s --max-time 20 -o "$work/body" -w '%{http_code}' "$url$1"; }
gets() { [ "$(fetch "$2")" = "$1" ]; }
events() { cli events --limit 200; }
happened() { events | grep -qE -- "$1"; }
status_says() { cli status | grep -qE -- "$1"; }

image 1 4000
server_start
ok "a good image is served" wait_for 10 "200" gets 200 /images/lab/1/initrd.img
ok "byte for byte" cmp "$work/body" "$store/lab/1/initrd.img"
ok "the timeline says that it was read" wait_for 5 "the event" happened 'image +lab/1 is what its manifest says: 2 files, 4\.0 MiB, read in .*signer: unverified'
warned() { cli events --limit 1000 -o json | jq -r "select(.kind == \"image\" and .severity == \"warn\") | .text" | grep -c "^$1 "; }
is "with a warning, for nobody signed it" 1 "$(warned lab/1)"
ok "status too" wait_for 5 "the state" status_says 'image +lab/1, good; signer: unverified'
# tftp PATH: what curl makes of it: the byte count, or the number of its error.
tftp() { in_cli curl -s --max-time "${2:-20}" -o "$work/body" "tftp://10.77.0.1/images/$1" && stat -c %s "$work/body" || echo "curl: $?"; }
is "GRUB gets it by TFTP" 100000 "$(tftp lab/1/vmlinuz)"
is "byte for byte" "" "$(cmp "$work/body" "$store/lab/1/vmlinuz")"
is "by TFTP too the manifest is not one of its files" "curl: 68" "$(tftp lab/1/manifest.json)"
is "the manifest is not one of its files" 404 "$(fetch /images/lab/1/manifest.json)"
is "nor is anything that the manifest does not name" 404 "$(echo x >"$store/lab/1/extra"; fetch /images/lab/1/extra)"
rm "$store/lab/1/extra"

# What is new comes in while we serve, and holds nobody up.
image 2 300000
first=$(fetch /images/lab/2/initrd.img)
is "another image is served meanwhile" 200 "$(fetch /images/lab/1/vmlinuz)"
like "one that is not read yet is 503, which is asked again" '^(503|200)$' "$first"
ok "and is served once it was read" wait_for 30 "200" gets 200 /images/lab/2/initrd.img
ok "which is an event" wait_for 5 "the event" happened 'image +lab/2 is what its manifest says: 2 files, 293\.1 MiB'

# What changes on the disk.
printf X | dd of="$store/lab/1/initrd.img" bs=1 seek=1000 conv=notrunc status=none
like "a file that was changed is not served from that moment on" '^(503|403)$' "$(fetch /images/lab/1/initrd.img)"
ok "and is refused once it was read" wait_for 10 "403" gets 403 /images/lab/1/initrd.img
like "in words" 'not what its manifest says' "$(cat "$work/body")"
is "by TFTP too" "curl: 69" "$(tftp lab/1/initrd.img)"
is "the whole image, not the one file" 403 "$(fetch /images/lab/1/vmlinuz)"
ok "the timeline names the file" wait_for 5 "the event" happened 'image +lab/1 is refused: initrd.img is not what the manifest says'
ok "the log too" grep -q 'image lab/1 is refused: initrd.img' "$work/serve.log"
ok "status too" status_says 'image +lab/1, refused'
is "a node that asks for its script gets one" 200 "$(fetch '/script.ipxe?mac=02-00-00-00-00-11')"
like "that says why it can not boot" 'image lab/1 is refused: initrd.img is not what the manifest says' "$(cat "$work/body")"
is "another image is none the worse" 200 "$(fetch /images/lab/2/vmlinuz)"
image 1 4000
ok "a new import makes it good" wait_for 10 "200" gets 200 /images/lab/1/initrd.img
ok "and its script boots" wait_for 5 "a script" eval "fetch '/script.ipxe?mac=02-00-00-00-00-11' && grep -q 'images/lab/1/vmlinuz' '$work/body'"
mv "$store/lab/1/manifest.json" "$work/manifest.json"
ok "an image that loses its manifest" wait_for 10 "403" gets 403 /images/lab/1/vmlinuz
ok "says so" wait_for 5 "the event" happened 'lab/1 is refused: lab/1 has no manifest.json: .slipway images import'
mv "$work/manifest.json" "$store/lab/1/manifest.json"
ok "and is good again with it" wait_for 10 "200" gets 200 /images/lab/1/vmlinuz
mkdir -p "$store/lab/3" && cp "$work/new/vmlinuz" "$store/lab/3/"
ok "a folder that somebody put there is no image" wait_for 10 "403" gets 403 /images/lab/3/vmlinuz

# Workers that die.
kill -9 "$(worker verifier)"
is "a verifier that is dead stops nobody's download" 200 "$(fetch /images/lab/2/vmlinuz)"
image 4 1000
ok "and its successor reads what came meanwhile" wait_for 10 "200" gets 200 /images/lab/4/initrd.img
kill -9 "$(worker netboot)"
ok "a new netboot knows the verdicts" wait_for 10 "200" gets 200 /images/lab/2/vmlinuz
kill -9 "$(worker provisioner)"
is "without a provisioner images are served" 200 "$(fetch /images/lab/1/vmlinuz)"
wait_for 10 "the provisioner" cli status
ok "which knows their states when it is back" wait_for 10 "the state" status_says 'image +lab/1, good'
memory=$(awk '/^Pss:/ { print $2 }' "/proc/$(worker verifier)/smaps_rollup")
ok "the verifier is small ($memory kB PSS)" test "$memory" -lt 16000

# A restart.
server_stop
sed -i '/is what its manifest says/d' "$work/serve.log"
server_start
ok "after a restart it is served" wait_for 10 "200" gets 200 /images/lab/2/initrd.img
ok "and nothing was read again" wait_for 5 "the event" happened 'lab/2 is what its manifest says: .* unchanged since it was read'
is "an image that nobody signed is warned of when it is new, not at each start" "1 info" \
	"$(warned lab/2) $(cli events --limit 1000 -o json | jq -r 'select(.text | test("lab/2 .*unchanged")) | .severity' | sort -u)"
server_stop
printf X | dd of="$store/lab/1/vmlinuz" bs=1 seek=5 conv=notrunc status=none
server_start
ok "what was changed while nobody served is found at the start" wait_for 10 "403" gets 403 /images/lab/1/vmlinuz
head -c 100 /dev/urandom >"$work/state/verifier/verdicts"
server_stop
server_start
ok "a broken cache costs reading all again" wait_for 30 "200" gets 200 /images/lab/2/initrd.img
is "and forgives nothing" 403 "$(fetch /images/lab/1/vmlinuz)"

# What is in use: what cluster.yaml names, what any generation boots that is kept.
images() { "$bin/slipway" images "$1" --store "$store" --config "$yaml" --socket "$socket" --state "$work/state" "${@:2}" 2>&1; }
refuses() { like "$1" "$2" "$(images rm "$3")" && [ -d "$store/$3" ]; }
image 5 100
image 6 100
cp "$yaml" "$work/first.yaml"
sed -i 's/^image: .*/image: lab\/2/; s/template: master.yaml/image: lab\/5, &/' "$yaml"
ok "a role gets an image of its own" cli apply
is "status names all that nodes boot" "lab/2 lab/5" "$(cli status -o json | jq -r '[.images[] | "\(.name)/\(.version)"] | join(" ")')"
ok "with what the verifier says of each" wait_for 10 "the state" status_says '^ +lab/5, good; signer: unverified$'
sed 's/^image: .*/image: lab\/6/' "$work/first.yaml" >"$yaml"
refuses "what nodes get is not removed, though cluster.yaml names it no more" 'lab/5 is in use by generation 2, which nodes get' lab/5
refuses "nor the cluster's own" 'lab/2 is in use by generation 2, which nodes get' lab/2
refuses "nor what a rollback may publish" 'lab/1 is in use by generation 1, to which a rollback may go back' lab/1
refuses "nor what cluster.yaml names by now" 'lab/6 is in use by .*cluster.yaml' lab/6
out=$(images prune --keep 1)
is "prune removes what nobody needs" "lab/3 lab/4" "$(sed -n 's/ removed, .*//p' <<<"$out" | tr '\n' ' ' | sed 's/ $//')"
like "and says what stays, and why" '^lab/5 stays: it is in use by generation 2, which nodes get$' "$out"
is "list knows it too" "generation 1, to which a rollback may go back" \
	"$(images list --json | jq -r '.[] | select(.version == "1") | .used_by')"
echo 'ports: {http: 8081}' >>"$yaml"
cli apply >"$work/out"
cp "$work/first.yaml" "$yaml"
refuses "nor what waits for a restart" 'lab/6 is in use by generation 3, which waits for a restart' lab/6

server_stop
refuses "without a server the archive is asked" 'lab/6 is in use by generation 3, which is published' lab/6
refuses "for older ones too" 'lab/5 is in use by generation 2, to which a rollback may go back' lab/5
is "which leaves no file of root's there" "" "$(find "$work/state/provisioner" -user root)"
mv "$work/state/provisioner/generations.db" "$work/kept.db"
head -c 5000 /dev/urandom >"$work/state/provisioner/generations.db"
refuses "one that can not be read keeps all" 'there is no telling what is in use' lab/5
out=$(images prune --keep 1)
is "prune too: exit status" 1 $?
mv "$work/kept.db" "$work/state/provisioner/generations.db"
like "--force asks nobody" '^lab/1 removed' "$(images rm lab/1 --force)"
server_start
out=$(cli generations rollback 1 2>&1)
is "a rollback to what nodes could not boot is refused: exit status" 1 $?
like "in words" 'generation 1 boot lab/1, of which manifest.json is not in the image store any more' "$out"
is "and nothing has changed" 3 "$(cli status -o json | jq .generation)"
done_testing
