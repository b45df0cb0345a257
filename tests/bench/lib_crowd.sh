# shellcheck shell=bash
# What the benchmarks share that send a crowd of clients at each contender in turn. Source it after lib.sh.
declare -A srv_of cli_of
up=() left_out=()

# crowd_net PREFIX WHO: a wire of its own. Any address of 10.78.0.0/16, behind 10.77.0.2, is the clients' host's own.
crowd_net() {
	net_new "$1$2"
	srv_of[$2]=$srv cli_of[$2]=$cli
	ip -n "$cli" addr add 10.77.0.2/24 dev c0
	ip -n "$cli" route add local 10.78.0.0/16 dev lo
	ip -n "$srv" route add 10.78.0.0/16 via 10.77.0.2
}
# crowd_start WHO VARIABLE...: launch_WHO, which may use these variables, on the wire that was made last.
crowd_start() {
	start "$1" ip netns exec "$srv" bash -c "$(declare -f "launch_$1"); $(declare -p "${@:2}"); launch_$1"
}
# crowd_up: those of `contenders` that bring_up WHO brings up.
crowd_up() {
	local who
	for who in "${contenders[@]}"; do
		if bring_up "$who"; then up+=("$who"); else left_out+=("$who did not come up: $(tail -n 1 "$work/$who.log")"); fi
	done
}

# The work of all processes that the server is or has started; those of ended children come to their parent.
all_cpu_ms() {
	local p total=0
	for p in $(ip netns pids "${srv_of[$1]}"); do
		total=$((total + $(awk -v hz="$ticks" '{ sub(/.*\) /, ""); print int(($12 + $13 + $14 + $15) * 1000 / hz) }' "/proc/$p/stat" 2>/dev/null || echo 0)))
	done
	echo $total
}
