#!/usr/bin/env bash
# The add-on kubernetes: what a node reads, before the eyes of systemd, PyYAML and the shell; what it is given over mTLS,
# before those of openssl; and the real kubectl, which proves itself with the one by the other.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../check/systemd_lib.sh"
need_root
ns=ku-$$
ip netns add $ns || exit 1
defer "ip netns del $ns"
ip -n $ns link set lo up
in_ns() { ip netns exec $ns "$@"; }
mkdir "$work/out"
renders() { "$bin/slipway" check --config "$top/tests/data/kubernetes/cluster.yaml" --templates "$top/templates" --write "$work/out"; }
ok "masters and both kinds of worker render" renders

# --- what is rendered ------------------------------------------------------------------------------

sound() { local f; for f in "$1"/opt/slipway/bin/*; do sh -n "$f" || return 1; done; }
# query FILE EXPRESSION: over the list `d` of the file's YAML documents, by their kind.
query() {
	/usr/bin/python3 -c 'import sys, yaml
d = {x["kind"]: x for x in yaml.safe_load_all(open(sys.argv[1]))}
v = eval(sys.argv[2])
print(" ".join(v) if isinstance(v, list) else v)' "$1" "$2"
}
for node in m1 m2 w1 x1; do
	ok "$node's cloud-config can be unpacked" /usr/bin/python3 "$top/tests/check/unpack_cloud_config.py" "$work/out/$node.yaml" "$work/$node"
	ok "systemd takes $node's units" systemd_takes "$work/$node" $(cat "$work/$node/units")
	ok "$node's scripts are sound" sound "$work/$node"
	is "nothing that $node reads is secret" 0 "$(grep -rlE 'PRIVATE KEY|token:|certificateKey' "$work/$node" | wc -l)"
done
init=$work/m1/etc/kubernetes/slipway/init.yaml join=$work/w1/etc/kubernetes/slipway/join.yaml
is "a master's file has three documents" "ClusterConfiguration InitConfiguration KubeletConfiguration" "$(query "$init" 'sorted(d)')"
is "of kubeadm's API for 1.31" kubeadm.k8s.io/v1beta4 "$(query "$init" 'd["ClusterConfiguration"]["apiVersion"]')"
is "with the endpoint from the start" 10.77.0.9:8443 "$(query "$init" 'd["ClusterConfiguration"]["controlPlaneEndpoint"]')"
is "at the node's own address" 10.77.0.11 "$(query "$init" 'd["InitConfiguration"]["localAPIEndpoint"]["advertiseAddress"]')"
is "and images of the site's mirror" registry.acm.internal:5000 "$(query "$init" 'd["ClusterConfiguration"]["imageRepository"]')"
is "it uses the cluster's etcd" "https://10.77.0.11:2379 https://10.77.0.12:2379 https://10.77.0.13:2379" \
	"$(query "$init" 'd["ClusterConfiguration"]["etcd"]["external"]["endpoints"]')"
is "arguments are a list" "node-ip volume-plugin-dir node-labels" \
	"$(query "$init" '[a["name"] for a in d["InitConfiguration"]["nodeRegistration"]["kubeletExtraArgs"]]')"
is "a worker joins by a file" /etc/kubernetes/slipway/discovery.conf "$(query "$join" 'd["JoinConfiguration"]["discovery"]["file"]["kubeConfigPath"]')"
is "and no control plane" False "$(query "$join" '"controlPlane" in d["JoinConfiguration"]')"
like "only the first master may begin" 'kubeadm init' "$(cat "$work/m1/opt/slipway/bin/kubeadm-up")"
is "the second never does" 0 "$(grep -c 'kubeadm init' "$work/m2/opt/slipway/bin/kubeadm-up")"
is "the kubelet of a worker without kubeadm finds DNS" 10.96.0.10 "$(query "$work/x1/var/lib/kubelet/config.yaml" 'd["KubeletConfiguration"]["clusterDNS"]')"
is "and needs no kubeadm" 0 "$(grep -c kubeadm.service "$work/x1/units")"
sed 's/version: 1.31.4/version: 1.28.15/' "$top/tests/data/kubernetes/cluster.yaml" >"$work/old.yaml"
mkdir "$work/old"
"$bin/slipway" check --config "$work/old.yaml" --templates "$top/templates" --write "$work/old" >/dev/null 2>&1
/usr/bin/python3 "$top/tests/check/unpack_cloud_config.py" "$work/old/m1.yaml" "$work/old-m1" >/dev/null
old=$work/old-m1/etc/kubernetes/slipway/init.yaml
is "before 1.31 it is the older API" kubeadm.k8s.io/v1beta3 "$(query "$old" 'd["ClusterConfiguration"]["apiVersion"]')"
is "where arguments are a map" 10.77.0.11 "$(query "$old" 'd["InitConfiguration"]["nodeRegistration"]["kubeletExtraArgs"]["node-ip"]')"

# --- what is delivered -----------------------------------------------------------------------------

# secrets NODE WORD...: the real agent fetches them, below the folder that the node's files were unpacked into.
secrets() {
	local node=$1 fingerprint
	shift
	mkdir -p "$work/host"
	printf '%s\n' "$@" >"$work/host/words"
	token=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
	start "host-$node" ip netns exec $ns "$bin/tests/wire/join_host" --dir "$work/host" --address 127.0.0.1 --port 8443 --token "$token" --node "$node"
	wait_for 5 "the provisioner's side" grep -q serving "$work/host-$node.log"
	fingerprint=$(awk '/^fingerprint/{print $2}' "$work/host-$node.log")
	printf 'SLIPWAY_URL=https://127.0.0.1:8443\nSLIPWAY_CA_FINGERPRINT=%s\nSLIPWAY_TOKEN=%s\nSLIPWAY_NODE=%s\n' \
		"$fingerprint" "$token" "$node" >"$work/$node.env"
	timeout 60 ip netns exec $ns "$bin/slipway-join" --env "$work/$node.env" --state "$work/$node.state" --root "$work/$node" --once >"$work/agent-$node.log" 2>&1
	kill "$started"
	wait "$started" 2>/dev/null
	test -s "$work/$node/run/slipway/secrets-ready"
}
pki=$work/m1/etc/kubernetes/pki
ok "a master is given its own" secrets m1 kubernetes-master kubernetes-join
ok "a worker is" secrets w1 kubernetes-join
ok "and one without kubeadm" secrets x1 kubernetes-kubelet
ok "all know the same authority" cmp "$pki/ca.crt" "$work/w1/etc/kubernetes/pki/ca.crt"
is "whose key no worker has" "" "$(find "$work/w1" "$work/x1" -name '*ca.key')"
chain() { openssl verify -CAfile "$pki/ca.crt" -purpose sslclient "$1"; }
ok "openssl verifies the worker's certificate" chain "$work/w1/etc/kubernetes/slipway/join.pem"
ok "and the kubelet's" chain "$work/x1/etc/kubernetes/slipway/kubelet.pem"

# --- kubectl ---------------------------------------------------------------------------------------

# The master's authority signs a server, as kubeadm does with it.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kube-apiserver -keyout "$work/api.key" -out "$work/api.csr" 2>/dev/null
openssl x509 -req -in "$work/api.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -days 1 -out "$work/api.crt" \
	-extfile <(printf 'subjectAltName=IP:10.77.0.9\nextendedKeyUsage=serverAuth\n') 2>/dev/null
ip -n $ns addr add 10.77.0.9/32 dev lo
start api ip netns exec $ns /usr/bin/python3 "$top/tests/wire/kubernetes_server.py" api 10.77.0.9 8443 "$work/api.crt" "$work/api.key" "$pki/ca.crt"
wait_for 10 "a server" grep -q serving "$work/api.log"
# kube NODE FILE: that kubeconfig, with the paths in it below the node's folder.
kube() {
	sed "s|: /etc/|: $work/$1/etc/|" "$work/$1$2" >"$work/kubeconfig"
	in_ns env HOME="$work" kubectl --kubeconfig "$work/kubeconfig" --request-timeout=10s get --raw /healthz 2>&1
}
is "kubectl reads discovery.conf, and is let in" ok "$(kube w1 /etc/kubernetes/slipway/discovery.conf)"
like "as one that may join" "client \['system:bootstrappers:kubeadm:default-node-token', 'w1'\]" "$(cat "$work/api.log")"
is "it reads the kubelet.conf of a worker without kubeadm" ok "$(kube x1 /etc/kubernetes/kubelet.conf)"
like "and is that node" "client \['system:nodes', 'system:node:x1'\]" "$(cat "$work/api.log")"
cp "$work/x1/etc/kubernetes/slipway/kubelet.pem" "$work/kept.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /O=system:nodes/CN=system:node:x1 \
	-keyout "$work/forged.key" -out "$work/forged.crt" 2>/dev/null
cat "$work/forged.crt" "$work/forged.key" >"$work/x1/etc/kubernetes/slipway/kubelet.pem"
like "with a certificate that somebody made himself it is not" 'unknown certificate authority|tls|certificate' "$(kube x1 /etc/kubernetes/kubelet.conf)"

# --- what is refused -------------------------------------------------------------------------------

told() { # MESSAGE SENTENCE SED...
	local message=$1 what=$2
	shift 2
	sed "$@" "$top/tests/data/kubernetes/cluster.yaml" >"$work/cluster.yaml"
	like "$what" "$message" "$("$bin/slipway" check --config "$work/cluster.yaml" --templates "$top/templates" 2>&1)"
}
told '10.77.0.0/16 overlaps with the nodes. own network 10.77.0.0/24' "pods among the nodes are refused" -e 's/node-labels: {rack: a1}/pod-network: 10.77.0.0\/16/'
told 'pod-network and service-network overlap' "so are pods among services" -e 's/node-labels: {rack: a1}/pod-network: 10.96.128.0\/17/'
told 'etcd must speak TLS' "and an etcd without TLS" -e 's/tls: true/tls: false/'
told 'kubeadm-url is required|kubeadm-url' "a program without a place is told by its parameter's name" -e 's/kubeadm-url: "[^"]*", //'
done_testing
