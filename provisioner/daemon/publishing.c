#include "provisioner/daemon/publishing.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/log.h"
#include "provisioner/daemon/builder.h"
#include "provisioner/generation/publish_enroll.h"

struct publishing {
	struct publishing_setup setup;
	struct event *readable;
	struct archive *archive;
	int64_t served; /* 0: none yet */
	uint64_t id;    /* of the last order */
	bool is_busy, is_enrolling;
	publishing_done *done;
	void *done_arg;
	struct builder_reply reply;
};

/* --- serving -------------------------------------------------------------------------------------- */

static int open_archive(struct publishing *p, struct err *e)
{
	if (p->archive)
		return 0;
	return archive_open(p->setup.state_dir, /* is_writer= */ false, &p->archive, e);
}

static int find_ours(struct publishing *p, struct archive_generation *ret, struct err *e)
{
	struct archive_generation last = {0};
	int rc = archive_last(p->archive, NULL, &last);

	if (rc == 0)
		rc = archive_last(p->archive, p->setup.listening, ret);
	if (rc == -ENOENT)
		return rc;
	if (rc < 0)
		return err_msg(e, rc, "generations.db: %s", archive_reason(p->archive));
	if (last.number != ret->number)
		log_warn("generation %" PRId64 " waits for a restart of slipway: it listens on %s,"
			 " and this server on %s",
			last.number, last.listening, p->setup.listening);
	return 0;
}

int publishing_open(struct publishing *p, struct err *e)
{
	struct archive_generation ours = {0};
	struct generation *g;

	int rc = open_archive(p, e);
	if (rc == 0)
		rc = find_ours(p, &ours, e);
	if (rc < 0 || p->served == ours.number)
		return rc;
	if ((rc = generation_open(p->archive, &ours, &g, e)) < 0)
		return rc;
	p->served = g->number;
	p->setup.serve(p->setup.arg, g);
	return 0;
}

struct archive *publishing_archive(const struct publishing *p)
{
	return p->archive;
}

int publishing_last(const struct publishing *p, struct archive_generation *ret)
{
	return p->archive ? archive_last(p->archive, NULL, ret) : -ENOENT;
}

/* --- orders --------------------------------------------------------------------------------------- */

static int send_order(struct publishing *p, const struct publish_wish *wish,
	const struct enroll_candidate *list, size_t n)
{
	struct builder_order order = {.id = ++p->id,
		.wish = *wish,
		.number_above = p->setup.number_above(p->setup.arg),
		.in_use = p->served,
		.n_candidates = (uint32_t)n};

	assert(n <= ENROLL_BATCH_MAX);
	p->is_enrolling = n > 0;
	if (n > 0)
		memcpy(order.candidates, list, n * sizeof(*list));
	(void)snprintf(
		order.ca_fingerprint, sizeof(order.ca_fingerprint), "%s", p->setup.ca_fingerprint);
	return send(p->setup.builder_fd, &order, sizeof(order), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The places of errors are theirs again: a pointer does not travel. */
static void mend_places(struct err *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list[i].at.file = list[i].file[0] ? list[i].file : NULL;
}

static void end_texts(struct enroll_verdict *v)
{
	v->node[sizeof(v->node) - 1] = '\0';
	v->why[sizeof(v->why) - 1] = '\0';
}

/* 0 and p->reply; -EAGAIN: not for us; -EPIPE: the builder is gone. */
static int receive(struct publishing *p)
{
	ssize_t n = recv(p->setup.builder_fd, &p->reply, sizeof(p->reply), 0);
	struct err_list *errors = &p->reply.outcome.errors;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n != (ssize_t)sizeof(p->reply) || errors->n > ERR_LIST_MAX ||
		errors->n_warnings > ERR_LIST_MAX)
		return -EPIPE;
	mend_places(errors->list, errors->n);
	mend_places(errors->warnings, errors->n_warnings);
	p->reply.outcome.verdicts = p->is_enrolling ? p->reply.verdicts : NULL;
	for (size_t i = 0; i < ENROLL_BATCH_MAX; i++)
		end_texts(&p->reply.verdicts[i]);
	return p->reply.id == p->id && p->is_busy ? 0 : -EAGAIN;
}

static void finish(struct publishing *p)
{
	struct publish_outcome *o = &p->reply.outcome;
	struct err e;

	p->is_busy = false;
	if (o->rc < 0)
		return;
	o->rc = publishing_open(p, &e);
	if (o->rc < 0)
		err_list_add_err(&o->errors, &e);
}

int publishing_wait(
	struct publishing *p, const struct publish_wish *wish, struct publish_outcome *ret)
{
	struct pollfd answer = {.fd = p->setup.builder_fd, .events = POLLIN};
	int rc = send_order(p, wish, NULL, 0);

	p->is_busy = rc == 0;
	while (rc == 0 && (rc = receive(p)) == -EAGAIN)
		rc = poll(&answer, 1, -1) < 0 && errno != EINTR ? -errno : 0;
	if (rc < 0) {
		err_list_add(&ret->errors, (struct mark){0}, "the process that renders is gone");
		ret->rc = rc;
		return rc;
	}
	finish(p);
	*ret = p->reply.outcome;
	mend_places(ret->errors.list, ret->errors.n);
	mend_places(ret->errors.warnings, ret->errors.n_warnings);
	return ret->rc;
}

bool publishing_is_settled(const struct publishing *p)
{
	return !publish_enroll_is_cut_short(p->setup.state_dir);
}

void publishing_settle(struct publishing *p)
{
	struct publish_wish wish = {.only_settles = true};

	if (publishing_is_settled(p))
		return;
	struct publish_outcome *outcome = xcalloc(1, sizeof(*outcome));
	if (publishing_wait(p, &wish, outcome) < 0)
		log_error("what was begun for unknown machines is left for later: %s",
			outcome->errors.list[0].msg);
	free(outcome);
}

static int expect(struct publishing *p, int rc, publishing_done *done, void *arg)
{
	if (rc < 0)
		return rc;
	p->is_busy = true;
	p->done = done;
	p->done_arg = arg;
	return 0;
}

int publishing_order(
	struct publishing *p, const struct publish_wish *wish, publishing_done *done, void *arg)
{
	if (p->is_busy)
		return -EALREADY;
	return expect(p, send_order(p, wish, NULL, 0), done, arg);
}

int publishing_enroll(struct publishing *p, const struct enroll_candidate *list, size_t n,
	publishing_done *done, void *arg)
{
	static const struct publish_wish wish = {.by = ARCHIVE_BY_ENROLL};

	if (p->is_busy)
		return -EALREADY;
	return expect(p, send_order(p, &wish, list, n), done, arg);
}

static void on_reply(evutil_socket_t fd, short what, void *arg)
{
	struct publishing *p = arg;
	int rc = receive(p);

	(void)fd, (void)what;
	if (rc == -EAGAIN)
		return;
	if (rc < 0) {
		(void)event_del(p->readable);
		p->reply.outcome = (struct publish_outcome){.rc = rc};
		err_list_add(&p->reply.outcome.errors, (struct mark){0},
			"the process that renders is gone");
		p->is_busy = false;
		p->setup.on_lost(p->setup.arg);
	} else {
		finish(p);
	}
	if (p->done)
		p->done(p->done_arg, &p->reply.outcome);
	p->done = NULL;
}

struct publishing *publishing_new(struct event_base *base, const struct publishing_setup *setup)
{
	struct publishing *p = xcalloc(1, sizeof(*p));

	p->setup = *setup;
	(void)evutil_make_socket_nonblocking(setup->builder_fd);
	p->readable = event_new(base, setup->builder_fd, EV_READ | EV_PERSIST, on_reply, p);
	assert(p->readable);
	(void)event_add(p->readable, NULL);
	return p;
}

void publishing_free(struct publishing *p)
{
	if (!p)
		return;
	event_free(p->readable);
	close_p(&p->setup.builder_fd);
	archive_close(p->archive);
	free(p);
}
