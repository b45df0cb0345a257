# shellcheck shell=bash
# What the netboot wire tests share: a rack of two namespaces, a tree of files, and the worker.

# netboot_tree: the folders that the worker serves, below $tree.
netboot_tree() {
	tree=$work/tree
	mkdir -p "$tree"/{images/debian/12,firmware/arm64,agent}
	head -c 5242880 /dev/urandom >"$tree/firmware/five.bin"
	head -c 41943040 /dev/urandom >"$tree/firmware/forty.bin"
	head -c 524288 "$tree/firmware/five.bin" >"$tree/firmware/half.bin" # a multiple of every block size asked for
	head -c 100000 "$tree/firmware/five.bin" >"$tree/firmware/small.bin"
	: >"$tree/firmware/empty.bin"
	cp "$tree/firmware/small.bin" "$tree/firmware/arm64/snp.efi"
	cp "$tree/firmware/small.bin" "$tree/firmware/snponly.efi"
	ln "$tree/firmware/forty.bin" "$tree/images/debian/12/initrd.img"
	ln "$tree/firmware/empty.bin" "$tree/images/debian/12/empty"
	echo '#!/bin/true' >"$tree/agent/slipway-join"
	echo secret >"$work/secret"
	ln -s ../../secret "$tree/firmware/escape.bin"
	ln -s /etc/hostname "$tree/firmware/absolute.bin"
	mkfifo "$tree/firmware/pipe.bin"
	/usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$tree/firmware/socket.bin"
	mknod -m 644 "$tree/firmware/device.bin" c 1 5
	ln -s . "$tree/firmware/here"
	ln -s loop.bin "$tree/firmware/loop.bin"
	ln -s /etc "$tree/firmware/folder-link"
	chmod -R a+rX "$tree" "$work/secret"
	netboot_manifest
}

# netboot_manifest: of the one image. The host beside the worker verifies it, as the verifier does.
netboot_manifest() {
	local f
	cd "$tree/images/debian/12" || exit 1
	for f in *.img empty; do
		jq -n --arg n "$f" --arg s "$(sha256sum <"$f" | cut -d' ' -f1)" --argjson b "$(stat -c %s "$f")" '{name: $n, size: $b, sha256: $s}'
	done | jq -s '{format: 1, name: "debian", version: "12", files: .}' >manifest.json
	cd "$OLDPWD" || exit 1
}

# netboot_start PREFIX [VARIABLE=VALUE]...: the worker on 10.77.0.1, the client on 10.77.0.2; $host is the test's
# provisioner, $worker the worker.
netboot_start() {
	net_new "$1"
	shift
	ip -n "$cli" addr add 10.77.0.2/24 dev c0
	ip -n "$cli" addr add 10.77.0.3/24 dev c0
	start host ip netns exec "$srv" env NETBOOT_DEBUG=1 "$@" "$bin/tests/wire/netboot_host" 10.77.0.1 "$tree/images" "$tree/firmware" "$tree/agent"
	host=$started
	wait_for 5 "the worker" grep -q '^hello' "$work/host.log" || { cat "$work/host.log"; exit 1; }
	worker=$(sed -n 's/^hello pid=//p' "$work/host.log")
}

# said REGEX: what the worker told the provisioner, or logged.
said() { wait_for 7 "$1 in the worker's words" grep -qE -- "$1" "$work/host.log"; }
