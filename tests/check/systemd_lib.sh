# shellcheck shell=bash
# What systemd's own programs say of what nodes get. Source it after lib.sh.

# systemd_takes ROOT UNIT...: these units and drop-ins of the root folder, without a word.
systemd_takes() {
	local out
	out=$(systemd-analyze verify --root="$1" --man=no --recursive-errors=no "${@:2}" 2>&1) || { echo "$out"; return 1; }
	out=$(grep -v '^$' <<<"$out")
	[ -z "$out" ] || { echo "$out"; return 1; }
}

# networkd_knows FILE...: each key in them. networkd's tables of keys are in the program itself.
networkd=/usr/lib/systemd/systemd-networkd
networkd_can_be_asked() { [ -x $networkd ] && [ -x /usr/bin/strings ]; }
networkd_knows() {
	local key section line unknown=
	strings -n 4 $networkd >"$work/strings"
	while read -r line; do
		case $line in
		"["*"]") section=${line//[\[\]]/} ;;
		[A-Z]*=*) key=$section.${line%%=*}
			grep -qxF "$key" "$work/strings" || unknown+=" $key" ;;
		esac
	done < <(cat "$@")
	[ -z "$unknown" ] || { echo "not a key of networkd:$unknown"; return 1; }
}
