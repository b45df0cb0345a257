#!/usr/bin/env bash
# slipway init: in namespaces with interfaces of our own, with and without somebody who answers.
. "$(dirname "$0")/../lib.sh"
need_root

net_new "slipway-init-$$"
init() { in_srv env HOME="$work/home" "$bin/slipway" init --store "$work/images" --templates "$top/templates" "$@"; }
file=$work/etc/slipway/cluster.yaml
mkdir -p "$work/home/.ssh" "$work/images/lab/"{9,10}
echo 'ssh-ed25519 AAAAC3Nza rack@example' >"$work/home/.ssh/id_ed25519.pub"
in_srv ip link add out0 type veth peer name out1
in_srv ip link set out0 up
in_srv ip addr add 192.0.2.7/24 dev out0
in_srv ip route add default via 192.0.2.1 dev out0 metric 10

said=$(init --yes -c "$file" 2>&1 </dev/null)
like "it says what comes next" 'cluster.yaml is written.*slipway check.*slipway serve' "$(tr '\n' ' ' <<<"$said")"
text=$(cat "$file")
like "the way out is external" 'external: \{interface: out0\}' "$text"
like "the interface with an address is internal" 'interface: s0$' "$text"
like "with the address it has" 'address: 10\.77\.0\.1/24 ' "$text"
like "the pool leaves room" 'pool: 10\.77\.0\.100-10\.77\.0\.199 ' "$text"
like "the newest image of the store is taken" '^image: lab/10$' "$text"
like "the key of who runs it may log in" "^  - 'ssh-ed25519 AAAAC3Nza rack@example'$" "$text"
like "slipway check takes it" ', 0 nodes, image lab/10: all of it renders' "$("$bin/slipway" check -c "$file" --templates "$top/templates" 2>&1)"
sed -e '/^#  - {name/s/^#//' -e 's/^nodes: \[\]/nodes:/' "$file" >"$work/with-nodes.yaml"
like "its example of nodes is sound" ', 3 nodes, ' "$("$bin/slipway" check -c "$work/with-nodes.yaml" --templates "$top/templates" 2>&1)"

echo mine >"$file"
like "nothing is written over" 'is there already \(--force' "$(init --yes -c "$file" 2>&1)"
is "really" mine "$(cat "$file")"
ok "but with --force" init --yes --force -c "$file"
like "which is the whole file again" '^cluster: cluster$' "$(cat "$file")"

in_srv ip addr del 10.77.0.1/24 dev s0
in_srv ip link add x0 type veth peer name x1
for i in x0 x1 out1; do in_srv ip link set "$i" up; done
in_cli ip link set c0 down
like "cards that are alike and have a link become a bond" 'bond: \{mode: 802.3ad, members: \[out1, x0, x1\]\}|bond: \{mode: 802.3ad, members: \[out1, x1, x0\]\}' \
	"$(init --yes -c - --bond-mode 802.3ad)"
like "options win" 'bond: \{mode: active-backup, members: \[x0, s0\]\}' "$(init --yes -c - --internal x0,s0)"
like "and are checked as the file is" 'network.internal.bond.members: x0 stands here twice' "$(init --yes -c - --internal x0,x0 2>&1)"
like "one by one, too" '^slipway init: --address: "10.0.0.0/24" is not an address' "$(init --yes -c - --address 10.0.0.0/24 2>&1)"
like "a network without room is refused" 'no room for nodes and a pool' "$(init --yes -c - --address 10.0.0.1/30 2>&1)"

like "an image that no template knows is refused as slipway check does" 'cluster.yaml:[0-9:]+ image: there is no distribution "gentoo"' \
	"$(init --yes -c - --image gentoo/1 2>&1)"
like "a card that is not there is taken, with a warning" 'warning: this machine has no interface nope0.*interface: nope0 ' \
	"$(init --yes -c - --internal nope0 2>&1 | tr '\n' ' ')"

# Somebody at a terminal, who once types nonsense and else takes what is proposed.
cat >"$work/answers.py" <<'PY'
import os, pty, select, sys
answers = sys.argv.pop(1).split("|")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    ready, _, _ = select.select([fd], [], [], 20)
    if not ready:
        sys.exit("nothing more is said: " + seen.decode())
    try:
        got = os.read(fd, 4096)
    except OSError:
        got = b""
    if not got:
        break
    seen += got
    if seen.rstrip(b" ").endswith(b"]:") and answers:
        os.write(fd, answers.pop(0).encode() + b"\n")
        seen += b"<answered>"
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
rm "$file"
# answered ANSWERS OPTION...: what a person types, line by line, with | between.
answered() {
	local answers=$1
	shift
	in_srv env HOME="$work/home" python3 "$work/answers.py" "$answers" "$bin/slipway" init --store "$work/images" \
		--templates "$top/templates" "$@" 2>&1
}
said=$(answered "acm||none|x0|nonsense|10.5.0.1/30|10.5.0.1/16|10.5.0.1-10.5.0.9||gentoo/1|" -c "$file")
like "the interfaces are shown first" 'INTERFACE .*SPEED .*out0 +veth +yes .*192\.0\.2\.7/24 +leads outward' "$(tr '\r\n' '  ' <<<"$said")"
like "nonsense is asked again" 'That is not an address with prefix length' "$said"
like "a network without room, too" 'has no room for nodes and a pool.*This machine' "$(tr '\r\n' '  ' <<<"$said")"
like "and a pool with our own address" "holds the provisioner's own address 10\.5\.0\.1" "$said"
like "and an image that nobody knows" 'no distribution "gentoo".*What nodes boot' "$(tr '\r\n' '  ' <<<"$said")"
like "the domain follows the name" 'Domain of its nodes \[acm\.internal\]' "$said"
like "the pool follows the address" '\[10\.5\.0\.100-10\.5\.0\.199\]' "$said"
text=$(cat "$file")
like "the answers are in the file" 'cluster: acm .*interface: x0 .*address: 10\.5\.0\.1/16' "$(tr '\n' ' ' <<<"$text")"
ok "none is none" eval '! grep -q external: "$file"'
rm "$file"
said=$(answered "||x0|out1|192.0.2.8/24|||" -c "$file" --external s0)
like "a card that a person says leads outward is none of the inside" 'external: \{interface: x0\}' "$(cat "$file")"
rm "$file"
like "after three answers without sense it gives up" 'no answer that makes sense, so nothing is written' "$(answered "A|B|C" -c "$file")"
ok "and writes nothing" test ! -e "$file"
done_testing
