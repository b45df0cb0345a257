/* identity.h - who this node is, kept in its state folder.
 *
 * `node.key` (0600) is made here and never leaves. What the provisioner answered to the join is kept
 * as `joined.json` and, for other programs of the node, `node.crt` and `ca.crt`. What is loaded is
 * checked as if it had just arrived: a folder of another cluster is as good as an empty one. */
#ifndef SLIPWAY_JOIN_IDENTITY_H
#define SLIPWAY_JOIN_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "netboot/join/api.h"
#include "provisioner/base/err.h"
#include "provisioner/trust/pin.h"

struct identity {
	int dir; /* borrowed */
	struct pin pin;
	EVP_PKEY *key;
	X509 *cert; /* NULL: not joined */
	struct api_joined joined;
};

/* Loads or makes the key, then loads what an earlier join left, when it is still good: `id->cert` says
 * which. 0, or a negative errno with *e (the folder or the key can't be used); *ret_why_not tells,
 * with an empty message when there was nothing, why what was there is not used. */
int identity_open(int dir, const struct pin *pin, struct identity *id, struct err *ret_why_not,
	struct err *e) MUST_USE;
void identity_done(struct identity *id);

/* Takes over the provisioner's answer, when it is complete and holds (pin_check()). 0, or a negative
 * errno with *e; the identity is then as before. */
int identity_accept(struct identity *id, const char *reply, size_t len, struct err *e) MUST_USE;

/* Saves that answer for the next start. 0, or a negative errno with *e. */
int identity_save(const struct identity *id, const char *reply, size_t len, struct err *e) MUST_USE;

#endif
