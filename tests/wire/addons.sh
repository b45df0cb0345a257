#!/usr/bin/env bash
# What the add-ons put on a node, run: etcd with the file that it is told by, with and without TLS, and every script
# against the program or the kernel that it speaks to.
. "$(dirname "$0")/../lib.sh"
need_root
for tool in /usr/bin/etcd /usr/bin/etcdctl /usr/bin/python3 /usr/bin/openssl /usr/bin/curl; do
	[ -x $tool ] || { echo "ok 1 - addons.sh # SKIP needs $tool"; echo 1..1; exit 77; }
done
net_new ad
ip -n "$cli" addr add 10.77.0.11/24 dev c0

# lay_out DISTRO: the master of tests/data/nodes, its files below $work/DISTRO.
lay_out() {
	mkdir "$work/$1.rendered"
	"$bin/slipway" check --config "$top/tests/data/nodes/$1.yaml" --templates "$top/templates" --write "$work/$1.rendered" &&
		/usr/bin/python3 "$top/tests/check/unpack_cloud_config.py" "$work/$1.rendered/master1.yaml" "$work/$1"
}
cd "$top" || exit 1
ok "the master of flatcar.yaml is laid out" lay_out flatcar
ok "the master of coreos.yaml is laid out" lay_out coreos

# here DISTRO FILE: an environment or a script with its paths below $work, for nothing is written outside of it.
here() {
	sed -e "s#/var/lib/etcd#$work/$1.data#g" -e "s#/etc/ssl/\(etcd\|certs\)#$work/ssl#g" \
		-e "s#/etc/flannel#$work/$1/etc/flannel#g" "$work/$1/$2"
}

# etcd_start DISTRO: as its unit runs it: with the file, and nothing else.
etcd_start() {
	here "$1" etc/slipway/etcd.env >"$work/$1.env"
	(umask 077 && mkdir "$work/$1.data")
	mapfile -t environment <"$work/$1.env"
	ip netns exec "$cli" env -i "${environment[@]}" /usr/bin/etcd >"$work/$1.log" 2>&1 </dev/null &
	etcd=$!
	defer "kill -9 $etcd; wait $etcd"
}

# ctl DISTRO ARGUMENT...: etcdctl with the file that etcd-client leaves.
ctl() {
	mapfile -t environment < <(here "$1" etc/slipway/etcd-client.env)
	shift
	ip netns exec "$cli" env -i "${environment[@]}" /usr/bin/etcdctl "$@"
}

# run DISTRO SCRIPT [ARGUMENT...]
run() {
	here "$1" "opt/slipway/bin/$2" >"$work/script"
	shift 2
	ip netns exec "$cli" sh "$work/script" "$@"
}

# takes DISTRO: etcd, by what the add-ons say of it.
takes() {
	etcd_start "$1"
	ok "$1: etcd is healthy by its file alone, for a client by the client's" wait_for 30 "etcd" ctl "$1" endpoint health
	is "$1: it knew every word of the file" "" "$(grep -i 'unrecogni[sz]ed\|unused env' "$work/$1.log")"
	like "$1: it is the member of the cluster" 'master1, https?://10\.77\.0\.11:2380, https?://10\.77\.0\.11:2379' \
		"$(ctl "$1" member list)"
}
etcd_kill() {
	kill -9 "$etcd"
	wait "$etcd" 2>/dev/null
}

# fails SENTENCE REGEX COMMAND...
fails() {
	local sentence=$1 regex=$2 out
	shift 2
	if out=$("$@" 2>&1); then fail "$sentence" "it did not fail"; else like "$sentence" "$regex" "$out"; fi
}

takes flatcar
etcd_kill

# Certificates as the provisioner hands them out: a server's that is a client's too, for the members ask each other.
certify() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ssl/$1.key" -subj "/CN=$1" -out "$work/csr" 2>/dev/null &&
		openssl x509 -req -in "$work/csr" -CA "$work/ssl/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 1 -out "$work/ssl/$1.crt" \
			-extfile <(printf 'subjectAltName=IP:10.77.0.11,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n') 2>/dev/null
}
mkdir "$work/ssl"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" -subj /CN=ca -days 1 -out "$work/ssl/ca.crt" 2>/dev/null
for name in server peer client; do certify $name || fail "a certificate for $name"; done
# Debian's etcd is younger than CoreOS's, and serves v2 keys only when asked to.
echo ETCD_ENABLE_V2=true >>"$work/coreos/etc/slipway/etcd.env"
takes coreos
network() {
	in_cli curl -s --cacert "$work/ssl/ca.crt" --cert "$work/ssl/client.crt" --key "$work/ssl/client.key" \
		https://10.77.0.11:2379/v2/keys/coreos.com/network/config | jq -r .node.value | jq -c .
}
written=$(jq -c . "$work/coreos/etc/flannel/network.json")
ok "flannel's network goes into the v2 keys" run coreos flannel-network
is "as the add-on says it" "$written" "$(network)"
echo '{}' >"$work/coreos/etc/flannel/network.json"
ok "a second node finds it there" run coreos flannel-network
is "and leaves it" "$written" "$(network)"
etcd_kill
fails "with no etcd the script says so" "no member of etcd takes flannel's network" run coreos flannel-network

# --- fetch
mkdir "$work/mirror"
printf 'the program\n' >"$work/mirror/program"
sum=$(sha256sum <"$work/mirror/program" | cut -d' ' -f1)
start mirror ip netns exec "$srv" /usr/bin/python3 -m http.server --bind 10.77.0.1 --directory "$work/mirror" 8000
ok "the mirror is up" wait_for 10 "the mirror" in_cli curl -sf http://10.77.0.1:8000/program
ok "fetch brings a program" run flatcar fetch http://10.77.0.1:8000/program "$sum" "$work/node/bin/program"
is "it may be run" "755 the program" "$(stat -c %a "$work/node/bin/program") $(cat "$work/node/bin/program")"
fails "what is another file is not taken" 'is not the file this node was told to run' \
	run flatcar fetch http://10.77.0.1:8000/program "${sum//[0-9]/0}" "$work/node/bin/other"
is "and nothing is left of it" program "$(ls "$work/node/bin")"
kill -- -$started
ok "what is there is not fetched again" run flatcar fetch http://10.77.0.1:8000/program "$sum" "$work/node/bin/program"

# --- flannel and Docker, with a /run of their own
own_run() {
	# shellcheck disable=SC2016
	in_cli unshare --mount sh -c 'mount -t tmpfs none /run && mkdir /run/flannel && '"$1"
}
subnet='printf "FLANNEL_NETWORK=10.2.0.0/16\nFLANNEL_SUBNET=10.2.18.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n" >/run/flannel/subnet.env'
tell="sh $work/flatcar/opt/slipway/bin/flannel-docker-opts"
reset="sh $work/flatcar/opt/slipway/bin/reset-docker0"
is "Docker is told flannel's network" '--bip=10.2.18.1/24 --mtu=1450 --ip-masq=false' \
	"$(own_run "$subnet; $tell; . /run/flannel/flannel_docker_opts.env; echo \$DOCKER_OPT_BIP \$DOCKER_OPT_MTU \$DOCKER_OPT_IPMASQ")"
is "as soon as flannel has it, not before" told "$(own_run "(sleep 1; $subnet) & $tell && echo told")"
fails "Docker does not start before" 'flannel has no network for this node yet' own_run "$reset"
bridge() { in_cli ip link add docker0 type bridge && in_cli ip addr add "$1" dev docker0; }
ok "a bridge from before flannel" bridge 172.17.0.1/16
ok "is no obstacle" own_run "$subnet; $tell; $reset"
is "it is gone" 1 "$(in_cli ip link show docker0 >/dev/null 2>&1; echo $?)"
ok "a bridge of flannel's network" bridge 10.2.18.1/24
ok "is none either" own_run "$subnet; $tell; $reset"
is "it stays" 0 "$(in_cli ip link show docker0 >/dev/null 2>&1; echo $?)"

# --- CoreOS's network before its bond
in_cli ip link add n1 address 52:54:00:77:01:01 type veth peer name n2 address 52:54:00:77:99:99
in_cli ip addr add 10.77.0.150/24 dev n1
in_cli ip addr add 10.78.0.1/24 dev n2
for link in n1 n2; do in_cli ip link set $link up; done
ok "the reset runs" run coreos reset-network
is "the node's NIC is down, without an address" "0 0" \
	"$(in_cli ip -o link show n1 up | wc -l) $(in_cli ip -o -4 addr show dev n1 | wc -l)"
is "another one is left alone" "1 1" "$(in_cli ip -o link show n2 up | wc -l) $(in_cli ip -o -4 addr show dev n2 | wc -l)"
done_testing
