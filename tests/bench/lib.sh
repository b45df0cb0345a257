# shellcheck shell=bash
# What the benchmarks share. Source it; tests/lib.sh comes with it (start, defer, wait_for, net_new).
#   . "$(dirname "$0")/lib.sh"
# A benchmark notes figures and prints a table of medians; it says "met" or "not met" of a target and never
# fails for one: its exit status is about whether it could measure at all.

# On a disk, for /tmp may be none: what is to be durable is compared with what is durable.
TEST_DIR=${BENCH_DIR:-/var/tmp}
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${QUICK:=0}"
quick() { [ "$QUICK" = 1 ]; }
: "${RUNS:=$(quick && echo 1 || echo 3)}"

# Rivals that are not installed lie unpacked below build/bench (install-deps).
rivals=$top/build/bench/root
PATH=$PATH:/usr/sbin:/sbin:$rivals/usr/bin:$rivals/usr/sbin
export LD_LIBRARY_PATH=$rivals/usr/lib/$(uname -m)-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }
progress() { printf '  ... %s\n' "$*" >&2; }

# Where two processes wait for one another, and for nothing else, a virtual machine measures how long its CPUs take to
# wake up. Something that gives way to everybody keeps them awake, until let_sleep.
keep_awake() {
	local i
	awake=()
	for ((i = 0; i < $(nproc); i++)); do
		start "awake$i" timeout 900 chrt --idle 0 bash -c 'while :; do :; done'
		awake+=("$started")
	done
}
let_sleep() {
	kill "${awake[@]}"
	wait "${awake[@]}" 2>/dev/null
}

# --- figures ---
figures=$work/figures

# note METRIC WHO SIZE VALUE: one run's figure.
note() { printf '%s %s %s %s\n' "$@" >>"$figures"; }

# median METRIC WHO SIZE: of all runs; nothing when there was none.
median() {
	awk -v m="$1" -v w="$2" -v s="$3" '$1 == m && $2 == w && $3 == s { print $4 }' "$figures" | sort -g |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

# calc EXPRESSION: arithmetic with fractions, empty when the expression has a hole or divides by zero.
calc() { awk "BEGIN { print $1 }" 2>/dev/null || true; }
is_true() { [ "$(calc "($1) ? 1 : 0")" = 1 ]; }

# --- the table: a heading row, then rows of cells ---
heading() { printf '\n%s\n' "$1"; shift; printf '%-34s' ''; printf '%22s' "$@"; printf '\n'; }
row() { printf '%-34s' "$1"; shift; printf '%22s' "$@"; printf '\n'; }

# figure METRIC WHO SIZE FORMAT RATIO: the median, and in brackets how it stands to the first of `contenders`:
# RATIO "more" for a figure where more is better, "less" where less is, "none" for none.
figure() {
	local v ours
	v=$(median "$1" "$2" "$3")
	ours=$(median "$1" "${contenders[0]}" "$3")
	if [ -z "$v" ]; then
		echo -
	elif [ "$5" = none ] || [ "$2" = "${contenders[0]}" ] || [ -z "$ours" ]; then
		# shellcheck disable=SC2059
		printf "$4" "$v"
	else
		# shellcheck disable=SC2059
		printf "$4 (%s)" "$v" "$(ratio "$5" "$ours" "$v")"
	fi
}
# ratio more|less OURS THEIRS: how many times better we are, for a person.
ratio() {
	awk -v how="$1" -v a="$2" -v b="$3" 'BEGIN {
		if (how == "less") { t = a; a = b; b = t }
		if (b == 0) print "-"; else printf((a / b >= 100 ? "%.0fx" : "%.1fx"), a / b)
	}'
}
# table_row TEXT METRIC SIZE FORMAT RATIO: one row over all contenders.
table_row() {
	local cells=() w
	for w in "${contenders[@]}"; do cells+=("$(figure "$2" "$w" "$3" "$4" "$5")"); done
	row "$1" "${cells[@]}"
}

# target TEXT CONDITION WHAT_IT_IS: WHAT_IT_IS without a figure in it means that it was not measured.
targets_met=0 targets_missed=0
target() {
	if [ -z "$2" ] || [ -z "$(calc "($2) ? 1 : 0")" ]; then
		printf '  %-9s%-62s\n' '-' "$1: not measured"
	elif is_true "$2"; then
		targets_met=$((targets_met + 1))
		printf '  %-9s%-62s %s\n' met "$1" "$3"
	else
		targets_missed=$((targets_missed + 1))
		printf '  %-9s%-62s %s\n' "NOT MET" "$1" "$3"
	fi
}

# --- processes ---
ticks=$(getconf CLK_TCK)
# cpu_us PID: user and system time so far.
cpu_us() { awk -v hz="$ticks" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000000 / hz }' "/proc/$1/stat"; }
rss_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
pss_kib() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }

# end PID: ends what `start` began, and waits for it.
end() {
	kill -- -"$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# --- the machine ---
load_average() { cut -d' ' -f1 /proc/loadavg; }
describe_machine() {
	local n
	n=$(nproc)
	say "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $n CPUs; Linux $(uname -r);" \
		"$work on $(stat -f -c %T "$work") of $(findmnt -nro SOURCE -T "$work")"
	case $(stat -f -c %T "$work") in
	tmpfs | ramfs) say "WARNING: that is memory, where nothing is durable; BENCH_DIR=... names a folder on a disk" ;;
	esac
}
warn_if_shared() {
	is_true "$(load_average) > 0.5 * $(nproc)" || return 0
	say "This machine is shared (load average $(load_average)): trust CPU per operation first, then ratios, then rates."
}
