/* hall.h - the queue for images at work: admission.h with a clock, with HTTP and TFTP transfers, and with the
 * provisioner to tell who loads and who waits.
 *
 * A node that has to wait gets no answer for HALL_HOLD_MS, for a place may become free, and the first that waits is
 * then served at once: iPXE and curl are patient. Then it is told 503, when to ask again, and nothing
 * else: clients that pipe what they get would take a line of text for a piece of the image. */
#ifndef SLIPWAY_SERVER_HALL_H
#define SLIPWAY_SERVER_HALL_H

#include <stdbool.h>
#include <stdint.h>

#include "netboot/server/admission.h"

struct event_base;
struct hall;
struct http_connection;
struct ipc;
struct message_netboot_settings;
struct tftp_session;

#define HALL_HOLD_MS 20000 /* less than a connection may wait for its reply */

/* Keeps `provisioner`. */
struct hall *hall_new(struct event_base *base, struct ipc *provisioner);

/* `resume` is called for a request that was held, when it is its turn: it is as if it came anew. */
void hall_on_turn(struct hall *h, void (*resume)(void *arg, struct http_connection *c), void *arg);
void hall_free(struct hall *h);

/* How many nodes load at a time, and which files are kernels. Copies *m, whose texts end in a NUL. */
void hall_configure(struct hall *h, const struct message_netboot_settings *m);

/* A client asks for a file of an image, `name` below the image store. True: reply with the file, and call
 * hall_http_ended() with the report's tag. False: it is held, or has been answered. */
bool hall_admits(struct hall *h, struct http_connection *c, const char *name, uint64_t size);

/* The same for who takes "later" for "never", as firmware does: it is counted, and never waits. True. */
bool hall_lets_in(struct hall *h, struct http_connection *c, const char *name, uint64_t size);

/* The connection went while its request was waiting for a reply; perhaps for one of ours. */
void hall_http_gone(struct hall *h, struct http_connection *c);

/* A reply has ended; `tag` may be NULL. Gives how long the client waited for its turn. */
int64_t hall_http_ended(struct hall *h, void *tag, uint64_t bytes);

/* The same by TFTP, which is never made to wait; the return value is for hall_tftp_ended(). */
void *hall_tftp_begins(
	struct hall *h, struct tftp_session *s, uint32_t client, const char *name, uint64_t size);
void hall_tftp_ended(struct hall *h, void *tag, uint64_t bytes);

struct hall_figures {
	struct admission_figures queue;
	uint64_t told; /* to ask again */
};

struct hall_figures hall_figures(const struct hall *h);

#endif
