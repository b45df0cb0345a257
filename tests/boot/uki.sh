#!/bin/bash
# Unified kernel images: UEFI loads kernel, RAM disk and arguments as one file by HTTP, and no boot loader at all.
# Then Secure Boot with the site's own key: the firmware starts an image that is signed with it, and no other.
. "$(dirname "$0")/rack_lib.sh"

lab_os

{
	cat "$top/docs/examples/lab/cluster.yaml"
	echo 'ports: {https: 443}'
	echo 'http: {certificate: boot.pem}'
} >"$work/cluster.yaml"
ok "boot HTTP has a certificate, too" boot_certificate ca
rack_new uki
rack_begin_https "$work/cluster.yaml"

# --- as an operator makes them -------------------------------------------------------------------

rack_cli render worker1 --as uki >"$work/arguments"
like "slipway says which arguments belong into the image" '^flatcar\.first_boot=1 ignition\.config\.url=http://10\.77\.0\.1/config ' "$(cat "$work/arguments")"
openssl rsa -passin pass:snakeoil -in /usr/share/ovmf/PkKek-1-snakeoil.key -out "$work/site.key" 2>/dev/null
mkdir -p "$work/plain" "$work/signed"
cp "$os"/{vmlinuz,initrd.img} "$work/plain/"
cp "$os"/{vmlinuz,initrd.img} "$work/signed/"
ok "an image can be made" "$top/tests/lab/unified" "$os/vmlinuz" "$os/initrd.img" "$work/arguments" "$work/plain/unified.efi"
ok "and be signed" "$top/tests/lab/unified" "$os/vmlinuz" "$os/initrd.img" "$work/arguments" "$work/signed/unified.efi" \
	"$work/site.key" /usr/share/ovmf/PkKek-1-snakeoil.pem
sed -Ei 's|(name: [a-z0-9]+,)|\1 boot-file: uki,|' "$rack_dir/config/cluster.yaml"
kill -HUP "$(rack_pid serve)"
refused() { grep -q 'lab/1 was imported without unified.efi: import it again' "$rack_dir/serve.log"; }
must 20 "nodes can not be told to boot an image that is not there" worker1 refused
ok "it comes into the image store with the other files" rack_image "$work/plain" plain unified.efi
ok "and so does the signed one" rack_image "$work/signed" signed unified.efi
sed -Ei 's|^image: .*|image: lab/plain|; s|(name: worker2,)|\1 image: lab/signed,|' "$rack_dir/config/cluster.yaml"
kill -HUP "$(rack_pid serve)"
must 30 "the cluster is told to boot them" worker1 is_published 2

# --- no loader -----------------------------------------------------------------------------------

status() { rack_in curl -s -m 5 -o "$work/body" -w '%{http_code}' "http://10.77.0.1$1"; }
is "who is no such node gets no image" 404 "$(status /boot.efi)"
is "and no configuration" 404 "$(status /config)"
rack_on worker1 uefi-http 2
must 60 "the firmware loads the kernel image by HTTP" worker1 has_event worker1 kernel '^/boot.efi by HTTP'
ok "with that it was told to boot" has_event worker1 script 'boots lab/plain as worker'
ok "no loader was sent" eval "! has_event worker1 loader"
must 120 "the node fetches its configuration" worker1 has_event worker1 config '^Ignition of generation'
must 120 "and joins with the token in it" worker1 has_event worker1 joined
rack_off worker1

# --- the site's own key --------------------------------------------------------------------------

rack_on master1 uefi-own 1
must 60 "a machine that trusts only the site's key loads an image that is not signed" master1 has_event master1 kernel '^/boot.efi by HTTP'
must 30 "and refuses to start it" master1 said master1 'Access Denied\|Security Violation'
rack_off master1
ok "so it asks for no configuration" eval "! has_event master1 config"

# The last one by TLS: what nobody on the way may see, and nobody change.
sed -i 's|^http: {|&firmware: https, |' "$rack_dir/config/cluster.yaml"
kill -HUP "$(rack_pid serve)"
must 30 "firmware is to use TLS from now on" worker2 is_published 3
rack_cacerts=$work/ca.list rack_on worker2 uefi-own 3
must 60 "it is told so" worker2 has_event worker2 address 'loads https://10.77.0.1/boot.efi'
must 120 "such a machine loads an image that is signed" worker2 has_event worker2 kernel '^/boot.efi by HTTP'
ok "which is its own" has_event worker2 script 'boots lab/signed as worker'
must 120 "it starts it, and fetches its configuration" worker2 has_event worker2 config '^Ignition of generation'
echo "# done after $SECONDS s"
done_testing
