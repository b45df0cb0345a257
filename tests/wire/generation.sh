#!/usr/bin/env bash
# What is published stays published: `slipway serve` as it is, whose cluster.yaml breaks, whose provisioner is killed, which
# is started anew; apply with mistakes and without, two at once, one whose process is killed; rollback; SIGHUP.
. "$(dirname "$0")/../lib.sh"
need_root
net_new ge
. "$(dirname "$0")/server_lib.sh"
mac=02:00:00:00:00:11 address=10.77.0.11

server_files
server_image
write() {
	cat >"$yaml" <<-EOF2
		cluster: ge
		ports: {https: 443}
		network: {internal: {interface: s0, address: 10.77.0.1/24}}
		dhcp: {pool: 10.77.0.100-10.77.0.149}
		image: lab/1
		kernel-args: [$1]
		roles: {master: {template: master.yaml, addons: [etcd]}}
		nodes:
		  - {name: m1, role: master, mac: $mac, address: $address}
		  - {name: m2, role: master, mac: 02:00:00:00:00:12, address: 10.77.0.12}
	EOF2
}
status() { cli status -o json | jq -r "$1"; }
builder() { pgrep -P "$(worker provisioner)" | head -n 1; }
boots_with() { cli render m1 --as ipxe | grep -q " $1\b"; }

ip -n "$cli" addr add 10.77.0.150/24 dev c0
write one
mark
server_start
is "the first start publishes" 1 "$(status .generation)"
is "cluster.yaml is what is published" false "$(status .config_differs)"

# --- broken, and killed ------------------------------------------------------------------------------

echo 'cluster: [' >"$yaml"
victim=$(worker provisioner)
kill -9 "$victim"
is_back() { [ -n "$(worker provisioner)" ] && [ "$(worker provisioner)" != "$victim" ] && cli status; }
ok "with a broken cluster.yaml a killed provisioner comes back" wait_for 15 "it" is_back
is "with what was published" 1 "$(status .generation)"
ok "for its nodes too" boots_with one
is "status says that cluster.yaml is another one" true "$(status .config_differs)"
like "so does its text" 'slipway apply' "$(cli status)"
ok "and the log" logged 'cluster.yaml differs from generation 1'

out=$(cli apply 2>&1)
is "apply with a mistake is exit status 65" 65 $?
like "and names its place" 'cluster\.yaml:[0-9]+:[0-9]+: ' "$out"
like "and what stays" 'generation 1 stays' "$out"
is "which it does" 1 "$(status .generation)"

server_stop
mark
server_launch
ok "the whole server, started anew, serves what was published" wait_for 15 "the server" answers
is "the same generation" 1 "$(status .generation)"
ok "to its nodes" boots_with one
by_tls() { in_cli curl -sf -m 5 --cacert "$work/state/provisioner/ca.crt" https://10.77.0.1/boot.ipxe | grep -q '^#!ipxe'; }
ok "on all its ports" wait_for 10 "it" by_tls

# --- apply -------------------------------------------------------------------------------------------

write two
out=$(cli apply)
is "apply publishes: exit status 0" 0 $?
like "a new generation" '^generation 2 \([0-9a-f]{12}\) is published' "$out"
like "and says how many nodes get something else" '^2 nodes get something else' "$out"
ok "which is what nodes get" boots_with two
out=$(cli apply)
like "once more there is nothing to do" '^nothing to publish: generation 2 ' "$out"
is "nor is it published twice" 2 "$(cli generations -o json | jq length)"

sed -i 's/^image:/dhcp-typo: 1\nimage:/' "$yaml"
is "a mistake comes as JSON too" error "$(cli apply -o json | jq -r '.problems[0].severity')"
is "with its line" 5 "$(cli apply -o json | jq '.problems[0].line')"

write three
mark
kill -HUP "$serve"
ok "SIGHUP does the same as apply" wait_for 15 "it" logged 'generation 3 is published by reload'
ok "which is what nodes get then" boots_with three

# --- two at once, and one that is killed -----------------------------------------------------------------

# two_orders NAME: with a builder that stands still, one of them waits and the other is told so.
two_orders() {
	cli apply >"$work/$1.1" 2>&1 &
	first=$!
	cli apply >"$work/$1.2" 2>&1 &
	second=$!
}
one_was_told() { grep -q 'is being built' "$work/$1".[12]; }
how_many() { grep -lE "$2" "$work/$1".[12] | wc -l; }

write four
stopped=$(builder)
kill -STOP "$stopped" # no child is made, so the order waits
two_orders four
ok "while one is built, another apply is told so" wait_for 10 "that" one_was_told four
like "nodes are answered meanwhile" '^#!ipxe' "$(in_cli curl -s -m 5 $url/boot.ipxe)"
kill -CONT "$stopped"
wait $first
wait $second
is "one of the two has published" 1 "$(how_many four 'generation 4 .* is published')"
is "and the other was told" 1 "$(how_many four 'is being built')"

write five
victim=$(builder)
kill -STOP "$victim"
two_orders five
ok "an order waits" wait_for 10 "it" one_was_told five
kill -9 "$victim"
wait $first
wait $second
is "when what renders is killed, apply says so" 1 \
	"$(how_many five 'is gone|no server answers|returned nothing|recv|Empty reply')"
wait_for 15 "the server" answers
is "and nothing has changed" 4 "$(status .generation)"
has_builder() { [ -n "$(builder)" ]; }
ok "there is a new one" wait_for 10 "it" has_builder
cli apply >"$work/apply4" 2>&1
like "which publishes" '^generation 5 .* is published' "$(cat "$work/apply4")"

for i in $(seq 4); do
	write "loop$i"
	before=$(cli generations -o json | jq '.[0].number')
	cli apply >"$work/apply5" 2>&1 &
	applying=$!
	kill -9 "$(worker provisioner)"
	wait $applying
	wait_for 15 "the server" answers || break
	after=$(cli generations -o json | jq '.[0].number')
	served=$(status .generation)
	{ [ "$after" = "$before" ] || [ "$after" = $((before + 1)) ]; } && [ "$served" = "$after" ] || break
	cli render m1 --as config >"$work/config.ign" && jq -e .ignition "$work/config.ign" >/dev/null || break
done
is "a provisioner that is killed while it publishes has the old one or the new, whole" 4 "$i"

# --- rollback ------------------------------------------------------------------------------------------

write six
cli apply >/dev/null
now=$(status .generation)
out=$(cli generations rollback 4)
like "a rollback is a new number" "^generation $((now + 1)) .* is published" "$out"
like "and says which it is again" '^it is generation 4 again' "$out"
like "and that cluster.yaml was left alone" 'cluster.yaml on disk is another one' "$out"
ok "nodes get what they got then" boots_with four
is "with its hash" "$(cli generations show 4 -o json | jq -r .hash)" "$(status .generation_hash)"
like "the list shows it" "generation 4 again.*served" "$(cli generations)"
like "show prints the cluster.yaml it was made from" 'kernel-args: \[four\]' "$(cli generations show $((now + 1)))"
out=$(cli generations rollback 999 2>&1)
is "one that is not there is refused: exit status" 3 $?
like "in words" 'there is no generation 999' "$out"
is "no more than ten are kept" true "$(cli generations -o json | jq 'length <= 10')"

# --- another CA ------------------------------------------------------------------------------------------

now=$(status .generation)
ca=$work/state/provisioner/ca
fingerprint() { openssl x509 -in "$ca.crt" -outform DER | sha256sum | cut -d' ' -f1; }
was=$(fingerprint)
echo 'cluster: [' >"$yaml" # in an editor meanwhile
server_stop
rm "$ca.key" "$ca.crt"
mark
server_launch
ok "the server starts when its CA was lost" wait_for 15 "it" answers
ok "and notices that what is published names another one" logged "the CA is not the one that generation $now was rendered for"
is "that is rendered for the new one" $((now + 1)) "$(status .generation)"
is "from the cluster.yaml that was published" "$(cli generations show "$now" -o json | jq -c .files)" \
	"$(cli generations show $((now + 1)) -o json | jq -c .files)"
ok "nodes are told of the new CA" grep -q "$(fingerprint)" <(cli render m1 --as config)
ok "and of no other" not grep -q "$was" <(cli render m1 --as config)
like "it stands among the events" 'nodes that run have to boot' "$(cli events -n 50 -o json | jq -r 'select(.kind == "ca") | .text')"
out=$(cli generations rollback "$now" 2>&1)
is "one that was rendered for the CA that is lost is not published again" $((now + 1)) "$(status .generation)"
like "and the reason is told" 'could not join' "$out"
victim=$(worker provisioner)
kill -9 "$victim"
wait_for 15 "the provisioner" is_back
is "the next start finds all well" $((now + 1)) "$(status .generation)"

# --- what waits for a restart ----------------------------------------------------------------------------

now=$(status .generation)
write seven
sed -i "s/^ports:.*/ports: {http: 8081, https: 443}/" "$yaml"
out=$(cli apply)
like "other ports wait for a restart" 'waits for a restart of slipway serve, to listen on: .*http 8081' "$out"
is "until then the old generation is served" "$now" "$(status .generation)"
like "and status says so" "^waiting .*generation $((now + 1))" "$(cli status)"

server_ends
done_testing
