#!/usr/bin/env bash
# What cluster.yaml says of DHCP, as clients see it: options, nodes without a MAC, BOOTP, rapid commit.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dhy
. "$(dirname "$0")/dhcp_lib.sh"

cat >"$work/cluster.yaml" <<-'YAML'
	cluster: lab
	domain: lab.internal
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	dhcp:
	  pool: 10.77.0.100-10.77.0.149
	  router: 10.77.0.1
	  conflict-probe: off
	  rapid-commit: true
	  lease: infinite
	  ntp-servers: [10.77.0.1, 10.77.0.9]
	  search: [eng.lab.internal, lab.internal, org]
	  mtu: 1400
	  routes: [{to: 10.9.0.0/16, via: 10.77.0.2}, {to: 10.8.7.128/25, via: 10.77.0.3}]
	  options:
	    - {code: 4, value: [10.77.0.4]}
	    - {code: 114, value: 'https://portal.lab.internal/', always: true}
	    - {code: 125, value: 'hex:00:00:01:37:03:01:01:78'}
	image: lab/1
	roles: {master: {template: master.yaml, addons: [etcd]}}
	nodes:
	  - {name: by-id, role: master, client-id: box-7, address: 10.77.0.11}
	  - {name: by-uuid, role: master, uuid: 4c4c4544-0035-5910-8048-b4c04f4d3132, address: 10.77.0.12}
	  - {name: old, role: master, mac: "02:00:00:00:00:21", address: 10.77.0.13, bootp: true}
YAML
serve cluster="$work/cluster.yaml"
watch

mac 11
like "client gets a lease without an end" 'lease of 10\.77\.0\.100 obtained from 10\.77\.0\.1, lease time 4294967295' \
	"$(udhcpc -O 26 -O 42 -O search -O staticroutes)"
is "and the time servers" "10.77.0.1 10.77.0.9" "$(told_udhcpc ntpsrv)"
is "and the domains in which it looks up names" "eng.lab.internal lab.internal org" "$(told_udhcpc search)"
is "and the MTU" 1400 "$(told_udhcpc mtu)"
is "and the routes, the default router among them" \
	"10.9.0.0/16 10.77.0.2 10.8.7.128/25 10.77.0.3 0.0.0.0/0 10.77.0.1" "$(told_udhcpc staticroutes)"

mac 12
like "node is known by its client identifier" 'lease of 10\.77\.0\.11 obtained' "$(udhcpc -C -x 0x3d:626f782d37)"
is "and told its name" by-id "$(told_udhcpc hostname)"
mac 13
like "with the identifier's type before it too" 'lease of 10\.77\.0\.11 obtained' "$(udhcpc -C -x 0x3d:00626f782d37)"
mac 14
like "node is known by its UUID" 'lease of 10\.77\.0\.12 obtained' "$(udhcpc -x 0x61:004c4c4544003559108048b4c04f4d3132)"
mac 15
like "in the byte order of SMBIOS too" 'lease of 10\.77\.0\.12 obtained' "$(udhcpc -x 0x61:0044454c4c350010598048b4c04f4d3132)"
mac 16
like "a UUID that many boards carry is nobody's" 'lease of 10\.77\.0\.10[1-9] obtained' \
	"$(udhcpc -x 0x61:0000000000000000000000000000000000)"

packets dhcp_cluster.py
stop
by_dhcp='dhcp.hw.mac_addr != 02:00:00:00:00:21'
judge 12
done_testing
