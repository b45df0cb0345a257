#!/bin/bash
# systemd-networkd where it lives: in the node OS, in an emulated machine. It asks twice, once from the initramfs and
# once from the root, and then renews. What it sent is read off the wire, and what it understood off the console.
. "$(dirname "$0")/rack_lib.sh"
net_new dhn
. "$(dirname "$0")/../wire/dhcp_lib.sh"

lab_os
mac=02:00:00:00:0c:01
in_cli ip link add br0 type bridge stp_state 0 forward_delay 0
in_cli ip link set c0 master br0
in_cli ip tuntap add t0 mode tap
in_cli ip link set t0 master br0
for link in br0 t0; do in_cli ip link set $link up; done

# The configuration: networkd speaks its mind on the console, and a unit there shows the lease.
mkdir "$work/http"
python3 - >"$work/http/config.ign" <<'END'
import json
drop_in = "[Service]\nEnvironment=SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console\nStandardOutput=tty\nStandardError=tty\nTTYPath=/dev/console\n"
report = """[Unit]
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/console
ExecStart=/bin/sh -c 'sed "s/^/lease: /" /run/systemd/netif/leases/*; ip -4 -o addr show scope global | sed "s/^/address: /"; ip route | sed "s/^/route: /"; echo "report is whole"'
[Install]
WantedBy=multi-user.target
"""
print(json.dumps({"ignition": {"version": "3.3.0"}, "systemd": {"units": [
    {"name": "systemd-networkd.service", "dropins": [{"name": "50-debug.conf", "contents": drop_in}]},
    {"name": "report.service", "enabled": True, "contents": report}]}}))
END
start http ip netns exec "$srv" python3 -m http.server -b 10.77.0.1 -d "$work/http" 8080
serve lease=20 probe=100 node=guest1,10.77.0.20,$mac
watch

start machine ip netns exec "$cli" qemu-system-x86_64 -machine q35,smm=off -accel tcg,thread=multi -cpu max,-erms -smp 1 -m 1024 -display none -vga none \
	-nodefaults -no-reboot -serial "file:$work/console" -kernel "$os/vmlinuz" -initrd "$os/initrd.img" \
	-append "console=ttyS0,115200n8 quiet flatcar.first_boot=1 ignition.config.url=http://10.77.0.1:8080/config.ign" \
	-netdev tap,id=n0,ifname=t0,script=no,downscript=no -device "virtio-net-pci,netdev=n0,mac=$mac"
on_console() { grep -qE "$1" "$work/console"; }
asked() { [ "$(told "^EXCHANGE $1 $2 mac=$mac " | wc -l)" -ge "$3" ]; }
said() { tr -d '\r' <"$work/console" | sed -n "s/^$1//p" | head -n "${2:-1}"; }
lease() { said "lease: $1="; }

if wait_for 90 "the machine" on_console 'report is whole'; then pass "the machine is up, its configuration fetched over the lease of its initramfs"; else
	fail "the machine is up, its configuration fetched over the lease of its initramfs" "$(tail -n 15 "$work/console" | tr -cd '\11\12\40-\176')" "$(tail -n 5 "$log")"
	done_testing
fi
ok "networkd asked from the initramfs and from the root" asked DISCOVER OFFER 2
is "each time it was given the node's address, and nothing else" "10.77.0.20" "$(told "ACK mac=$mac" | grep -oE 'address=[0-9.]+' | sort -u | cut -d= -f2)"
like "the address is on the NIC, with our mask and broadcast address" '10\.77\.0\.20/24 .*brd 10\.77\.0\.255' "$(said 'address: ')"
like "the default route is ours, got by DHCP" '^default via 10\.77\.0\.1 .*proto dhcp' "$(said 'route: ')"
is "networkd understood: server, router, name server, domain, name" "10.77.0.1 10.77.0.1 10.77.0.1 lab.internal guest1" \
	"$(lease SERVER_ADDRESS) $(lease ROUTER) $(lease DNS) $(lease DOMAINNAME) $(lease HOSTNAME)"
is "networkd understood: lease, renewal and rebinding time" "20 10 17" "$(lease LIFETIME) $(lease T1) $(lease T2)"
ok "networkd renews its lease" wait_for 30 "renewal" on_console 'DHCPv4 client: REQUEST \(renewing\)'
ok "the renewal is granted" wait_for 10 "ACK" asked REQUEST ACK 3
is "networkd says nothing of a reply that it could not use" "" "$(tr -d '\r' <"$work/console" | grep -iE 'DHCPv4 client:.*(ignor|invalid|NAK|fail|mismatch|expired)' | head -n 3)"
stop
judge 6
# What it sent, read by tshark: identifier, parameters, and where the renewal went.
sent() { tshark -r "$work/all.pcapng" -Y "dhcp.type == 1 && !icmp && dhcp.hw.mac_addr == $mac && ($1)" -T fields -E separator=' ' "${@:2}" 2>/dev/null; }
is "its identifier was its MAC in both stages" "01${mac//:/}" "$(sent 'dhcp.option.dhcp == 1' -e dhcp.option.value | tr ',' '\n' | grep -x "01${mac//:/}" | sort -u)"
is "the renewal went to the server alone, from the address renewed" "10.77.0.20 10.77.0.1" "$(sent 'dhcp.option.dhcp == 3 && dhcp.ip.client != 0.0.0.0' -e ip.src -e ip.dst | sort -u)"
done_testing
