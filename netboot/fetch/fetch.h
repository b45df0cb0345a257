/* fetch.h - one image from its distribution's mirror into the store.
 *
 * fetch_resolve() asks the mirror which version a channel is at; fetch_image() loads what that image
 * consists of, small files first, checks lengths, digests and signatures, and puts it in its place.
 * Whatever goes wrong before that leaves a .partial folder that the next fetch goes on with; bytes
 * that were found to be wrong are not kept. */
#ifndef SLIPWAY_FETCH_FETCH_H
#define SLIPWAY_FETCH_FETCH_H

#include "netboot/fetch/admit.h"
#include "netboot/fetch/download.h"
#include "netboot/images/store.h"

struct fetch {
	struct admit_rules rules;    /* with a mirror */
	struct mirror_values values; /* `version` NULL: the channel's newest */
	struct download_options net;
	void (*measured)(void *arg, size_t bytes); /* of what is read again to be checked */
	bool with_disk;                            /* also the image for an installation to disk */
	int store;
};

/* Fills values.version and *ret_id. 0 or a negative errno with *e. */
int fetch_resolve(struct fetch *f, struct image_id *ret_id, struct err *e) MUST_USE;

/* 0 and the manifest of the new image; or a negative errno with *e. */
int fetch_image(
	struct fetch *f, const struct image_id *id, struct manifest *ret, struct err *e) MUST_USE;

#endif
