/* signature.h - detached OpenPGP signatures, checked by GnuPG's gpgv.
 *
 * gpgv says in its status lines which key made a signature; that key's primary fingerprint must be
 * one of those pinned. signature_judge() reads the lines and is pure; signature_verify() runs the
 * program, without a shell and with nothing of our environment. */
#ifndef SLIPWAY_FETCH_SIGNATURE_H
#define SLIPWAY_FETCH_SIGNATURE_H

#include <stdbool.h>

#include "netboot/images/manifest.h"

struct signature_rules {
	const char *keyring;             /* path of a binary key ring */
	const char *const *fingerprints; /* ends in NULL; an empty list takes any key of the ring */
	bool expired_keys_are_good;
};

/* 0 and the primary key's fingerprint; -EBADMSG when file and signature do not belong together; or
 * -EKEYREJECTED, because of the key. *e then says why. */
int signature_judge(const struct signature_rules *r, const char *status, size_t len,
	char ret_signer[static MANIFEST_SIGNER_SIZE], struct err *e) MUST_USE;

/* Whether `keyring` is there and looks like one. 0, or -ENOKEY with *e. */
int signature_check_keyring(const char *keyring, struct err *e) MUST_USE;

/* `signature` and `data` are descriptors of regular files, from their starts. As above, or
 * another negative errno when gpgv could not be run. */
int signature_verify(const struct signature_rules *r, int signature, int data,
	char ret_signer[static MANIFEST_SIGNER_SIZE], struct err *e) MUST_USE;

#endif
