/* question.h - one question of a machine on its way to an answer: what all answers have in common.
 *
 * For answer.c and answer_config.c. Borrows everything; what it fills is the answer. */
#ifndef SLIPWAY_GENERATION_QUESTION_H
#define SLIPWAY_GENERATION_QUESTION_H

#include "provisioner/generation/answer.h"
#include "provisioner/generation/generation.h"

#define QUESTION_TYPE_TEXT "text/plain; charset=utf-8"
#define QUESTION_REASON_SIZE 512

/* One question on its way. */
struct question {
	const struct answerer *a;
	const struct message_ask *ask;
	int64_t now_ms;
	bool is_grub; /* who asks reads grub.cfg, not iPXE's scripts */
	struct answer *ret;
};

/* The answer is a status and a line for the client's log; with 503, to ask again. */
void question_refuse(const struct question *q, uint32_t status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

void question_give(const struct question *q, const char *type, const struct artefact *artefact);

/* What stands in the archive for a node. False when it can not be read, which the client is told. */
bool question_give_text(
	const struct question *q, const char *type, const char *node, enum artefact_kind kind);

/* Only the size is wanted: no boot begins, no token is made. */
bool question_is_head(const struct question *q);

/* The answer stands for something in the store: it must be on disk before it leaves. */
void question_record(const struct question *q);

#endif
