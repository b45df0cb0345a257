/* hall.h - who loads images from netboot now, and who waits for it: what `slipway status` shows.
 *
 * netboot sends a picture every second while there is anything in it, in as many messages as it takes; the last whole
 * one is shown. */
#ifndef SLIPWAY_API_HALL_H
#define SLIPWAY_API_HALL_H

#include <stddef.h>

#include "provisioner/base/json.h"
#include "provisioner/messages/messages.h"

struct nodes;

struct hall_picture {
	struct message_hall_row *rows;
	size_t n;
};

struct hall_seen {
	struct message_hall head; /* its figures; not its rows */
	struct hall_picture shown, coming;
};

/* netboot was started anew: nobody loads anything. */
void hall_reset(struct hall_seen *h);
void hall_done(struct hall_seen *h);

/* Takes a message in. A copy: the names of its rows are hostile text. */
void hall_take(struct hall_seen *h, const struct message_hall *m);

/* Whether this client waits now, or NULL. Good until the next message. */
const struct message_hall_row *hall_waiting(const struct hall_seen *h, uint32_t client);

/* Writes one map. */
void hall_write(struct json *j, const struct hall_seen *h, const struct nodes *nodes);

#endif
