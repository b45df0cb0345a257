/* asks.h - the questions to the provisioner that still wait for an answer.
 *
 * Each has an id, somebody who waits, and a limit in time. Whichever comes first ends it: the answer, the limit
 * (told as status 503), or that nobody waits any more. An answer to nothing is dropped. */
#ifndef SLIPWAY_SERVER_ASKS_H
#define SLIPWAY_SERVER_ASKS_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/messages/messages.h"

struct ask;
struct asks;
struct event_base;
struct ipc;

#define ASK_TIMEOUT_MS 5000
#define ASK_RETRY_AFTER_S 2

/* What was asked for, with status 200: in a file (the receiver owns `fd`) or, by HTTP, in `text`, which is borrowed.
 * Otherwise `fd` is -1 and `text` NULL. */
struct ask_body {
	int fd;
	const char *text;
	size_t len;
};

typedef void ask_answered(void *waiting, const struct message_answer *m, const struct ask_body *b);

struct asks *asks_new(struct event_base *base, struct ipc *provisioner);
void asks_free(struct asks *a);

/* Asks for `waiting`; `m` lacks only its id. NULL when it can not be sent: nobody will be told. */
struct ask *asks_send(
	struct asks *a, const struct message_ask *m, ask_answered *tell, void *waiting);

/* Nobody waits any more. `ask` may be NULL. */
void asks_forget(struct asks *a, struct ask *ask);

/* Handles MESSAGE_ANSWER. Takes the body's descriptor. */
void asks_answered(struct asks *a, const struct message_answer *m, const struct ask_body *body);

struct asks_counters {
	uint64_t asked, timed_out, unsent;
};

struct asks_counters asks_counters(const struct asks *a);

#endif
