/* answer.h - what a machine gets that asks over HTTP for something rendered.
 *
 *   /boot.ipxe          the first script, the same for all
 *   /script.ipxe?mac=   what this machine should do: boot, wait, or why not
 *   /turn.ipxe          whether it has to wait until others have loaded their images
 *   /n/NONCE/config     its configuration, once it boots: only for the address that was told NONCE;
 *                       and below it cloud-init's user-data, meta-data and vendor-data
 *   /boot.efi           the unified kernel image, to a node that boots one
 *   /config             the configuration of such a node: only for the address that was sent that image
 *
 * Asking for a script or for that image begins a boot (a nonce), asking for the configuration makes a join token; both
 * are on disk before the answer leaves. */
#ifndef SLIPWAY_GENERATION_ANSWER_H
#define SLIPWAY_GENERATION_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

struct cluster_image;
struct mac;
struct machine;
struct generation;
struct message_ask;
struct message_hall_row;
struct nodes;
struct store;

struct answerer {
	const struct generation *generation;
	struct nodes *nodes;
	struct store *store;
	/* Why an image is not served, or NULL. */
	const char *(*refusal_of_image)(const void *arg, const struct cluster_image *image);
	/* A machine that is at its address asks with a card that is no node's: what to tell it while it waits to be
	 * enrolled, or NULL when it is not. It is a stranger, or a node of which this is another card. */
	const char *(*enroll)(const void *arg, struct machine *m, const struct mac *mac);
	const void *arg;
	const struct message_hall_row *waits; /* who asks waits for its turn at an image; or NULL */
};

struct answer {
	uint32_t status; /* as in HTTP */
	uint32_t retry_after_s;
	const char *content_type; /* constant */
	bool is_recorded; /* not to be given before nodes_flush() has made durable what it stands for */
	char reason[160];
	char image[256]; /* with 200, instead of a body: this file of the image store */
	char *body;      /* with 200; the caller frees */
	size_t len;
};

void answer_ask(const struct answerer *a, const struct message_ask *ask, int64_t now_ms,
	struct answer *ret);

#endif
