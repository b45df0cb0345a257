/* join.h - where join agents register and report: docs/reference/join-protocol.md, the server's side.
 *
 * /v1/join takes a one-time token and a signing request and gives a certificate; /v1/renew, /v1/secrets
 * and /v1/heartbeat take only a node that shows the certificate it was given. Everything said here is
 * hostile until then, and text in it for ever. */
#ifndef SLIPWAY_API_JOIN_H
#define SLIPWAY_API_JOIN_H

#include <stdbool.h>

#include "provisioner/api/http.h"

#define JOIN_CERTIFICATE_DAYS 365 /* of a node; it is told to renew when a third has passed */

struct ca;
struct generation;
struct nodes;
struct secrets;
struct store;

struct join {
	struct nodes *nodes;
	struct store *store;
	const struct ca *ca;
	const struct secrets *secrets;
	const struct generation *generation;
	const bool *etcd_seeded; /* etcd members are ready only once the seed is in */

	/* Called for each heartbeat of an etcd member while the seed is not in. */
	void (*on_unseeded)(void *arg);
	void *arg;
};

extern const struct api_route join_routes[];

#endif
