# shellcheck shell=bash
# What wire and boot tests share: TAP output, bounded waits, clean-up that always runs. Source it:
#   . "$(dirname "$0")/../lib.sh"
# A test calls `ok "sentence" COMMAND...` or `is "sentence" WANT GOT`, and `done_testing` at its end.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${BUILD:=build/release}"
case $BUILD in /*) bin=$BUILD ;; *) bin=$top/$BUILD ;; esac
tap_n=0 tap_failed=0 cleanups=()

# A scratch folder that an unprivileged worker can reach.
work=$(mktemp -d "${TEST_DIR:-/tmp}/slipway-test.XXXXXX")
chmod 755 "$work"

on_exit() {
	local i
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" >/dev/null 2>&1; done
	rm -rf "$work"
}
trap on_exit EXIT
trap 'exit 130' INT TERM

# defer COMMAND: runs at exit, last one first.
defer() { cleanups+=("$1"); }

pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
fail() { tap_n=$((tap_n + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_n - $1"; shift; printf '# %s\n' "$@"; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP ${2:-}"; }

# ok SENTENCE COMMAND...: passes when the command does; its output is shown when it fails.
ok() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "command: $*" "${out//$'\n'/$'\n'# }"; fi
}

# is SENTENCE WANT GOT
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "want: $2" "got:  $3"; fi; }

# like SENTENCE REGEX TEXT
like() { if grep -qE -- "$2" <<<"$3"; then pass "$1"; else fail "$1" "want: /$2/" "got:  ${3:0:600}"; fi; }

# not COMMAND...: succeeds when the command fails.
not() { ! "$@"; }

done_testing() { echo "1..$tap_n"; exit $((tap_failed > 0)); }

# wait_for SECONDS WHAT COMMAND...: polls until the command succeeds. SECONDS are those of a quiet machine: a busy one gets
# three times as many, for patience costs nothing where all is well. patience=1 where the limit is what is tested.
wait_for() {
	local limit=$(($1 * ${patience:-3})) what=$2 end
	shift 2
	end=$((SECONDS + limit))
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "# waited $limit s for $what" >&2
			return 1
		fi
		sleep 0.1
	done
}

# ok_soon SENTENCE COMMAND...: polls for 30 s and says how long it took. How quick something is belongs into a sentence or
# a benchmark: a busy machine must not fail a test.
ok_soon() {
	local sentence=$1 began
	shift
	began=$(date +%s%3N)
	if wait_for 10 "it" "$@"; then pass "$sentence ($(($(date +%s%3N) - began)) ms)"; else fail "$sentence" "waited 30 s"; fi
}

need_root() {
	[ "$(id -u)" -eq 0 ] && return
	echo "ok 1 - $(basename "$0") # SKIP needs root"
	echo 1..1
	exit 77
}

# start NAME COMMAND...: in the background, output to $work/NAME.log; $started is its pid; ended at exit.
# As a group of its own: COMMAND may be a function, whose children would outlive the shell it runs in.
start() {
	local name=$1
	shift
	set -m
	"$@" >"$work/$name.log" 2>&1 </dev/null &
	started=$!
	set +m
	defer "kill -- -$started; wait $started"
}

# net_new PREFIX: two namespaces, $srv (server, 10.77.0.1/24 on "s0") and $cli (client, "c0"), joined by a veth.
net_new() {
	srv=$1-$$-s cli=$1-$$-c # two runs at a time do not meet
	ip netns add "$srv" || exit 1
	defer "ip netns del $srv"
	ip netns add "$cli" || exit 1
	defer "ip netns del $cli"
	ip link add s0 netns "$srv" type veth peer name c0 netns "$cli"
	ip -n "$srv" addr add 10.77.0.1/24 dev s0
	ip -n "$srv" link set lo up
	ip -n "$srv" link set s0 up
	ip -n "$cli" link set lo up
	ip -n "$cli" link set c0 up
}
in_srv() { ip netns exec "$srv" "$@"; }
in_cli() { ip netns exec "$cli" "$@"; }
