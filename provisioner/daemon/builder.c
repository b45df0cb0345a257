#include "provisioner/daemon/builder.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"
#include "provisioner/generation/publish_enroll.h"

static int tell(const struct builder_options *o, const struct builder_reply *r)
{
	ssize_t n;

	do
		n = send(o->fd, r, sizeof(*r), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*r) ? 0 : -EPIPE;
}

/* --- the child that carries out one order --------------------------------------------------------- */

static int enroll(struct archive *a, const struct publish_order *order,
	const struct builder_order *b, struct builder_reply *reply)
{
	const struct enroll_list list = {b->candidates, b->n_candidates};
	struct enroll_plan *plan = xcalloc(1, sizeof(*plan));
	int rc = publish_enroll(
		a, order, &list, plan, &reply->outcome.result, &reply->outcome.errors);

	memcpy(reply->verdicts, plan->verdicts, sizeof(reply->verdicts));
	free(plan);
	return rc;
}

static int carry_out(const struct builder_options *o, const struct builder_order *b,
	struct archive *a, struct builder_reply *reply)
{
	struct publish_outcome *ret = &reply->outcome;
	struct publish_order order = {.config_dir = o->config_dir,
		.config_name = o->config_name,
		.state_dir = o->state_dir,
		.templates_dir = o->templates_dir,
		.images_dir = o->images_dir,
		.ca_fingerprint = b->ca_fingerprint,
		.is_draft = b->wish.is_draft,
		.by = b->wish.by,
		.now_ms = clock_wall_ms(),
		.number_above = b->number_above};
	struct err e;

	publish_enroll_settle(a, o->state_dir); /* what another child was killed over */
	if (b->wish.only_settles)
		return 0;
	if (b->n_candidates > 0)
		return enroll(a, &order, b, reply);
	if (b->wish.is_anew)
		order.inputs_of = b->wish.again;
	if (b->wish.again == 0 || b->wish.is_anew)
		return publish_config(a, &order, &ret->result, &ret->errors);
	int rc = publish_again(a, b->wish.again, &order, &ret->result, &e);
	if (rc < 0)
		err_list_add_err(&ret->errors, &e);
	return rc;
}

/* Tidying comes after the answer: nobody waits for it, and it may be left for the next time. */
static void serve_order(const struct builder_options *o, const struct builder_order *b)
{
	struct builder_reply *reply = xcalloc(1, sizeof(*reply));
	struct archive *a = NULL;
	struct err e;

	reply->id = b->id;
	int rc = archive_open(o->state_dir, /* is_writer= */ true, &a, &e);
	if (rc < 0)
		err_list_add_err(&reply->outcome.errors, &e);
	else
		rc = carry_out(o, b, a, reply);
	reply->outcome.rc = rc;
	if (tell(o, reply) == 0 && a && archive_tidy(a, b->in_use) < 0)
		log_warn("old generations stay for now: %s", archive_reason(a));
	archive_close(a);
	free(reply);
}

/* --- the process that waits for orders ------------------------------------------------------------ */

static void tell_of_death(
	const struct builder_options *o, const struct builder_order *b, int status)
{
	struct builder_reply *reply = xcalloc(1, sizeof(*reply));

	reply->id = b->id;
	reply->outcome.rc = -ECHILD;
	if (WIFSIGNALED(status))
		err_list_add(&reply->outcome.errors, (struct mark){0},
			"what rendered it was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		err_list_add(&reply->outcome.errors, (struct mark){0},
			"what rendered it ended with status %d", WEXITSTATUS(status));
	(void)tell(o, reply); /* the provisioner is gone: so shall we be */
	free(reply);
}

static int make_child(const struct builder_options *o, const struct builder_order *b)
{
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* else it would merely finish */
		if (getppid() == parent)
			serve_order(o, b);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		tell_of_death(o, b, status); /* one that had answered before is not heard again */
	return 0;
}

int builder_run(const struct builder_options *o)
{
	struct builder_order order;
	ssize_t n;

	while ((n = recv(o->fd, &order, sizeof(order), 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(order) || order.n_candidates > ENROLL_BATCH_MAX) {
			log_error("an order that is none: %s", n < 0 ? strerror(errno) : "length");
			return EXIT_FAILURE;
		}
		int rc = make_child(o, &order);
		if (rc < 0) {
			log_error("no process to render in: %s", strerror(-rc));
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
