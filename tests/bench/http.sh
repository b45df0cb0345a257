#!/usr/bin/env bash
# Boot HTTP beside nginx: the same files to the same clients over a wire each, and what is rendered for a node.
#
#   RUNS=3                       interleaved runs, of which the median counts
#   SECONDS_EACH=8               of one measurement
#   CLIENTS="1 10 50"
. "$(dirname "$0")/lib.sh"
: "${SECONDS_EACH:=$(quick && echo 3 || echo 8)}"
: "${CLIENTS:=1 10 50}"
contenders=(slipway nginx)
broken=0

"$top/tests/bench/install-deps" nginx=nginx-light wrk=wrk jq=jq curl=curl || die "the rival is not at hand"
ulimit -n 8192

# --- the same files for both: a 400 MiB image and what a node asks for before it ---
mac=02:00:00:00:00:11 node=10.77.0.11
tree=$work/tree
mkdir -p "$work"/{config,images/lab/1,nginx} "$tree"
head -c 419430400 /dev/urandom >"$tree/image.bin"
head -c 4096 /dev/urandom >"$tree/small.bin"
cp -R "$top/templates" "$work/templates"
echo kernel >"$work/images/lab/1/vmlinuz"
echo ramdisk >"$work/images/lab/1/initrd.img"
chmod -R a+rX "$work"
"$bin/slipway" images import "$work/images/lab/1" --name lab/1 --store "$work/images" --templates "$work/templates" >/dev/null ||
	die "the image was not taken"
cat >"$work/config/cluster.yaml" <<-YAML
	cluster: bench
	network: {internal: {interface: s0, address: 10.77.0.1/24}}
	dhcp: {pool: 10.77.0.100-10.77.0.149}
	image: lab/1
	roles: {master: {template: master.yaml, addons: [etcd]}}
	nodes: [{name: m1, role: master, mac: "$mac", address: $node}]
YAML
cat >"$work/nginx/nginx.conf" <<-CONF
	daemon off; master_process on; worker_processes 1; user nobody nogroup; pid $work/nginx/pid; error_log stderr;
	events { worker_connections 4096; }
	http {
		access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/octet-stream;
		client_body_temp_path $work/nginx/b; proxy_temp_path $work/nginx/p; fastcgi_temp_path $work/nginx/f;
		uwsgi_temp_path $work/nginx/u; scgi_temp_path $work/nginx/s;
		server { listen 10.77.0.1:80; location / { root $tree; } location /firmware/ { alias $tree/; } }
	}
CONF
# --- servers, each on a wire of its own ---
declare -A cli_of srv_of
launch_slipway() {
	exec "$bin/slipway" serve --config "$work/config/cluster.yaml" --state "$work/state" --images "$work/images" \
		--firmware "$tree" --templates "$work/templates" --agent "$bin" --socket "$work/slipway.sock" --user nobody
}
launch_nginx() { exec nginx -p "$work/nginx" -c "$work/nginx/nginx.conf"; }
bring_up() {
	local who=$1
	net_new "bh$who"
	srv_of[$who]=$srv cli_of[$who]=$cli
	ip -n "$cli" addr add $node/24 dev c0
	start "$who" ip netns exec "$srv" bash -c "$(declare -f "launch_$who"); work='$work'; tree='$tree'; bin='$bin'; launch_$who"
	served() { ip netns exec "${cli_of[$who]}" curl -sf -o "$work/got" http://10.77.0.1/firmware/small.bin; }
	wait_for 20 "$who" served || { tail -n 3 "$work/$who.log" >&2; die "$who did not come up"; }
}
pids_of() { ip netns pids "${srv_of[$1]}"; }
# What the scheduler counted, for ticks are too coarse here.
run_us() { awk '{ printf "%d", $1 / 1000 }' "/proc/$1/schedstat"; }
all_cpu_us() { local p t=0; for p in $(pids_of "$1"); do t=$((t + $(run_us "$p" 2>/dev/null || echo 0))); done; echo $t; }
# The work of a packet's way (softirq) is charged to whom it interrupts: server, client or ksoftirqd, as chance has it.
softirq_us() { local p t=0; for p in $(pgrep -x 'ksoftirqd/.*'); do t=$((t + $(run_us "$p"))); done; echo $t; }
all_rss_mib() { local p t=0; for p in $(pids_of "$1"); do t=$((t + $(pss_kib "$p" 2>/dev/null || echo 0))); done; calc "$t / 1024"; }

cat >"$work/report.lua" <<-'LUA'
	done = function(s, latency)
		local e = s.errors
		io.stderr:write(string.format('{"requests":%d,"bytes":%d,"us":%d,"errors":%d}\n', s.requests, s.bytes, s.duration,
			e.connect + e.read + e.write + e.status))
	end
LUA
# measure METRIC WHO CONNECTIONS PATH
measure() {
	local metric=$1 who=$2 n=$3 path=$4 before softirq_before json us whole_us
	before=$(all_cpu_us "$who") softirq_before=$(softirq_us)
	TIMEFORMAT=%3U,%3S
	{ time ip netns exec "${cli_of[$who]}" wrk -t1 -c"$n" -d"$SECONDS_EACH" --timeout 30 -s "$work/report.lua" \
		"http://10.77.0.1$path" 2>"$work/wrk.err" >/dev/null; } 2>"$work/wrk.time"
	json=$(grep '^{' "$work/wrk.err")
	[ -n "$json" ] || { broken=1; return; }
	us=$(($(all_cpu_us "$who") - before))
	whole_us=$((us + $(softirq_us) - softirq_before + $(awk -F, '{ printf "%d", ($1 + $2) * 1000000 }' "$work/wrk.time")))
	note "$metric.mib" "$who" "$n" "$(jq '.bytes / .us * 1000000 / 1048576' <<<"$json")"
	note "$metric.rate" "$who" "$n" "$(jq '.requests / .us * 1000000' <<<"$json")"
	note "$metric.errors" "$who" "$n" "$(jq .errors <<<"$json")"
	note "$metric.cpu_gib" "$who" "$n" "$(jq --argjson cpu $us '$cpu / 1000 / (.bytes / 1073741824)' <<<"$json")"
	note "$metric.whole_gib" "$who" "$n" "$(jq --argjson cpu $whole_us '$cpu / 1000 / (.bytes / 1073741824)' <<<"$json")"
	note "$metric.cpu_request" "$who" "$n" "$(jq --argjson cpu $us 'if .requests > 0 then $cpu / .requests else null end' <<<"$json")"
	note rss "$who" 1 "$(all_rss_mib "$who")"
}

describe_machine
warn_if_shared
for who in "${contenders[@]}"; do bring_up "$who"; done
script="/script.ipxe?mac=$mac"
script_given() { ip netns exec "${cli_of[slipway]}" curl -sf --interface $node "http://10.77.0.1$script" -o "$work/script"; }
wait_for 20 "the script" script_given || die "the script was not given"
cp "$work/script" "$tree/script.bin"
ip netns exec "${cli_of[slipway]}" curl -sf http://10.77.0.1/boot.ipxe -o "$tree/first.bin" || die "the first script was not given"
chmod a+r "$tree"/*
for who in "${contenders[@]}"; do # every byte, once
	ip netns exec "${cli_of[$who]}" curl -sf http://10.77.0.1/firmware/image.bin | cmp - "$tree/image.bin" || die "$who gave another image"
done
for ((run = 1; run <= RUNS; run++)); do
	for n in $CLIENTS; do
		progress "run $run of $RUNS: 400 MiB to $n"
		for who in "${contenders[@]}"; do measure image "$who" "$n" /firmware/image.bin; done
	done
	progress "run $run of $RUNS: small requests"
	for who in "${contenders[@]}"; do measure small "$who" 32 /firmware/small.bin; done
	measure first slipway 32 /boot.ipxe
	measure first nginx 32 /firmware/first.bin
	measure rendered slipway 32 "$script"
	measure rendered nginx 32 /firmware/script.bin
done

heading "median of $RUNS, $SECONDS_EACH s each; in brackets how many times better slipway is" \
	"slipway $("$bin/slipway" version | awk '{ print $NF; exit }')" "$(nginx -v 2>&1 | sed 's|.*nginx/|nginx |')"
for n in $CLIENTS; do
	table_row "400 MiB to $n, MiB/s" image.mib "$n" %.0f more
	table_row "  CPU ms per GiB" image.cpu_gib "$n" %.0f less
	table_row "  with the client's and softirqs" image.whole_gib "$n" %.0f less
	table_row "  errors" image.errors "$n" %.0f none
done
table_row "4 KiB file to 32, requests/s" small.rate 32 %.0f more
table_row "  CPU us per request" small.cpu_request 32 %.1f less
table_row "/boot.ipxe to 32, requests/s" first.rate 32 %.0f more
table_row "  CPU us per request" first.cpu_request 32 %.1f less
table_row "  errors" first.errors 32 %.0f none
table_row "a boot begun (on disk) to 32, req/s" rendered.rate 32 %.0f more
table_row "  CPU us per request" rendered.cpu_request 32 %.1f less
table_row "  errors" rendered.errors 32 %.0f none
table_row "resident MiB, all processes" rss 1 %.0f less
say ""
for n in $CLIENTS; do
	r=$(calc "$(median image.mib slipway "$n") / $(median image.mib nginx "$n")")
	target "400 MiB to $n: at least nginx's throughput" "$r >= 1" "${r}x"
	r=$(calc "$(median image.cpu_gib slipway "$n") / $(median image.cpu_gib nginx "$n")")
	target "400 MiB to $n: at no more CPU per byte" "$r <= 1" "${r}x"
	r=$(calc "$(median image.whole_gib slipway "$n") / $(median image.whole_gib nginx "$n")")
	target "400 MiB to $n: and with the client's and softirqs" "$r <= 1" "${r}x"
done
for what in first rendered; do
	case $what in first) name="the first script" ;; *) name="a node's script, its boot on disk" ;; esac
	r=$(calc "$(median $what.rate slipway 32) / $(median $what.rate nginx 32)")
	target "$name: at least half of nginx's requests" "$r >= 0.5" "${r}x"
done
say "$targets_met targets met, $targets_missed not met"
exit $broken
