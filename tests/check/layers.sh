#!/usr/bin/env bash
# The script that refuses wrong includes and banned calls does refuse them, and says where.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$work"/{tests,docs,provisioner/base,provisioner/cluster,dhcpd,netboot/tftp,templates}
cp "$top/tests/layers" "$work/tests/"
cat >"$work/docs/floors.txt" <<'END'
# floor room
0 provisioner/base
1 provisioner/cluster
2 dhcpd
2 netboot/tftp
END

# refuses SENTENCE FILE LINE WANTED: with that line in that file.
refuses() {
	local out status=0
	printf '#include <stdio.h>\n%s\n' "$3" >"$work/$2"
	out=$("$work/tests/layers" 2>&1) || status=$?
	rm "$work/$2"
	is "$1" "1 $2:$4" "$status $out"
}
# allows SENTENCE FILE LINE
allows() {
	printf '%s\n' "$3" >"$work/$2"
	ok "$1" "$work/tests/layers"
	rm "$work/$2"
}

echo '#include "provisioner/base/rd.h"' >"$work/provisioner/base/rd.c"
ok "the real tree keeps to its floors" "$top/tests/layers"
allows "a lower floor may be included" dhcpd/x.c '#include "provisioner/cluster/c.h"'
allows "a room may include itself" dhcpd/x.c '#include "dhcpd/y.h"'
allows "a method of that name is no banned call" dhcpd/x.c 'p->gets(p); my_atoi(x);'
refuses "a higher floor may not be included" provisioner/base/x.c '#include "dhcpd/y.h"' \
	'2: provisioner/base (floor 0) may not include dhcpd/y.h (floor 2)'
refuses "a neighbour on the same floor may not be included" netboot/tftp/x.h '#include "dhcpd/y.h"' \
	'2: netboot/tftp (floor 2) may not include dhcpd/y.h (floor 2)'
refuses "blanks do not hide an include" netboot/tftp/x.h '  #  include "dhcpd/y.h"' \
	'2: netboot/tftp (floor 2) may not include dhcpd/y.h (floor 2)'
refuses "angle brackets do not hide an include" netboot/tftp/x.h '#include <dhcpd/y.h>' \
	'2: our own headers are included with quotes'
refuses "a header by its bare name is in no room" dhcpd/x.c '#include "y.h"' '2: includes y.h, which is in no room'
refuses "a file outside every room is refused" templates/x.c '' '1: room templates is not in docs/floors.txt'
for call in sprintf strcpy strcat strtok atoi sscanf alloca gets; do
	refuses "$call() is refused" dhcpd/x.c "	y = $call (x);" "2:	y = $call (x);"
done
done_testing
