#!/bin/bash
# What can go wrong between iPXE and the kernel, and what the machine's console says of it: vendor's texts that look
# like commands or are very long, a server that does not answer, an image that does not come, a network card
# whose link dies. Each ends well, or on the local disk.
. "$(dirname "$0")/rack_lib.sh"

lab_os
rack_new trouble
rack_begin "$top/docs/examples/lab/cluster.yaml"


# A disk whose first sector says on the serial line that it was started.
local_disk() {
	printf '\x31\xc0\x8e\xd8\xbe\x15\x7c\xba\xf8\x03\xac\x84\xc0\x74\x03\xee\xeb\xf8\xf4\xeb\xfdTHE LOCAL DISK RUNS\r\n\0' >"$1"
	truncate -s 510 "$1"
	printf '\x55\xaa' >>"$1"
	truncate -s 1M "$1"
}

# --- a machine with hostile texts, whose server is silent, and whose image does not come -----------

serial='S&mac=02-00-00-00-00-01 || echo BROKEN-1 && shell #1%41'
product='P ${serial} $(id) `id` "q" && goto nowhere || echo BROKEN-2 ; exit 1 ?a=b&serial=forged'
local_disk "$rack_dir/worker1.disk"
# Its requests get lost that begin with "GET /script.ipxe"; those that begin with "GET /images/lab/" break off.
rack_in nft 'table inet silent {
	chain in {
		type filter hook input priority 0;
		ip saddr 10.77.0.12 tcp dport 80 @ih,0,128 0x474554202f7363726970742e69707865 drop
	}
}
table inet refusing {
	chain in {
		type filter hook input priority 0;
		ip saddr 10.77.0.12 tcp dport 80 @ih,0,128 0x474554202f696d616765732f6c61622f reject with tcp reset
	}
}'
rack_smbios="type=1,manufacturer=\${product:hex},product=$product,serial=$serial,uuid=77000000-0000-4000-8000-000000000002" \
	rack_on worker1 bios 2
must 60 "a server that does not answer is named, with the card it was asked through" worker1 \
	said_in_all worker1 'no answer from http://10.77.0.1 through 52:54:00:77:02:01 (try 1 of 8), asking again'
rack_in nft delete table inet silent
must 60 "when it answers again, the machine goes on by itself" worker1 said_in_all worker1 'Slipway: worker1 (worker) boots lab 1'
is "a vendor's texts come as they are, up to what looks like the next one" 'S' "$(rack_cli nodes worker1 -o json | jq -r .serial)"
ok "and are no commands" eval "! console worker1 | grep -qE '^(BROKEN|uid=)|iPXE>|command not found'"
is "nor another machine" "" "$(rack_cli nodes | grep 02:00:00:00:00:01)"
must 30 "an image that does not come is named" worker1 \
	said_in_all worker1 'worker1 could not load http://10.77.0.1/images/lab/1/vmlinuz (try 1 of 8)'

must 150 "after eight tries it gives up" worker1 said_in_all worker1 'FAILED. worker1 can not load'
must 60 "and starts from its local disk" worker1 said_in_all worker1 'THE LOCAL DISK RUNS'
rack_off worker1

# --- texts that are too long for a URL, and links that die -----------------------------------------

# The shipped script, but at its last try: to wait for seven others shows nothing new.
mkdir -p "$rack_dir/config/templates/boot"
sed 's/^set try:int32 0$/set try:int32 7/' "$rack_dir/templates/boot/boot.ipxe" >"$rack_dir/config/templates/boot/boot.ipxe"
kill -HUP "$(rack_pid serve)"
must 30 "an operator's own first script is published" worker2 is_published 2
# No image comes before the links have died.
rack_in nft 'table inet refusing {
	chain in {
		type filter hook input priority 0;
		ip saddr 10.77.0.13 tcp dport 80 @ih,0,128 0x474554202f7363726970742e69707865 reject with tcp reset
	}
}
table inet silent {
	chain in {
		type filter hook input priority 0;
		ip saddr 10.77.0.13 tcp dport 80 @ih,0,128 0x474554202f696d616765732f6c61622f drop
	}
}'
long=$(printf '%%%.0s' {1..240})
rack_nic=e1000 rack_smbios="type=1,manufacturer=$long,product=$long,serial=LAB-3,uuid=77000000-0000-4000-8000-000000000003" rack_on worker2 bios 3
must 60 "a machine that gets no script tries its first card alone" worker2 said_in_all worker2 'Slipway: trying network card net0 (52:54:00:77:03:01)'
must 60 "says that there is none through it" worker2 said_in_all worker2 'no boot script through net0'
rack_in nft delete table inet refusing
must 60 "and tries the next" worker2 said_in_all worker2 'Slipway: trying network card net1 (52:54:00:77:03:02)'
must 60 "through which it is told to boot, however much it says of itself" worker2 has_event worker2 script
rack_link worker2 1 off
rack_link worker2 2 off
rack_in nft delete table inet silent
must 120 "when all links die, it says so" worker2 said_in_all worker2 'worker2 gets no answer from http://10.77.0.1 (try 1 of 8)'
must 60 "it tries each card" worker2 said_in_all worker2 'worker2 tries network card net0 (52:54:00:77:03:01)'
must 60 "and waits for its link" worker2 said_in_all worker2 'worker2 tries network card net0 .*Waiting for link-up on net0'
rack_link worker2 2 on
must 90 "the one that is there again is found" worker2 said_in_all worker2 'worker2 tries network card net1 (52:54:00:77:03:02)'
booted() { has_event worker2 initrd; }
must 120 "and through it all is loaded" worker2 booted
echo "# done after $SECONDS s"
done_testing
