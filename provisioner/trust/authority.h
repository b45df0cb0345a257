/* authority.h - a key pair that signs others' certificates, kept in a folder as NAME.key and NAME.crt.
 *
 * Made at the first start, loaded ever after; what exists is never replaced, and half a pair, a damaged
 * one or a key that others may read is an error that says what to do. */
#ifndef SLIPWAY_TRUST_AUTHORITY_H
#define SLIPWAY_TRUST_AUTHORITY_H

#include <openssl/types.h>

#include "provisioner/base/err.h"

struct authority {
	EVP_PKEY *key;
	X509 *cert;
};

/* Loads the pair from the folder `dir`, or makes it, with the subject `common_name`, when neither file
 * is there. 0; -EINVAL (a file is missing, damaged, readable by others, or the two do not belong
 * together), -EIO, or the errno of a file operation, with *e. authority_done() frees in any case. */
int authority_open(int dir, const char *name, const char *common_name, struct authority *ret,
	struct err *e) MUST_USE;
void authority_done(struct authority *a);

/* The same for a key alone, NAME.key: RSA of 2048 bits, for who takes no other. */
int authority_rsa_key(int dir, const char *name, EVP_PKEY **ret, struct err *e) MUST_USE;

#endif
