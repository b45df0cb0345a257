/* ident.h - what tells one machine from another beside its MAC: its UUID and its client identifier, each in
 * the one form in which they compare. */
#ifndef SLIPWAY_BASE_IDENT_H
#define SLIPWAY_BASE_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/rd.h"

#define UUID_LEN 16
#define UUID_TEXT_SIZE 37

struct uuid {
	uint8_t b[UUID_LEN];
};

/* "4c4c4544-0035-5910-8048-b4c04f4d3132", any case. 0 or -EINVAL. */
int uuid_parse(const char *text, struct uuid *ret) MUST_USE;

/* Some firmware sends the first three fields as SMBIOS has them, little-endian, some in network order, and
 * one machine may do both in one boot: of the two spellings of a UUID, this is always the same one. */
struct uuid uuid_folded(const struct uuid *u);
bool uuid_is_equal(const struct uuid *a, const struct uuid *b);

/* False for what boards carry whose maker gave them none: zeros, one byte all over, known dummies. */
bool uuid_is_useful(const struct uuid *u);

/* RFC 2132 section 9.14: type 0 says that what follows is no hardware address, and some clients leave it
 * out. The identifier without it. */
struct rd client_id_folded(struct rd id);

#endif
