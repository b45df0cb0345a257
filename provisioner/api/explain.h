/* explain.h - where what a node gets comes from: GET /v1/nodes/NAME/explain.
 *
 * Its settings and the parameters of its add-ons, each with who said so, as cluster.yaml was when it was published;
 * and the templates and names that were read to make it. */
#ifndef SLIPWAY_API_EXPLAIN_H
#define SLIPWAY_API_EXPLAIN_H

#include "provisioner/api/http.h"

void explain_reply(struct api_request *r, const char *node);

#endif
