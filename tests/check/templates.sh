#!/usr/bin/env bash
# The template engine against Python's Jinja2: the written cases, then made-up ones of a fixed
# seed, values written as YAML, and the templates we ship.
set -u
cd "$(dirname "$0")/../.."
program=${BUILD:-build/release}/tests/unit/templates/engine/test_cases

python=/usr/bin/python3
if ! "$python" -c 'import jinja2, yaml' 2>/dev/null; then
	echo "ok 1 - templates render as in Jinja2 # SKIP python3-jinja2 or python3-yaml is missing"
	echo 1..1
	exit 77
fi
set -o pipefail
failed=0
"$python" -W ignore tests/check/template_oracle.py "$program" tests/data/templates/*.yaml || failed=1
"$python" -W ignore tests/check/template_oracle.py "$program" --random "${SEED:-1}" "${TEMPLATES:-600}" || failed=1
"$python" -W ignore tests/check/template_oracle.py "$program" --yaml "${SEED:-1}" "${TEMPLATES:-600}" || failed=1
"$python" -W ignore tests/check/template_oracle.py "$program" --shipped templates || failed=1
exit $failed
