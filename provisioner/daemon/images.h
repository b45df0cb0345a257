/* images.h - what the verifier has said of each image of the store. */
#ifndef SLIPWAY_DAEMON_IMAGES_H
#define SLIPWAY_DAEMON_IMAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/messages/messages.h"

struct image_states {
	struct message_image *list;
	size_t n;
};

/* Takes one in (its texts end in NUL). True when it says something new that an operator should hear: good or
 * refused, and not what was said before. */
bool image_states_take(struct image_states *s, const struct message_image *m);
void image_states_done(struct image_states *s);

/* NULL: nothing was said of it yet. */
const struct message_image *image_states_find(
	const struct image_states *s, const char *distro, const char *version);

#endif
