/* leases.h - GET /v1/leases and the end of a quarantine: what dhcpd holds, asked of itself.
 *
 * A list goes from dhcpd to its reader in pieces, one list after the other, and no faster than the reader
 * reads: neither process keeps more than a few pieces, however long it is. A list that has begun and
 * cannot be finished says so at its end. */
#ifndef SLIPWAY_API_LEASES_H
#define SLIPWAY_API_LEASES_H

#include "provisioner/messages/messages.h"

struct admin;
struct api_request;
struct event_base;
struct ipc;
struct leases;

/* Keeps all three. */
struct leases *leases_new(struct event_base *base, struct ipc *dhcpd, const struct admin *admin);
void leases_free(struct leases *l);

/* The routes; the server's argument is a struct admin.
 * ?match=NODE,MAC,ADDRESS,NET/LENGTH ?state=bound,offered,declined,free ?within_ms=N ?unknown=1 */
void leases_get(struct api_request *r);

/* POST: rest is "ADDRESS/clear-quarantine". */
void leases_post(struct api_request *r);

/* What dhcpd says. */
void leases_on_rows(struct leases *l, const struct message_leases *m);
void leases_on_cleared(struct leases *l, const struct message_lease_cleared *m);

/* A new dhcpd has come: it knows nothing of what the last one was asked. */
void leases_on_hello(struct leases *l);

#endif
