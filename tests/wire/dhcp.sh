#!/usr/bin/env bash
# The DHCP server, as a process of its own in a namespace, with real clients: dhclient, udhcpc, dhcpcd, and
# packets by hand. tshark has the last word on every reply.
. "$(dirname "$0")/../lib.sh"
need_root
net_new dh
. "$(dirname "$0")/dhcp_lib.sh"
serve
watch

# --- real clients ---
mac 11
like "dhclient gets a lease" 'bound to 10\.77\.0\.100 ' "$(dhclient)"
like "dhclient with a lease in hand asks for the same again (INIT-REBOOT)" 'DHCPREQUEST for 10\.77\.0\.100 ' "$(dhclient)"
is "and gets it without a DISCOVER" 0 "$(grep -c DHCPDISCOVER "$work/dhclient.log")"
sed -i 's/10\.77\.0\.100;/192.168.5.5;/' "$work/dhclient.leases"
out=$(dhclient)
like "dhclient that comes from another network hears NAK at once" DHCPNAK "$out"
like "and gets an address of this one" 'bound to 10\.77\.0\.100 ' "$out"

mac 12
like "udhcpc gets a lease by unicast" 'lease of 10\.77\.0\.101 obtained from 10\.77\.0\.1, lease time 3600' "$(udhcpc)"
is "udhcpc is told router, name server, domain and broadcast address" \
	"10.77.0.1 10.77.0.1 lab.internal 10.77.0.255" \
	"$(told_udhcpc router) $(told_udhcpc dns) $(told_udhcpc domain) $(told_udhcpc broadcast)"
mac 13
like "udhcpc gets a lease by broadcast" 'lease of 10\.77\.0\.102 obtained' "$(udhcpc -B)"
mac 14
like "udhcpc as UEFI firmware gets a short lease" 'lease time 60' \
	"$(udhcpc -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016)"
ok "the provisioner hears of firmware, architecture and boot file" \
	told 'REQUEST ACK mac=02:00:00:00:00:14 .*stage=1 arch=7 lease=60 .*file=snponly.efi'
like "the same machine gets the same address and a long lease for its OS" \
	'lease of 10\.77\.0\.103 obtained from 10\.77\.0\.1, lease time 3600' "$(udhcpc -x hostname:evil)"
ok "the provisioner hears the name that the machine gives itself" told 'mac=02:00:00:00:00:14 .*stage=3 .*host=evil'
mac 15
like "udhcpc gets the address it wishes for" 'lease of 10\.77\.0\.140 obtained' "$(udhcpc -r 10.77.0.140)"
mac 16
start udhcpc ip netns exec "$cli" busybox udhcpc -f -n -i c0 -t 4 -T 1 -s "$work/udhcpc"
wait_for 10 "a lease" grep -q 'lease of' "$work/udhcpc.log"
kill -USR2 $started
ok "the release of udhcpc is heard" wait_for 3 "RELEASE" told 'RELEASE - mac=02:00:00:00:00:16 .*note=gave its address back'
kill $started
mac 02
like "node gets its fixed address through its second NIC" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc)"
like "and its name" '^hostname=master1' "$(cat "$work/udhcpc.env")"
flush
if command -v dhcpcd >/dev/null; then
	mac 17
	in_cli timeout -k 2 20 dhcpcd -4 -T -t 10 c0 >"$work/dhcpcd.log" 2>&1
	# It dies on its way out, and leaves children behind.
	for pid in $(ip netns pids "$cli"); do ! grep -qs '^dhcpcd$' "/proc/$pid/comm" || kill -9 "$pid"; done
	like "dhcpcd gets an offer that it likes" "offered 10\.77\.0\.1[0-4][0-9]|new_ip_address='?10\.77\.0\.1" "$(cat "$work/dhcpcd.log")"
else
	skip "dhcpcd gets an offer that it likes" "dhcpcd is not installed"
fi

# --- packets by hand ---
mac 60
ip -n "$cli" addr add 10.77.0.60/24 dev c0
packets dhcp_packets.py routes renewal relay pxe nodes order solicitation hostile
ok "malformed packets are counted" wait_for 7 "counters" grep -qE '^COUNTER dhcp_malformed [1-9]' "$log"
ok "frames of other VLANs are counted" grep -qE '^COUNTER dhcp_vlan [1-9]' "$log"
ok "wrong checksums are counted" grep -qE '^COUNTER dhcp_bad_checksum [1-9]' "$log"

# --- what must survive ---
ip -n "$srv" link set s0 down
sleep 0.3
ip -n "$srv" link set s0 up
packets dhcp_packets.py back
ok "it is still the same process" kill -0 "$server"
flush
mac 11
before=$(dhclient | bound_to)
stop KILL
like "killed with SIGKILL" '^END 137' "$(grep ^END "$log")"
serve
like "a restart finds its leases" '[1-9][0-9]* leases are known' "$(cat "$log")"
like "after kill -9 and restart dhclient renews its lease" "bound to $before " "$(dhclient)"
mac 61
rm -f "$work/dhclient.leases"
like "and nobody else gets that address" 'bound to 10\.77\.0\.' "$(dhclient | grep -v "bound to $before ")"

stop
is "SIGTERM ends it with status 0" "END 0" "$(grep ^END "$log")"
dd if=/dev/urandom of="$leases/leases.db" bs=1k count=8 conv=notrunc status=none
rm -f "$leases"/leases.db-*
serve
like "a damaged lease database is set aside, loudly" 'error dhcpd: the lease database was damaged: it is now .*leases\.db\.damaged-' "$(cat "$log")"
mac 11
like "and whoever held a lease keeps it" "bound to $before " "$(sed "s/^/#/;" /dev/null; printf 'lease {\n interface "c0";\n fixed-address %s;\n option subnet-mask 255.255.255.0;\n option dhcp-server-identifier 10.77.0.1;\n renew 6 2037/12/31 00:00:00;\n rebind 6 2037/12/31 00:00:00;\n expire 6 2037/12/31 00:00:00;\n}\n' "$before" >"$work/dhclient.leases"; dhclient)"
stop

# --- a full disk ---
mount -t tmpfs -o size=96k,mode=755 none "$leases"
defer "umount $leases"
chown nobody "$leases"
serve
mac 62
flush
rm -f "$work/dhclient.leases"
held=$(dhclient | bound_to)
cat /dev/zero >"$leases/ballast" 2>/dev/null
mac 63
like "with a full disk a new machine gets no promise" 'no lease' "$(udhcpc)"
mac 62
like "but a machine with a lease keeps it" "bound to $held " "$(dhclient)"
like "the reason is logged" 'leases cannot be written: .*full' "$(cat "$log")"
ok "and told to the provisioner" told 'mac=02:00:00:00:00:63 .*note=its lease could not be written'
rm "$leases/ballast"
mac 63
like "with room again the new machine gets its lease" 'lease of 10\.77\.0\.[0-9]* obtained' "$(udhcpc)"
stop
umount "$leases"

# --- closed, and a storm ---
rm -rf "$leases"/*
serve enroll=closed
mac 64
like "on a closed network a stranger gets nothing" 'no lease' "$(udhcpc)"
mac 01
like "and a node its address" 'lease of 10\.77\.0\.10 obtained' "$(udhcpc)"
stop
flush
serve server=10.77.0.1/16 pool=10.77.16.0-10.77.47.255
began=$SECONDS
packets dhcp_packets.py storm=4000
ok "a storm does not flood the log: 100 lines a second at most" test "$(grep -c 'dhcpd: DISCOVER -> OFFER' "$log")" -le $((100 * (SECONDS - began + 2)))
echo "# resident: $(awk '/^(VmRSS|RssAnon)/ { print $1, $2, $3 }' "/proc/$server/status" | tr '\n' ' ')"
stop

judge 4000
done_testing
