/* peer.h - who asks the join API: the node that has shown its certificate, and what it has sent.
 *
 * Each call answers the request itself when it has to refuse; the handler then just returns. */
#ifndef SLIPWAY_API_PEER_H
#define SLIPWAY_API_PEER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct api_request;
struct machine;

/* The body as a JSON object, which the caller frees; NULL: refused. */
json_t *peer_body(struct api_request *r);

/* The node of this cluster whose certificate was shown; NULL: refused. `r->arg` is a struct join. */
struct machine *peer_machine(struct api_request *r);

/* The body may name the node that sends it: then it must be the certificate's. False: refused. */
bool peer_is_named(struct api_request *r, const struct machine *m, const json_t *body);

/* More than a third of its certificate's life has passed. */
bool peer_must_renew(const struct api_request *r, int64_t now_s);

/* What costs us signatures is given to a node once a second. False: refused. */
bool peer_may_have_more(struct api_request *r, struct machine *m);

#endif
