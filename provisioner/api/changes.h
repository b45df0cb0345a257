/* changes.h - what is different between two generations: whose nodes' texts, and the texts.
 *
 *   GET /v1/generations/TO/changes?from=FROM    numbers, 0 for the draft; "published": the
 *                                               newest; "served": what nodes get now
 *   GET /v1/objects/NUMBER,NUMBER,...           texts, by their numbers */
#ifndef SLIPWAY_API_CHANGES_H
#define SLIPWAY_API_CHANGES_H

#include "provisioner/api/http.h"

/* `to` is what the path says. */
void changes_reply(struct api_request *r, const char *to);
void changes_get_objects(struct api_request *r);

#endif
