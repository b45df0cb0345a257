#!/usr/bin/env bash
# None of our functions has the name of one in a library that we link: the dynamic linker would give
# the library ours instead of its own, and it would crash far away from the cause.
. "$(dirname "$0")/../lib.sh"

names() { awk '{ print $NF }' | sed 's/@.*//' | sort -u; }

packages=$(printf 'include Makefile\nprint-packages:; @echo $(PKGS)\n' | make -s -C "$top" -f - print-packages)
libraries=$(for p in $packages; do pkg-config --libs-only-l "$p"; done | tr ' ' '\n' | sed -n 's/^-l//p' | sort -u)

nm -g --defined-only "$bin/libslipway.a" 2>/dev/null | awk 'NF == 3' | names >"$work/ours"
for l in $libraries; do
	nm -D --defined-only "$(cc -print-file-name="lib$l.so")"
done | names >"$work/theirs"
nm -D --defined-only "$(cc -print-file-name=libc.so.6)" | names >"$work/libc"

ok "the libraries are looked at" grep -qx json_object "$work/theirs"
ok "the C library is looked at" grep -qx qsort "$work/libc"
ok "our functions are looked at" grep -qx doc_parse "$work/ours"
is "no name is used twice" "" "$(comm -12 "$work/ours" <(sort -u "$work/theirs" "$work/libc"))"
done_testing
