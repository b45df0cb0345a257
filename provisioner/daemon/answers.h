/* answers.h - answers to netboot that wait until what they promise is on disk.
 *
 * A hall that powers on asks for hundreds of scripts at once, and each begins a boot that must not be forgotten. So
 * the answers to all questions of one wake-up wait for one commit together, as DHCP's ACKs do. When it fails, those
 * that depend on it become "ask again". */
#ifndef SLIPWAY_DAEMON_ANSWERS_H
#define SLIPWAY_DAEMON_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/generation/answer.h"

struct ipc;
struct message_ask;

#define ANSWERS_HELD_MAX 64

struct held_answer {
	uint64_t id;
	bool is_http;
	struct answer answer;
};

struct answers {
	struct ipc *netboot;
	struct nodes *nodes;
	size_t n;
	struct held_answer held[ANSWERS_HELD_MAX];
};

/* Takes the body. When there is no more room, all are sent first. */
void answers_hold(struct answers *a, const struct message_ask *ask, const struct answer *answer);

/* Commits, and sends them. */
void answers_send(struct answers *a);

/* Forgets them. */
void answers_done(struct answers *a);

#endif
