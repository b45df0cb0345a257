#include "provisioner/generation/question.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"

#define RETRY_S 2

void question_refuse(const struct question *q, uint32_t status, const char *fmt, ...)
{
	va_list ap;

	q->ret->status = status;
	q->ret->retry_after_s = status == 503 ? RETRY_S : 0;
	va_start(ap, fmt);
	(void)vsnprintf(
		q->ret->reason, sizeof(q->ret->reason), fmt, ap); /* cut: a line for a log */
	va_end(ap);
}

void question_give(const struct question *q, const char *type, const struct artefact *artefact)
{
	q->ret->status = 200;
	q->ret->content_type = type;
	q->ret->body = xstrndup(artefact->data, artefact->len);
	q->ret->len = artefact->len;
}

bool question_give_text(
	const struct question *q, const char *type, const char *node, enum artefact_kind kind)
{
	struct str text = str_init(ARCHIVE_TEXT_MAX);

	int rc = generation_text(q->a->generation, node, kind, &text);
	if (rc < 0) {
		str_done(&text);
		question_refuse(q, 503, "the %s of %s can not be read: %s", artefact_name(kind),
			node,
			rc == -ENOENT ? "it is not there"
				      : archive_reason(q->a->generation->archive));
		log_error("generation %" PRId64 ", %s of %s: %s", q->a->generation->number,
			artefact_name(kind), node, strerror(-rc));
		return false;
	}
	q->ret->status = 200;
	q->ret->content_type = type;
	q->ret->len = text.len;
	q->ret->body = text.len ? str_take(&text) : xstrdup("");
	return true;
}

bool question_is_head(const struct question *q)
{
	return strcmp(q->ask->method, "HEAD") == 0;
}

void question_record(const struct question *q)
{
	q->ret->is_recorded = true;
}
