#!/usr/bin/env bash
# The add-on load-balancer with the real haproxy and the real keepalived, by the very files that a node gets: three
# masters behind one address, of which two die.
. "$(dirname "$0")/../lib.sh"
need_root
PATH=$PATH:/usr/sbin
ns=lb-$$ vip=10.77.0.9
ip netns add $ns || exit 1
defer "ip netns del $ns"
in_ns() { ip netns exec $ns "$@"; }
ip -n $ns link set lo up
ip -n $ns link add bond0 type veth peer name peer0 # as in a node's bond, and with a carrier
ip -n $ns link set peer0 up
ip -n $ns link set bond0 up
for i in 1 2 3; do ip -n $ns addr add 10.77.0.1$i/24 dev bond0; done
in_ns sh -c 'echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind'

mkdir "$work/out"
renders() { "$bin/slipway" check --config "$top/tests/data/kubernetes/cluster.yaml" --templates "$top/templates" --write "$work/out"; }
ok "a control plane behind a load balancer renders" renders
/usr/bin/python3 "$top/tests/check/unpack_cloud_config.py" "$work/out/m1.yaml" "$work/m1" >/dev/null
cfg=$work/m1/etc/slipway/haproxy.cfg conf=$work/m1/etc/slipway/keepalived.conf
is "haproxy has nothing to say against its configuration" "" "$(in_ns haproxy -c -q -f "$cfg" 2>&1)"
is "nor keepalived against its own" "" "$(in_ns keepalived --config-test --use-file="$conf" --log-console 2>&1 | grep -v '^$')"
like "a listener of the operator's is in it" "bind $vip:80" "$(cat "$cfg")"
priorities=$(for m in m1 m2 m3; do
	/usr/bin/python3 "$top/tests/check/unpack_cloud_config.py" "$work/out/$m.yaml" "$work/$m" >/dev/null
	sed -n 's/^ *priority //p' "$work/$m/etc/slipway/keepalived.conf"
done | sort -u | wc -l)
is "no two balancers are as good as each other" 3 "$priorities"

# --- balancing -------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=kube-apiserver \
	-keyout "$work/key" -out "$work/crt" 2>/dev/null
for i in 1 2 3; do
	start m$i ip netns exec $ns /usr/bin/python3 "$top/tests/wire/kubernetes_server.py" m$i 10.77.0.1$i 6443 "$work/crt" "$work/key"
	eval "m$i=$started"
done
start web ip netns exec $ns /usr/bin/python3 -m http.server --bind 10.77.0.13 30080
for i in 1 2 3; do wait_for 10 "master $i" grep -q serving "$work/m$i.log"; done
start haproxy ip netns exec $ns haproxy -db -W -f "$cfg"
haproxy=$started
who() { in_ns curl -sk -m 5 "https://$vip:8443/"; }
health() { in_ns curl -s -m 5 -o /dev/null -w '%{http_code}' http://127.0.0.1:8404/healthz; }
answers() { who | grep -q '^m[123]$'; }
# everybody: those that answered in a row of requests.
everybody() { for _ in 1 2 3 4 5 6 7 8 9; do who; echo; done | sort -u | tr '\n' ' '; }
are() { [ "$(everybody)" = "$1" ]; }
has_vip() { ip -n $ns -4 -o addr show dev bond0 | grep -q " $vip/"; }
has_no_vip() { ! has_vip; }
start keepalived ip netns exec $ns keepalived --dont-fork --log-console --vrrp --use-file="$conf" \
	--pid="$work/keepalived.pid" --vrrp_pid="$work/vrrp.pid"
ok "a balancer that is well takes the address" wait_for 20 "it" has_vip
ok "which leads to the masters" wait_for 10 "an answer" answers
ok "to each of them in turn" wait_for 20 "all three" are "m1 m2 m3 "
kill "$m1"
ok "a master that dies is left out" wait_for 20 "that" are "m2 m3 "
kill "$m2"
ok "and another" wait_for 20 "that" are "m3 "
is "what keepalived asks is still good" 200 "$(health)"

# --- what moves the address ----------------------------------------------------------------------------------

kill "$m3"
is_bad() { [ "$(health)" = 503 ]; }
ok "without a master haproxy says that it is of no use" wait_for 20 "that" is_bad
ok "and the address is given up" wait_for 20 "it" has_no_vip
start m2again ip netns exec $ns /usr/bin/python3 "$top/tests/wire/kubernetes_server.py" m2 10.77.0.12 6443 "$work/crt" "$work/key"
ok "with a master back it comes back" wait_for 20 "it" has_vip
ok "and leads to that one" wait_for 20 "it" are "m2 "
kill "$haproxy"
ok "a balancer without haproxy gives it up, too" wait_for 20 "it" has_no_vip

# --- what is refused -------------------------------------------------------------------------------

told() { # MESSAGE SENTENCE SED...
	local message=$1 what=$2
	shift 2
	sed "$@" "$top/tests/data/kubernetes/cluster.yaml" >"$work/cluster.yaml"
	like "$what" "$message" "$("$bin/slipway" check --config "$work/cluster.yaml" --templates "$top/templates" 2>&1)"
}
told 'virtual-address 10.99.0.9 is not in the internal network' "an address elsewhere is refused" -e 's/10\.77\.0\.9,/10.99.0.9,/'
told "virtual-address 10.77.0.12 is a machine's own" "so is a node's" -e 's/10\.77\.0\.9,/10.77.0.12,/'
told 'web wants a port and servers' "and a listener without servers" -e 's/, servers: \["10[^]]*\]//'
done_testing
