/* asks.h - the questions to the provisioner that still wait for an answer.
 *
 * Each has an id, a client's connection and a limit in time. Whichever comes first ends it: the
 * answer, the limit, or the client's going. An answer to nothing is dropped. */
#ifndef SLIPWAY_SERVER_ASKS_H
#define SLIPWAY_SERVER_ASKS_H

#include <stdint.h>

#include "provisioner/messages/messages.h"

struct asks;
struct event_base;
struct http_connection;
struct ipc;

#define ASK_TIMEOUT_MS 5000
#define ASK_RETRY_AFTER_S 2

struct asks *asks_new(struct event_base *base);
void asks_free(struct asks *a);

/* Asks over `to` for the request that `c` waits with. Replies 503 at once when it can not be sent. */
void asks_send(struct asks *a, struct ipc *to, struct http_connection *c);

/* Handles MESSAGE_ANSWER. Takes `fd` (-1 for none). */
void asks_answered(struct asks *a, const struct message_answer *m, int fd);

/* The client has gone. */
void asks_forget(struct asks *a, struct http_connection *c);

struct asks_counters {
	uint64_t asked, timed_out, unsent;
};

struct asks_counters asks_counters(const struct asks *a);

#endif
