# shellcheck shell=bash
# The DHCP servers that are compared: how each is started on its own wire with N leases already made. All serve
# 10.77.0.0/16 on "s0". We probe each new address as we always do; the rivals, which would stand still meanwhile, do not.
#
# launch_WHO FOLDER begins the server in the foreground; leases_WHO N writes its lease file to standard output.
# Machine I of dhcp_load has the MAC 02:b0 and I as four bytes; it holds 10.77.1.0 + I. Half of each lease is over:
# a renewal has something new to write. That ISC answers from a lease less than a quarter old without writing
# (dhcp-cache-threshold) is switched off: every ACK is a promise of its own for all of them.

pool_first=10.77.1.0 pool_last=10.77.254.255 lease_s=36000

# for_machines N PROGRAM: runs awk with mac, ip and i set for each; `hex(sep)` is the MAC in another writing.
for_machines() {
	awk -v n="$1" -v ends="$(($(date +%s) + lease_s / 2))" -v lease="$lease_s" '
	function byte(f, k) { return sprintf(f, int(i / 256 ^ k) % 256) }
	BEGIN {
		'"${3:-}"'
		for (i = 0; i < n; i++) {
			mac = "02:b0:" byte("%02x:", 3) byte("%02x:", 2) byte("%02x:", 1) byte("%02x", 0)
			uid = "\\001\\002\\260" byte("\\%03o", 3) byte("\\%03o", 2) byte("\\%03o", 1) byte("\\%03o", 0)
			ip = "10.77." (1 + int(i / 256)) "." i % 256
			'"$2"'
		}
	}'
}

# Our leases are made as all leases are, by asking for them: nobody else writes our database.
leases_slipway() { :; }
launch_slipway() {
	mkdir -p "$1/leases"
	chown nobody "$1/leases"
	exec "$bin/tests/wire/dhcpd_host" s0 "$1/leases" server=10.77.0.1/16 pool=$pool_first-$pool_last enroll=open \
		router=10.77.0.1 dns=10.77.0.1 domain=lab.internal lease=$lease_s probe=300 \
		log=info tell=no
}
version_slipway() { "$bin/slipway" version 2>/dev/null | awk '{ print $NF; exit }'; }

leases_kea() {
	for_machines "$1" 'print ip "," mac ",01:" mac "," lease "," ends ",1,0,0,,0,"' \
		'print "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"'
}
launch_kea() {
	cat >"$1/kea.conf" <<-END
		{"Dhcp4": {"interfaces-config": {"interfaces": ["s0"]},
		 "lease-database": {"type": "memfile", "persist": true, "name": "$1/leases", "lfc-interval": 3600},
		 "valid-lifetime": $lease_s,
		 "option-data": [{"name": "routers", "data": "10.77.0.1"}, {"name": "domain-name-servers", "data": "10.77.0.1"},
		                 {"name": "domain-name", "data": "lab.internal"}],
		 "subnet4": [{"id": 1, "subnet": "10.77.0.0/16", "pools": [{"pool": "$pool_first - $pool_last"}]}],
		 "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "$1/kea.log"}]}]}}
	END
	export KEA_PIDFILE_DIR=$1 KEA_LOCKFILE_DIR=$1
	exec kea-dhcp4 -c "$1/kea.conf"
}
version_kea() { kea-dhcp4 -v; }

leases_isc() {
	for_machines "$1" 'printf "lease %s {\n starts epoch %d;\n ends epoch %d;\n cltt epoch %d;\n binding state active;\n" \
		" next binding state free;\n rewind binding state free;\n hardware ethernet %s;\n uid \"%s\";\n}\n",
		ip, ends - lease, ends, ends - lease, mac, uid'
}
launch_isc() {
	cat >"$1/dhcpd.conf" <<-END
		authoritative; ping-check false; dhcp-cache-threshold 0; default-lease-time $lease_s; max-lease-time $lease_s;
		option routers 10.77.0.1; option domain-name-servers 10.77.0.1; option domain-name "lab.internal";
		subnet 10.77.0.0 netmask 255.255.0.0 { range $pool_first $pool_last; }
	END
	exec dhcpd -4 -f -q -cf "$1/dhcpd.conf" -lf "$1/leases" -pf "$1/pid" --no-pid s0
}
version_isc() { dhcpd --version 2>&1 | grep -o '[0-9][0-9.]*[0-9]' | head -n 1; }

leases_dnsmasq() { for_machines "$1" 'print ends, mac, ip, "*", "01:" mac'; }
launch_dnsmasq() {
	exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --port=0 --user=root --interface=s0 \
		--no-ping --dhcp-authoritative --quiet-dhcp --log-facility="$1/dnsmasq.log" --dhcp-leasefile="$1/leases" \
		--pid-file="$1/pid" --dhcp-lease-max=70000 --dhcp-range=$pool_first,$pool_last,255.255.0.0,$lease_s \
		--dhcp-option=option:router,10.77.0.1 --dhcp-option=option:dns-server,10.77.0.1 --domain=lab.internal
}
version_dnsmasq() { dnsmasq --version | sed -n 's/^Dnsmasq version \([0-9.]*\).*/\1/p'; }

# --- one wire each: a key is WHO-N, such as kea-1000 ---
declare -A srv_of cli_of group_of pid_of

make_wire() {
	net_new "bench-$1"
	ip -n "$srv" addr flush dev s0 scope global
	ip -n "$srv" addr add 10.77.0.1/16 dev s0
	ip -n "$cli" addr add 10.77.0.2/16 dev c0 # perfdhcp, which plays a relay, needs one
	srv_of[$1]=$srv cli_of[$1]=$cli
}

# load KEY MODE KEY=VALUE...: one run on that server; prints the JSON.
load() {
	local key=$1
	shift
	ip netns exec "${cli_of[$key]}" "$bin/tests/bench/dhcp_load" c0 "$@"
}

# The process that serves is a child of what we started, or what we started has become it.
find_pid() {
	case $1 in
	slipway-*) awk '/^READY/ { print $2 }' "$work/$1.log" ;;
	*) echo "${group_of[$1]}" ;;
	esac
}

in_its_place() {
	cd / || exit
	exec ip netns exec "${srv_of[$1]}" bash -c ". '$top/tests/bench/lib_dhcp.sh'; bin='$bin'; launch_${1%-*} '$work/$1'"
}

# launch KEY SECONDS: begins it with the lease file that lies there, and waits for its first answer.
launch() {
	local key=$1
	start "$key" in_its_place "$key"
	group_of[$key]=$started
	load "$key" idle count=1 pause=0 retry=10 tries=100000 within="${2}000" | jq -e '.done == 1' >/dev/null || return 1
	pid_of[$key]=$(find_pid "$key")
	[ -n "${pid_of[$key]}" ]
}

stop() {
	[ -n "${group_of[$1]:-}" ] || return 0
	end "${group_of[$1]}"
	unset "group_of[$1]" "pid_of[$1]"
}
is_up() { [ -n "${pid_of[$1]:-}" ] && kill -0 "${pid_of[$1]}" 2>/dev/null; }

# bring_up KEY: a fresh server with its leases.
bring_up() {
	local who=${1%-*} n=${1##*-}
	make_wire "$1"
	mkdir "$work/$1"
	[ "$who" = slipway ] || "leases_$who" "$n" >"$work/$1/leases"
	launch "$1" 30 || return 1
	[ "$who" != slipway ] || load "$1" dora clients="$((n < 4000 ? n : 4000))" count="$n" machines="$n" >/dev/null
}
