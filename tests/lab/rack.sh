# shellcheck shell=bash
# rack.sh - a virtual rack: a network namespace with a bridge, `slipway serve` on it, and machines in
# QEMU that boot from it. Source it, call rack_use NAME, then the functions below in any order.
#
# All of a rack is in two places: the namespace NAME and the folder /tmp/NAME. So rack_down can undo
# it from another shell, and whatever state it is in. Processes are known by living in the namespace.
# A machine has a slot N from 1 to 99: MACs 52:54:00:77:N:01 and :02, taps mNa and mNb, serial LAB-N.

rack_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${BUILD:=build/release}"
case $BUILD in /*) rack_bin=$BUILD ;; *) rack_bin=$rack_top/$BUILD ;; esac

readonly rack_memory_mib=1536
readonly rack_disk=8G # sparse
readonly rack_ovmf=/usr/share/OVMF rack_aavmf=/usr/share/AAVMF

rack_say() { printf 'rack: %s\n' "$*" >&2; }

# rack_use NAME: which rack the other functions mean.
rack_use() {
	rack=$1
	rack_dir=/tmp/$1
	rack_socket=$rack_dir/slipway.sock
}

rack_in() { ip netns exec "$rack" "$@"; }

# rack_cli COMMAND [ARGUMENT...]: the slipway command, with this rack's server.
rack_cli() {
	local command=$1
	shift
	"$rack_bin/slipway" "$command" --socket "$rack_socket" "$@"
}

rack_exists() { [ -e "/run/netns/$rack" ] || [ -e "$rack_dir" ]; }

# Those in the namespace, but for ourselves: somebody may stop the rack from inside.
rack_pids() { ip netns pids "$rack" 2>/dev/null | grep -vx -e $$ -e "$BASHPID"; }

# rack_pid WHAT: the process id of "serve" or of a machine, if it is running.
rack_pid() {
	local pid
	pid=$(cat "$rack_dir/$1.pid" 2>/dev/null) && rack_pids | grep -x "$pid"
}

# rack_worker_pid NAME: of provisioner, dhcpd or netboot.
rack_worker_pid() {
	local serve
	serve=$(rack_pid serve) && pgrep -P "$serve" -f "^slipway worker $1 "
}

# rack_wait SECONDS WHAT COMMAND...
rack_wait() {
	local limit=$1 what=$2 end
	shift 2
	end=$((SECONDS + limit))
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			rack_say "waited $limit s for $what"
			return 1
		fi
		sleep 0.1
	done
}

rack_is_idle() { [ -z "$(rack_pids)" ]; }

# rack_up: the namespace, the bridge, and the folder. Everything the server's workers read is a copy
# that they may read, whatever the umask of the checkout.
rack_up() {
	if rack_exists; then
		rack_say "\"$rack\" is there already (namespace $rack, folder $rack_dir)"
		rack_say "is it running, or was it left behind? tests/lab/rack -n $rack down removes it"
		return 1
	fi
	mkdir -m 0755 "$rack_dir" || return
	ip netns add "$rack" || return
	ip -n "$rack" link set lo up
	ip -n "$rack" link add br0 type bridge stp_state 0 forward_delay 0 || return
	ip -n "$rack" addr add 10.77.0.1/24 dev br0
	ip -n "$rack" link set br0 up
	install -d -m 0755 "$rack_dir"/{config,agent,images,images/lab}
}

# rack_image OS_DIR VERSION [FILE...]: kernel, RAM disk and more files of that folder become the image lab/VERSION.
rack_image() {
	local from=$1 version=$2 to=$rack_dir/images/lab/$2
	shift 2
	install -d -m 0755 "$to" && (cd "$from" && install -m 0644 vmlinuz initrd.img "$@" "$to/") &&
		"$rack_bin/slipway" images import "$to" --name "lab/$version" --store "$rack_dir/images" \
			--templates "$rack_top/templates" --config "$rack_dir/config/cluster.yaml" >/dev/null
}

# rack_fill OS_DIR CLUSTER_YAML: image lab/1, templates, join agent, configuration.
rack_fill() {
	rack_image "$1" 1 &&
		install -m 0755 "$rack_bin/slipway-join" "$rack_dir/agent/" &&
		cp -R "$rack_top/templates" "$rack_dir/templates" &&
		chmod -R a+rX "$rack_dir/templates" &&
		ssh-keygen -q -t ed25519 -N '' -C "$rack" -f "$rack_dir/key" &&
		sed "s|^ssh-authorized-keys:.*|ssh-authorized-keys: [\"$(cat "$rack_dir/key.pub")\"]|" "$2" \
			>"$rack_dir/config/cluster.yaml" &&
		chmod 0644 "$rack_dir/config/cluster.yaml"
}

rack_user() { if getent passwd slipway >/dev/null; then echo slipway; else echo nobody; fi; }

# What `slipway serve` is started with; more options may follow.
rack_serve_command() {
	echo "$rack_bin/slipway" serve --config "$rack_dir/config/cluster.yaml" --state "$rack_dir/state" \
		--images "$rack_dir/images" --templates "$rack_dir/templates" --agent "$rack_dir/agent" \
		--socket "$rack_socket" --user "$(rack_user)"
}

rack_answers() { rack_cli status; }

# rack_serve [OPTION...]: starts the server and waits until it serves.
rack_serve() {
	local pid
	# setsid: Ctrl-C on the terminal is ours to handle, in order.
	# shellcheck disable=SC2046 # no path of ours has a space
	setsid ip netns exec "$rack" $(rack_serve_command) "$@" >>"$rack_dir/serve.log" 2>&1 </dev/null &
	pid=$!
	echo $pid >"$rack_dir/serve.pid"
	local end=$((SECONDS + 20))
	until rack_answers >/dev/null 2>&1 && rack_worker_pid netboot >/dev/null; do
		if [ $SECONDS -ge $end ] || ! kill -0 $pid 2>/dev/null; then
			rack_say "slipway serve does not serve; the end of $rack_dir/serve.log:"
			tail -n 8 "$rack_dir/serve.log" >&2
			return 1
		fi
		sleep 0.1
	done
}

rack_mac() { printf '52:54:00:77:%02x:%02x' "$1" "$2"; }

# rack_on NAME KIND SLOT: powers a machine on. KIND says how it boots from the network:
#   bios         SeaBIOS, iPXE in the network card's ROM
#   uefi         the firmware's own PXE client: loader by TFTP
#   uefi-http    the firmware's own HTTP boot: loader by HTTP
#   uefi-secure  as uefi, with Secure Boot on and the keys of any PC: only signed loaders and kernels start
#   uefi-own     as uefi-http, with Secure Boot on and only the site's own key (Debian's "snakeoil")
#   arm64        as uefi, with an ARM processor of 64 bits
# $rack_dir/NAME.on keeps when, in ms; NAME.console is its serial line, NAME.qemu QEMU's own words. rack_smbios=
# takes the place of the description of the machine (QEMU's -smbios type=1); rack_cacerts= is a file of those whose
# certificates its UEFI believes (see rack_signature_list). rack_nic= is a network card of another kind, such as e1000,
# which sees whether its link is up.
rack_on() {
	local name=$1 kind=$2 slot=$3 at=$rack_dir/$1 nic tap rom='' args emulator=qemu-system-x86_64

	if rack_pid "$name" >/dev/null; then
		rack_say "$name is on already"
		return 1
	fi
	args=(-name "$name" -accel "tcg,thread=multi" -smp 1 -m $rack_memory_mib -display none -vga none -nodefaults
		-smbios "${rack_smbios:-type=1,manufacturer=Slipway,product=Virtual Node,serial=LAB-$slot,uuid=77000000-0000-4000-8000-$(printf '%012x' "$slot")}"
		-chardev "file,id=console,path=$at.console,append=on" -serial chardev:console
		-chardev "pipe,id=monitor,path=$at.monitor" -mon chardev=monitor
		-drive "if=none,id=disk,format=raw,file=$at.disk" -device virtio-blk-pci,drive=disk,bootindex=3)
	[ "$kind" = bios ] || rom=,romfile= # no iPXE in the card: the firmware's client speaks
	rack_firmware "$kind" "$at.vars" || return
	for nic in 1 2; do
		tap=$(rack_tap "$slot" $nic)
		if ! ip -n "$rack" link show "$tap" >/dev/null 2>&1; then
			rack_in ip tuntap add "$tap" mode tap && rack_in ip link set "$tap" master br0 up || return
		fi
		args+=(-netdev "tap,id=nic$nic,ifname=$tap,script=no,downscript=no"
			-device "${rack_nic:-virtio-net-pci},netdev=nic$nic,mac=$(rack_mac "$slot" $nic),bootindex=$nic$rom")
	done
	[ -e "$at.disk" ] || truncate -s $rack_disk "$at.disk"
	[ -e "$at.monitor.in" ] || mkfifo "$at.monitor.in" "$at.monitor.out" || return
	echo "$kind $slot" >"$at.machine"
	date +%s%3N >"$at.on"
	setsid ip netns exec "$rack" "$emulator" "${args[@]}" >"$at.qemu" 2>&1 </dev/null &
	echo $! >"$at.pid"
}

# rack_tap SLOT N: this side of the machine's network card N. One that a test has made beforehand stays as it is.
rack_tap() { echo "m$1$(tr 12 ab <<<"$2")"; }

# rack_firmware KIND VARS: adds to args what makes a machine of that kind; its UEFI keeps its variables in VARS.
rack_firmware() {
	local code='' vars='' smm=off

	case $1 in
	bios) ;;
	uefi | uefi-http) code=$rack_ovmf/OVMF_CODE_4M.fd vars=$rack_ovmf/OVMF_VARS_4M.fd ;;
	uefi-secure) code=$rack_ovmf/OVMF_CODE_4M.secboot.fd vars=$rack_ovmf/OVMF_VARS_4M.ms.fd smm=on ;;
	uefi-own) code=$rack_ovmf/OVMF_CODE_4M.secboot.fd vars=$rack_ovmf/OVMF_VARS_4M.snakeoil.fd smm=on ;;
	arm64) code=$rack_aavmf/AAVMF_CODE.fd vars=$rack_aavmf/AAVMF_VARS.fd ;;
	*) rack_say "$1: a machine boots by bios, uefi, uefi-http, uefi-secure, uefi-own or arm64"; return 2 ;;
	esac
	case $1 in
	arm64) emulator=qemu-system-aarch64 args+=(-machine virt -cpu cortex-a57) ;;
	# Without -erms: the emulator copies memory byte by byte where a processor has fast rep movsb.
	*) args+=(-machine "q35,graphics=off,smm=$smm" -cpu max,-erms) ;;
	esac
	[ $smm = off ] || args+=(-global driver=cfi.pflash01,property=secure,value=on)
	[ -z "$code" ] || {
		[ -e "$2" ] || cp "$vars" "$2" || return
		args+=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" -drive "if=pflash,format=raw,unit=1,file=$2")
	}
	[ -z "${rack_cacerts:-}" ] || args+=(-fw_cfg "name=etc/edk2/https/cacerts,file=$rack_cacerts")
	case $1 in
	uefi-http | uefi-own) args+=(-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n
		-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=n) ;;
	esac
}

# rack_signature_list CERTIFICATE.pem: as UEFI keeps it, an EFI_SIGNATURE_LIST with one X.509 certificate in DER.
rack_signature_list() {
	local len
	len=$(openssl x509 -in "$1" -outform der | wc -c) || return
	rack_bytes "$(printf 'a159c0a5e494a74a87b5ab155c2bf072%s00000000%s%032d' "$(rack_le32 $((len + 44)))" "$(rack_le32 $((len + 16)))" 0)"
	openssl x509 -in "$1" -outform der
}
# shellcheck disable=SC2059 # the bytes are the format
rack_bytes() { printf "$(sed 's/../\\x&/g' <<<"$1")"; }
rack_le32() { printf '%08x' "$1" | sed -E 's/(..)(..)(..)(..)/\4\3\2\1/'; }

# rack_reset NAME: the reset button.
rack_reset() {
	rack_pid "$1" >/dev/null || return
	date +%s%3N >"$rack_dir/$1.on"
	timeout 5 sh -c 'echo system_reset >"$1"' sh "$rack_dir/$1.monitor.in"
}

# rack_link NAME CARD on|off: the cable of network card 1 or 2.
rack_link() { timeout 5 sh -c 'echo "set_link nic$2 $3" >"$1"' sh "$rack_dir/$1.monitor.in" "$2" "$3"; }

# rack_off NAME: pulls the plug.
rack_off() {
	local pid
	pid=$(rack_pid "$1") || return 0
	kill "$pid" 2>/dev/null
	rack_wait 5 "$1 to be off" rack_is_gone "$pid" || kill -9 "$pid"
}

rack_is_gone() { ! kill -0 "$1" 2>/dev/null; }

rack_machines() {
	local m
	for m in "$rack_dir"/*.machine; do [ -e "$m" ] && basename "$m" .machine; done
}

# rack_signal SIGNAL: to every process of the rack.
rack_signal() {
	local pid
	rack_pids | while read -r pid; do kill "-$1" "$pid" 2>/dev/null; done
}

# rack_down: removes all of it, whatever there is of it. Also from a trap, which may find any IFS.
rack_down() {
	local pid IFS=$' \t\n'
	if [ -e "/run/netns/$rack" ]; then
		pid=$(rack_pid serve) && kill "$pid" && rack_wait 8 "slipway serve to stop" rack_is_gone "$pid"
		rack_signal TERM
		rack_wait 5 "the machines to be off" rack_is_idle || rack_signal KILL
		rack_wait 5 "killed processes to go" rack_is_idle || return
		ip netns del "$rack" # bridge and taps go with it
	fi
	# Root's own folder only: /tmp is everybody's.
	if [ -d "$rack_dir" ] && [ ! -L "$rack_dir" ] && [ -O "$rack_dir" ]; then rm -rf --one-file-system "$rack_dir"; fi
	! rack_exists
}
