# shellcheck shell=bash
# What tests share that run the whole server, `slipway serve` as it is, in $srv: all that it reads and writes is below $work.
# Source it after lib.sh and net_new; then server_files, an image, cluster.yaml in $yaml, server_start.
socket=$work/slipway.sock yaml=$work/config/cluster.yaml url=http://10.77.0.1

cli() { "$bin/slipway" "$1" --socket "$socket" "${@:2}"; }
worker() { pgrep -P "$serve" -f "^slipway worker $1 "; }
answers() { cli status && worker dhcpd && worker netboot; }

# mark, logged REGEX: what the server has logged since.
mark() { from=$(($(stat -c %s "$work/serve.log") + 1)); }
logged() { tail -c "+$from" "$work/serve.log" | grep -qE "$1"; }

# fetch FROM PATH: the body goes to $work/body, the status is printed.
fetch() { in_cli curl -s -m 5 --interface "$1" -o "$work/body" -w '%{http_code}' "$url$2"; }
ms() { local t=${EPOCHREALTIME/./}; echo $((t / 1000)); }

# server_files: templates, the join agent, and a place for images and cluster.yaml.
server_files() {
	mkdir -p "$work"/{config,agent,images}
	: >"$work/serve.log"
	cp -R "$top/templates" "$work/templates"
	chmod -R a+rX "$work"
	install -m 755 "$bin/slipway-join" "$work/agent/"
	# What udhcpc does with its lease.
	# shellcheck disable=SC2016 # the words are for udhcpc's shell
	printf '#!/bin/sh\n[ "$1" != bound ] || ip addr add "$ip/$mask" dev "$interface"\n' >"$work/bound"
	chmod +x "$work/bound"
}
server_import() { "$bin/slipway" images import "$@" --store "$work/images" --templates "$work/templates"; }
# server_image [BYTES [KERNEL_BYTES]]: lab/1. Nothing boots, so any bytes will do.
server_image() {
	mkdir -p "$work/images/lab/1"
	head -c "${2:-10}" /dev/urandom >"$work/images/lab/1/vmlinuz"
	head -c "${1:-1000}" /dev/urandom >"$work/images/lab/1/initrd.img"
	ok "the image gets a manifest where it lies" server_import "$work/images/lab/1" --name lab/1
}

# pxe_lease: what UEFI firmware asks for first.
pxe_lease() {
	in_cli timeout 20 busybox udhcpc -f -q -n -i c0 -t 4 -T 1 -s "$work/bound" -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016 2>&1
}

# server_launch [OPTION...]: $serve is its process; what it says comes behind what is in $work/serve.log.
server_launch() {
	[ -n "${serve:-}" ] || defer 'kill -9 $serve; wait $serve'
	ip netns exec "$srv" "$bin/slipway" serve --config "$yaml" --state "$work/state" --images "$work/images" \
		--templates "$work/templates" --agent "$work/agent" --socket "$socket" --user nobody "$@" >>"$work/serve.log" 2>&1 </dev/null &
	serve=$!
}
server_start() {
	server_launch "$@"
	wait_for 10 "the server" answers || { cat "$work/serve.log"; exit 1; }
}
server_stop() { kill -TERM "$serve" && wait "$serve"; }

nobody_there() { [ -z "$(ip netns pids "$srv")" ]; }

# server_ends: what must hold at the end of a test.
server_ends() {
	server_stop
	is "SIGTERM is a clean stop: exit status 0" 0 $?
	ok "with no process left there" wait_for 5 "their end" nobody_there # a reader notices in a moment
	ok "and no socket" [ ! -e "$socket" ]
	is "nothing was killed by a signal of its own" "" "$(grep -E 'signal (4|6|7|8|11|31) ' "$work/serve.log")"
	is "a sanitizer's build has found nothing" "" "$(grep -E 'Sanitizer|runtime error' "$work/serve.log")"
}
