#!/usr/bin/env bash
# The schema for editors takes what the loader takes, and refuses what it refuses: both are made of one table.
. "$(dirname "$0")/../lib.sh"
slipway=$(cd "$top" && cd "${BUILD:-build/release}" && pwd)/slipway

if ! python3 -c 'import jsonschema, yaml' 2>/dev/null; then
	skip "the schema for editors" "package python3-jsonschema or python3-yaml is not installed"
	done_testing
fi
"$slipway" schema --json-schema >"$work/cluster.json"
"$slipway" schema --format json-schema-nodes >"$work/nodes.json"
mapfile -t examples < <(find "$top/docs/examples" -name '*.yaml' | sort)
cd "$top" || exit 1
python3 tests/check/schema.py "$slipway" "$work/cluster.json" "$work/nodes.json" "$top/tests/corpus/cluster/all-keys" "${examples[@]}"
exit
