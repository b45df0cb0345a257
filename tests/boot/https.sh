#!/bin/bash
# UEFI HTTPS boot: real firmware checks our certificate and loads its boot loader by TLS. Firmware that trusts somebody
# else, or nobody, does not, and the machine's timeline says so, for its screen hardly does.
. "$(dirname "$0")/rack_lib.sh"

lab_os

ok "a certificate for the server, and a list of its CA for UEFI, can be made" boot_certificate site other
rack_new https
{
	sed -E 's|(name: worker1,)|\1 kernel-args: [ignore_loglevel],|' "$top/docs/examples/lab/cluster.yaml"
	echo 'ports: {https: 443}'
	echo 'http: {firmware: https, certificate: boot.pem}'
} >"$work/cluster.yaml"
rack_begin_https "$work/cluster.yaml"
loaded_by_tls() { rack_in nft -j list counter inet seen tls | jq -e '.nftables[] | .counter? // empty | .bytes > 100000'; }

# --- firmware that trusts our CA -----------------------------------------------------------------

rack_in nft 'table inet seen {
	counter tls {}
	chain out { type filter hook output priority 0; tcp sport 443 counter name tls; }
}'
rack_cacerts=$work/site.list rack_on worker1 uefi-http 2
must 60 "firmware is told an https:// URL" worker1 has_event worker1 address 'firmware has 10.77.0.12 .*, loads https://10.77.0.1/firmware/snponly.efi'
must 30 "and loads its boot loader from it" worker1 has_event worker1 loader '^/firmware/snponly.efi by HTTP'
ok "says so on its screen" said worker1 'URI: https://10.77.0.1/firmware/snponly.efi'
ok "and did it by TLS" loaded_by_tls
must 60 "the loader, Debian's iPXE, has no TLS and goes on without" worker1 has_event worker1 script 'boots lab/1 as worker'
must 60 "the kernel is loaded" worker1 has_event worker1 initrd
must 60 "and runs" worker1 said worker1 'Linux version'
ok "TLS gave no cause for complaint" eval "! has_event worker1 tls"
rack_off worker1

# --- firmware that trusts another one, and firmware that trusts nobody ---------------------------

rack_cacerts=$work/other.list rack_on worker2 uefi-http 3
must 60 "firmware that trusts another CA hangs up, and the timeline says why" worker2 \
	has_event worker2 tls 'does not trust the server.s certificate .it hung up when it had seen it'
must 30 "which is more than its screen says" worker2 said worker2 'Unexpected network error'
ok "it loaded nothing" eval "! has_event worker2 loader"
rack_off worker2

rack_on master1 uefi-http 1
must 60 "firmware without any CA does not even come" master1 said master1 'Remote boot cancelled'
rack_reset master1
must 60 "until it asks again: then its timeline says what is most likely" master1 \
	has_event master1 tls 'did not come for it: most likely no CA is enrolled in its firmware'
ok "slipway nodes says it too" eval "rack_cli nodes master1 | grep -q 'no CA is enrolled'"
echo "# done after $SECONDS s"
done_testing
