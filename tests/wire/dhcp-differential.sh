#!/usr/bin/env bash
# The same requests to our server, to Kea and to dnsmasq, all set up for the same network. Where the answers
# differ, docs/reference/dhcp-differences.md must say why, and it must say nothing that is not so.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dhx
. "$(dirname "$0")/dhcp_lib.sh"
table=$top/docs/reference/dhcp-differences.md

ip -n "$cli" addr add 10.77.0.60/24 dev c0
ip -n "$cli" addr add 10.88.0.1/24 dev c0
ip -n "$srv" route add 10.88.0.0/24 dev s0
ip -n "$srv" route add 192.168.7.0/24 dev s0
# Nobody is there to answer ARP for the clients; all frames go to the one NIC, which sees every frame anyhow.
for net in 10.77.0 10.88.0; do
	for ((i = 2; i < 255; i++)); do echo "neigh replace $net.$i lladdr $(ip netns exec "$cli" cat /sys/class/net/c0/address) dev s0 nud permanent"; done
done >"$work/neighbours"
ip -n "$srv" -batch "$work/neighbours"
in_cli sysctl -qw net.ipv4.icmp_ratelimit=100000000 2>/dev/null
is_empty() { [ -z "$(ip netns pids "$srv")" ]; }
ends() { kill -- -$started 2>/dev/null; wait_for 10 "the server's end" is_empty; }
asked() { packets dhcp_differential.py ask "$work/$1.json"; }

# --- ours ------------------------------------------------------------------------------------------

serve pool=10.77.0.100-10.77.0.254 subnet=10.88.0.0/24,10.88.0.100-10.88.0.254,10.88.0.1
asked ours
stop

# --- Kea -------------------------------------------------------------------------------------------

# Its lock and lease files, and the socket it insists on, are its own: a mount namespace keeps them here.
cat >"$work/kea.json" <<END
{"Dhcp4": {
  "interfaces-config": {"interfaces": ["s0"], "dhcp-socket-type": "raw"},
  "lease-database": {"type": "memfile", "persist": false},
  "multi-threading": {"enable-multi-threading": false},
  "authoritative": true, "match-client-id": false, "valid-lifetime": 3600, "min-valid-lifetime": 60, "max-valid-lifetime": 3600,
  "calculate-tee-times": true, "t1-percent": 0.5, "t2-percent": 0.875,
  "option-data": [{"name": "domain-name-servers", "data": "10.77.0.1"}, {"name": "domain-name", "data": "lab.internal"}],
  "client-classes": [
    {"name": "ipxe", "test": "option[77].exists and substring(option[77].hex,0,4) == 'iPXE'", "next-server": "10.77.0.1", "boot-file-name": "http://10.77.0.1:8080/boot.ipxe"},
    {"name": "bios", "test": "option[93].hex == 0x0000 and not member('ipxe')", "next-server": "10.77.0.1", "boot-file-name": "undionly.kpxe"},
    {"name": "uefi", "test": "(option[93].hex == 0x0007 or option[93].hex == 0x0009) and not member('ipxe')", "next-server": "10.77.0.1", "boot-file-name": "snponly.efi"},
    {"name": "arm64", "test": "option[93].hex == 0x000b", "next-server": "10.77.0.1", "boot-file-name": "shimaa64.efi"},
    {"name": "http", "test": "option[93].hex == 0x0010", "next-server": "10.77.0.1", "boot-file-name": "http://10.77.0.1:8080/firmware/snponly.efi",
     "option-data": [{"name": "vendor-class-identifier", "data": "HTTPClient"}]}],
  "subnet4": [
    {"id": 1, "subnet": "10.77.0.0/24", "interface": "s0", "pools": [{"pool": "10.77.0.100-10.77.0.254"}],
     "option-data": [{"name": "routers", "data": "10.77.0.1"}, {"name": "broadcast-address", "data": "10.77.0.255"}],
     "reservations": [{"hw-address": "02:00:00:00:00:01", "ip-address": "10.77.0.10", "hostname": "master1"}]},
    {"id": 2, "subnet": "10.88.0.0/24", "pools": [{"pool": "10.88.0.100-10.88.0.254"}],
     "option-data": [{"name": "routers", "data": "10.88.0.1"}, {"name": "broadcast-address", "data": "10.88.0.255"}]}],
  "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout"}], "severity": "INFO"}]}}
END
mkdir "$work/kea"
start kea in_srv env KEA_PIDFILE_DIR="$work/kea" KEA_LOCKFILE_DIR=none kea-dhcp4 -c "$work/kea.json"
if wait_for 10 "Kea" grep -q DHCP4_STARTED "$work/kea.log"; then asked kea-answers; else fail "Kea starts" "$(tail -n 5 "$work/kea.log")"; fi
ends

# --- dnsmasq ---------------------------------------------------------------------------------------

cat >"$work/dnsmasq.conf" <<END
port=0
interface=s0
bind-interfaces
keep-in-foreground
user=root
pid-file=
log-facility=-
log-dhcp
no-ping
no-resolv
no-hosts
dhcp-authoritative
dhcp-ignore-clid
dhcp-leasefile=$work/dnsmasq.leases
domain=lab.internal
dhcp-range=set:local,10.77.0.100,10.77.0.254,255.255.255.0,10.77.0.255,3600
dhcp-range=set:branch,10.88.0.100,10.88.0.254,255.255.255.0,10.88.0.255,3600
dhcp-option=option:dns-server,10.77.0.1
dhcp-option=tag:local,option:router,10.77.0.1
dhcp-option=tag:branch,option:router,10.88.0.1
dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,10.77.0.10,master1
dhcp-userclass=set:ipxe,iPXE
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:uefi,option:client-arch,7
dhcp-match=set:uefi,option:client-arch,9
dhcp-match=set:arm64,option:client-arch,11
dhcp-match=set:http,option:client-arch,16
dhcp-boot=tag:ipxe,http://10.77.0.1:8080/boot.ipxe,,10.77.0.1
dhcp-boot=tag:bios,tag:!ipxe,undionly.kpxe,,10.77.0.1
dhcp-boot=tag:uefi,tag:!ipxe,snponly.efi,,10.77.0.1
dhcp-boot=tag:arm64,shimaa64.efi,,10.77.0.1
dhcp-boot=tag:http,http://10.77.0.1:8080/firmware/snponly.efi,,10.77.0.1
dhcp-option-force=tag:http,60,HTTPClient
END
start dnsmasq in_srv dnsmasq -C "$work/dnsmasq.conf"
if wait_for 10 "dnsmasq" grep -q 'started' "$work/dnsmasq.log"; then asked dnsmasq; else fail "dnsmasq starts" "$(tail -n 5 "$work/dnsmasq.log")"; fi
ends

# --- side by side ----------------------------------------------------------------------------------

packets dhcp_differential.py compare "$table" "$work/ours.json" kea="$work/kea-answers.json" dnsmasq="$work/dnsmasq.json"
[ -z "${KEEP:-}" ] || cp "$work"/*.json "$work"/*.log "$KEEP"
done_testing
