/* entitle.h - the secrets of a node's role: which it may have, and handing them out.
 *
 * A node gets what the add-ons of its role ask for, by its own certificate alone; nothing that it
 * says changes that. */
#ifndef SLIPWAY_API_ENTITLE_H
#define SLIPWAY_API_ENTITLE_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/trust/secrets.h"

struct api_request;
struct join;
struct machine;

/* The version of what the node is to have now (secrets_version()). 0 or a negative errno: then nobody
 * knows what it is to have, and it must not be told that it has nothing. */
int entitle_version(const struct join *join, struct machine *m, int64_t now_s,
	char ret[static SECRETS_VERSION_SIZE]) MUST_USE;

/* The node has somewhere to register: an etcd, and, where that speaks TLS, a certificate for it. */
bool entitle_may_talk_to_etcd(const struct join *join, struct machine *m);

/* POST /v1/secrets */
void entitle_post_secrets(struct api_request *r);

#endif
