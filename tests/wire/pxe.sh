#!/usr/bin/env bash
# Firmware that needs other words than its kind, from the wire to the node's timeline: `slipway serve` as it
# is, and ROMs' requests made byte by byte after what is known of them. tshark judges every reply.
. "$(dirname "$0")/../lib.sh"
need_root
net_new px
. "$(dirname "$0")/dhcp_lib.sh"
. "$(dirname "$0")/server_lib.sh"

server_files
server_image
cat >"$yaml" <<-EOF
	cluster: px
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	ports: {http: 8080}
	dhcp:
	  pool: 10.77.0.100-10.77.0.149
	  pxelinux: {config-file: pxelinux.cfg/slipway, path-prefix: bios/, reboot-time: 10m}
	image: lab/1
	roles: {master: {template: master.yaml, addons: [etcd]}, worker: {template: worker.yaml}}
	nodes:
	  - {name: pi, role: master, mac: "dc:a6:32:00:00:01", address: 10.77.0.11}
	  - {name: old, role: worker, mac: "02:00:00:00:00:12", address: 10.77.0.12}
	  - {name: plain, role: worker, mac: "02:00:00:00:00:13", address: 10.77.0.13, quirks: [no-option-60, no-option-43, broadcast]}
	  - {name: asks, role: worker, mac: "02:00:00:00:00:14", address: 10.77.0.14, quirks: [port-4011]}
	  - {name: hidden, role: worker, mac: "02:00:00:00:00:15", address: 10.77.0.15, quirks: [ipxe]}
	  - {name: http, role: worker, mac: "02:00:00:00:00:16", address: 10.77.0.16, boot-file: "http://10.77.0.9/own.efi"}
	  - {name: ia32, role: worker, mac: "02:00:00:00:00:17", address: 10.77.0.17}
	  - {name: loops, role: worker, mac: "02:00:00:00:00:18", address: 10.77.0.18}
	EOF
server_start

watch
mac 60
ip -n "$cli" addr add 10.77.0.60/24 dev c0
packets pxe_packets.py

# --- what the timeline says of it ---
has_line() { cli nodes "$1" | grep -qE -- "$2"; }
says() { ok_soon "$1: $3" has_line "$2" "$4"; }
says "a Raspberry Pi" pi "its quirk is in the timeline" 'address .*firmware has 10\.77\.0\.11 .*\(quirks: Raspberry Pi\)'
says "a Raspberry Pi" pi "and what it needs" 'dhcp .*no boot file for Raspberry Pi: it asks for start4\.elf'
says "an old ROM" old "all its quirks are" 'loads undionly\.kpxe \(quirks: no option 93, no option 55, no option 97, undefined header flags\)'
says "32-bit UEFI" ia32 "why it gets no boot file" 'dhcp .*no boot file for x86 UEFI: Debian has no boot loader for 32-bit x86 UEFI'
says "a machine that loops" loops "it is told of" 'dhcp .*asked for its boot loader again and again: gave it the boot script'
says "one that is told to" asks "that it asked port 4011" 'pxe .*firmware asked port 4011 what to boot: snponly\.efi'
ok "nodes without quirks have none" eval "! has_line http quirks"
judge 20
done_testing
