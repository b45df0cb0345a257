#include "provisioner/daemon/answers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"

#define RETRY_AFTER_S 2

static void not_now(struct message_answer *m, const char *reason, const char *detail)
{
	m->status = 503;
	m->retry_after_s = RETRY_AFTER_S;
	(void)snprintf(m->reason, sizeof(m->reason), "%s%s", reason, detail);
}

static void send_text(
	struct answers *a, const struct message_answer *m, const struct answer *answer)
{
	struct message_answer_text t = {.answer = *m, .len = (uint32_t)answer->len};

	memcpy(t.text, answer->body, answer->len);
	(void)ipc_send(a->netboot, MESSAGE_ANSWER_TEXT, &t, sizeof(t), -1);
}

static void send_one(struct answers *a, const struct held_answer *h, bool is_durable)
{
	const struct answer *answer = &h->answer;
	struct message_answer m = {
		.id = h->id, .status = answer->status, .retry_after_s = answer->retry_after_s};
	AUTO(close_p) int fd = -1;

	(void)snprintf(m.content_type, sizeof(m.content_type), "%s", answer->content_type);
	(void)snprintf(m.reason, sizeof(m.reason), "%s", answer->reason);
	(void)snprintf(m.image, sizeof(m.image), "%s", answer->image);
	if (answer->is_recorded && !is_durable)
		not_now(&m, "the provisioner can not write its state: see its log", "");
	bool has_body = m.status == 200 && !answer->image[0];
	if (has_body && h->is_http && answer->len <= MESSAGE_ANSWER_TEXT_MAX) {
		send_text(a, &m, answer);
		return;
	}
	if (has_body)
		fd = memfd_sealed("artefact", answer->body, answer->len);
	if (fd < -1)
		not_now(&m, "memfd: ", strerror(-fd));
	(void)ipc_send(a->netboot, MESSAGE_ANSWER, &m, sizeof(m), fd < 0 ? -1 : fd);
}

void answers_hold(struct answers *a, const struct message_ask *ask, const struct answer *answer)
{
	if (a->n == ANSWERS_HELD_MAX)
		answers_send(a);
	a->held[a->n++] = (struct held_answer){
		.id = ask->id, .is_http = ask->protocol == PROTOCOL_HTTP, .answer = *answer};
}

void answers_send(struct answers *a)
{
	bool is_recorded = false;

	for (size_t i = 0; i < a->n; i++)
		is_recorded |= a->held[i].answer.is_recorded;
	bool is_durable = !is_recorded || nodes_flush(a->nodes) == 0;
	for (size_t i = 0; i < a->n; i++)
		send_one(a, &a->held[i], is_durable);
	answers_done(a);
}

void answers_done(struct answers *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->held[i].answer.body);
	a->n = 0;
}
