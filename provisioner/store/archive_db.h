/* archive_db.h - what reading and writing of the archive share. Private to the store. */
#ifndef SLIPWAY_STORE_ARCHIVE_DB_H
#define SLIPWAY_STORE_ARCHIVE_DB_H

#include <openssl/evp.h>

#include "provisioner/base/delta.h"
#include "provisioner/store/archive.h"
#include "provisioner/store/query.h"

#define ARCHIVE_BASES 32

/* A text that others are compared with; it lies in the archive as it is. */
struct archive_base {
	int64_t object; /* 0: this place is free */
	char *text;
	struct delta_base index;
};

struct archive {
	struct store db; /* its file and its statements; no batch of its own */
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	struct archive_base bases[ARCHIVE_BASES];
	size_t next_base; /* where the next one goes */
};

int archive_hash(struct archive *a, const void *data, size_t len,
	uint8_t ret[static ARCHIVE_HASH_LEN]) MUST_USE;

#endif
