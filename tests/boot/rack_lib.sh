# shellcheck shell=bash
# What tests share that boot machines in a rack (tests/lab/rack.sh): the node OS, questions, and waits that show all
# there is to see when they fail. Source it, then call rack_new:
#   . "$(dirname "$0")/rack_lib.sh"
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/lab/rack.sh
. "$top/tests/lab/rack.sh"
need_root

# lab_os: sets $os, the folder of the node OS, which is built if need be.
lab_os() {
	os=${SLIPWAY_LAB_OS:-$top/build/lab/os}
	[ -n "${SLIPWAY_LAB_OS:-}" ] || "$top/tests/lab/os/build" >&2 || { fail "the node OS can be built"; done_testing; }
}

# no_os: sets $os to an image of which nothing can run, for who looks at what comes before it.
no_os() {
	os=$work/no-os
	mkdir -p "$os"
	echo "no kernel" >"$os/vmlinuz"
	echo "no RAM disk" >"$os/initrd.img"
}

# rack_new NAME: the rack of this test; it goes when the test ends.
rack_new() {
	rack_use "slipway-$1-$$"
	defer rack_down
}
no_rack() { fail "a rack with a server can be set up"; done_testing; }

# rack_begin CLUSTER_YAML [OPTION...]: the rack is up, and `slipway serve` serves $os in it.
rack_begin() { rack_up && rack_fill "$os" "$1" && rack_serve --log-level debug "${@:2}" || no_rack; }

# boot_certificate CA...: certificate authorities in $work: CA.crt and, as UEFI keeps it, CA.list. The first one's certificate
# for our server, with its key, is boot.pem. All RSA: Debian's OVMF knows no elliptic curves.
boot_certificate() (
	cd "$work" || exit
	for ca in "$@"; do
		openssl req -x509 -newkey rsa:2048 -nodes -keyout "$ca.key" -out "$ca.crt" -subj "/CN=$ca" -days 30 || exit
		rack_signature_list "$ca.crt" >"$ca.list" || exit
	done
	openssl req -newkey rsa:2048 -nodes -keyout boot.key -out boot.csr -subj /CN=boot &&
		openssl x509 -req -in boot.csr -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 30 -out boot.crt \
			-extfile <(echo "subjectAltName=IP:10.77.0.1") &&
		cat boot.key boot.crt >boot.pem && chmod 0644 boot.pem # of no use to anybody when the test is over
)

# rack_begin_https CLUSTER_YAML: as rack_begin, with boot.pem beside it.
rack_begin_https() {
	rack_up && install -m 0644 "$work/boot.pem" "$rack_dir/config/" && rack_fill "$os" "$1" && rack_serve --log-level debug || no_rack
}

# loaders_in DIR FILE...: a folder of boot loaders for --firmware, with these beside the usual one.
loaders_in() {
	install -d -m 0755 "$1" && install -m 0644 "${@:2}" "$(readlink -f /usr/lib/ipxe/snponly.efi)" "$1/" ||
		{ fail "the loaders can be had"; done_testing; }
}

# events NAME FILTER: of a machine's timeline, since $since. has_event NAME KIND [REGEX]. has_line NAME REGEX: as one reads it.
since=0
events() {
	rack_cli events "$1" -n 1000 -o json | jq -rs --argjson since "$since" "map(select(.wall_ms >= \$since)) | $2"
}
has_event() { [ "$(events "$1" "any(.[]; .kind == \"$2\" and (.text | test(\"${3:-}\")))")" = true ]; }
has_line() { rack_cli nodes "$1" | grep -qE "$2"; }
# is_published N: that generation, or a later one.
is_published() { [ "$(rack_cli status -o json | jq .generation)" -ge "$1" ]; }

# console NAME: what the machine said there. said NAME REGEX: in one line of it; said_in_all: whatever its width.
console() { tr -cd '\11\12\40-\176' <"$rack_dir/$1.console"; }
said() { console "$1" | grep -q "$2"; }
said_in_all() { console "$1" | tr -d '\n' | grep -q "$2"; }

# show NAME: what a failed wait leaves behind must be enough to see why.
show() {
	rack_cli nodes
	rack_cli events "$1" -n 30
	find "$rack_dir/serve.log" "$work"/*.log -exec tail -n 20 {} +
	console "$1" | tail -n 40
	cat "$rack_dir/$1.qemu"
}

# must SECONDS SENTENCE NAME COMMAND...: a test that waits for a machine; without it the rest makes no sense.
must() {
	local limit=$1 sentence=$2 machine=$3
	shift 3
	if wait_for "$limit" "$sentence" "$@"; then pass "$sentence"; return; fi
	fail "$sentence" "waited for it"
	show "$machine" 2>&1 | tr -cd '\11\12\40-\176' | sed 's/^/# /'
	done_testing
}
