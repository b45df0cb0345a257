#!/usr/bin/env bash
# docs/reference names the tests that show what it says: each of them must be there.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

for page in docs/reference/*.md; do
	missing=$(
		grep -oE '`tests/[a-z/_-]+\.(sh|c|py)`' "$page" | tr -d '`' | sort -u | while read -r file; do [ -e "$file" ] || echo "$file"; done
		grep -oE '`test_[a-z0-9_]+/[a-z0-9_]+`' "$page" | tr -d '`' | sort -u | while IFS=/ read -r file name; do
			grep -qsE "TEST\($name\)" tests/unit/*/"$file.c" tests/unit/*/*/"$file.c" || echo "$file/$name"
		done
	)
	is "$page names no test that is not there" "" "$missing"
done
done_testing
