/* generations.h - what was published, over the admin plane: listed, made anew, taken back.
 *
 * Publishing itself is the daemon's affair: it fills in `struct generations`. One that is asked for answers when it is
 * served or has failed; its asker may leave before. */
#ifndef SLIPWAY_API_GENERATIONS_H
#define SLIPWAY_API_GENERATIONS_H

#include <stdbool.h>

#include "provisioner/api/http.h"
#include "provisioner/base/json.h"
#include "provisioner/generation/publish.h"

struct admin;

struct generations {
	/* NULL before anything is published. */
	struct archive *(*archive)(void *arg);
	/* -EALREADY: one is being built. */
	int (*order)(void *arg, const struct publish_wish *wish,
		void (*done)(void *done_arg, const struct publish_outcome *o), void *done_arg);
	/* Whether cluster.yaml on disk is another one than the published one. */
	bool (*differs)(void *arg);
	void *arg;
};

void generations_get(struct api_request *r);        /* /v1/generations */
void generations_get_one(struct api_request *r);    /* /v1/generations/N */
void generations_post_apply(struct api_request *r); /* /v1/apply */
void generations_post_plan(struct api_request *r);  /* /v1/plan: the draft */
void generations_post_one(struct api_request *r);   /* /v1/generations/N/rollback */

/* Adds what status says of it: keys of an open map. */
void generations_write_status(const struct admin *a, struct json *j);

#endif
