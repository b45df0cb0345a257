#include "provisioner/daemon/provisioner.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netboot/images/digest.h"
#include "provisioner/api/admin.h"
#include "provisioner/api/join.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/boot_tls.h"
#include "provisioner/daemon/channels.h"
#include "provisioner/daemon/enrolling.h"
#include "provisioner/daemon/publishing.h"
#include "provisioner/daemon/seeding.h"
#include "provisioner/daemon/worker.h"
#include "provisioner/generation/drift.h"
#include "provisioner/generation/look.h"
#include "provisioner/generation/publish.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/store/store.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/secrets.h"

#define AGENT_FILE "slipway-join"
#define FLUSH_US 100000
#define OVERDUE_S 1
#define CLOCK_SET_MS 500 /* a slew is slower than that in a second */

struct provisioner {
	const struct provisioner_options *options;
	struct event_base *base;
	struct store *store;
	struct publishing *publishing;
	struct nodes *nodes;
	struct ca *ca;
	struct secrets *secrets;
	SSL_CTX *tls;
	struct generation *generation;
	struct look look;
	char fingerprint[CA_FINGERPRINT_SIZE], agent_sha256[DIGEST_HEX_SIZE];
	struct channels *channels; /* NULL until the first generation is published */
	struct admin admin;
	struct join join;
	struct api_server *admin_server, *join_server;
	struct seeding *seeding;
	struct enrolling *enrolling;
	int64_t wall_ahead_ms; /* of the monotonic clock, when we looked last */
	int status;
};

/* --- configuration to generation --------------------------------------------------------------- */

/* Nodes run no agent but the one that has this digest. */
static int digest_agent(int dir, char ret[static DIGEST_HEX_SIZE])
{
	AUTO(close_p) int fd = file_open_beneath(dir, AGENT_FILE);

	return fd < 0 ? fd : digest_of_fd(fd, DIGEST_SHA256, ret, NULL, NULL);
}

/* Numbers that nodes have got are not used again, even when the archive has been lost. */
static int64_t highest_number(const struct provisioner *p)
{
	int64_t highest = 0;

	for (size_t i = 0; i < nodes_count(p->nodes); i++)
		if (nodes_at(p->nodes, i)->generation > highest)
			highest = nodes_at(p->nodes, i)->generation;
	return highest;
}

/* What is wrong with it stops nobody: nodes boot without TLS as before. */
static void configure_channels(struct provisioner *p)
{
	const struct cluster *c = p->generation->cluster;
	struct err e;
	int fd = boot_tls_open(p->ca, c, p->options->config_dir, &e);

	if (fd < 0 && fd != -ENOENT)
		log_error("boot HTTP with TLS: %s", e.msg);
	channels_set_boot_tls(p->channels, fd < 0 ? -1 : fd);
	channels_configure(p->channels, p->generation);
}

static int64_t number_above(void *arg)
{
	return highest_number(arg);
}

/* Everything points at the new generation from here on; the old one goes. */
static void serve(void *arg, struct generation *g)
{
	struct provisioner *p = arg;
	struct generation *old = p->generation;

	memcpy(g->agent_sha256, p->agent_sha256, sizeof(g->agent_sha256));
	p->generation = g;
	p->admin.generation = g;
	p->join.generation = g;
	nodes_configure(p->nodes, g->cluster, clock_wall_ms());
	enrolling_configure(p->enrolling, g->cluster);
	if (p->channels)
		configure_channels(p);
	seeding_configure(p->seeding, g);
	generation_free(old);
}

/* Only a new process can make a new builder: one that has no database open. */
static void on_lost(void *arg)
{
	struct provisioner *p = arg;

	log_error("the process that renders is gone: starting anew");
	p->status = EXIT_FAILURE;
	(void)event_base_loopbreak(p->base);
}

static void tell_outcome(void *arg, const struct publish_outcome *o)
{
	struct provisioner *p = arg;
	const struct archive_generation *g = &o->result.generation;

	if (o->rc == 0 && g->number == ARCHIVE_DRAFT)
		return;
	if (o->rc == -ESTALE)
		return; /* nobody asked for it: who waits is told */
	if (o->rc < 0)
		log_error("nothing is published; generation %" PRId64 " stays",
			p->generation ? p->generation->number : 0);
	else if (o->result.is_new)
		nodes_event(p->nodes, NULL, clock_wall_ms(), "generation", STORE_INFO,
			"generation %" PRId64 " is published by %s: %s, %" PRId64
			" get something else",
			g->number, g->by, g->summary, g->n_changed);
	else if (!o->verdicts)
		log_info(
			"generation %" PRId64 " is what is on disk: nothing to publish", g->number);
}

static struct archive *archive_of(void *arg)
{
	const struct provisioner *p = arg;

	return publishing_archive(p->publishing);
}

/* The newest that was published, which another server may be waiting for. */
static bool differs(void *arg)
{
	struct provisioner *p = arg;
	struct archive_generation last;

	return publishing_last(p->publishing, &last) < 0 ||
	       look_differs(&p->look, publishing_archive(p->publishing), last.number,
		       &(struct publish_order){.config_dir = p->options->config_dir,
			       .config_name = p->options->config_name,
			       .state_dir = p->options->state_dir},
		       clock_wall_ms());
}

/* An order of the admin plane on its way. */
struct errand {
	struct provisioner *provisioner;
	publishing_done *done;
	void *arg;
};

static void on_errand_done(void *arg, const struct publish_outcome *o)
{
	struct errand *e = arg;

	tell_outcome(e->provisioner, o);
	e->done(e->arg, o);
	free(e);
}

static int order(void *arg, const struct publish_wish *wish, publishing_done *done, void *done_arg)
{
	struct provisioner *p = arg;
	struct errand *e = xcalloc(1, sizeof(*e));

	*e = (struct errand){.provisioner = p, .done = done, .arg = done_arg};
	int rc = publishing_order(p->publishing, wish, on_errand_done, e);
	if (rc < 0)
		free(e);
	return rc;
}

static void on_reloaded(void *arg, const struct publish_outcome *o)
{
	err_list_print(&o->errors, stderr);
	tell_outcome(arg, o);
}

static void on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct provisioner *p = arg;
	struct publish_wish wish = {.by = "reload"};

	(void)sig, (void)what;
	int rc = publishing_order(p->publishing, &wish, on_reloaded, p);
	if (rc < 0)
		log_error("%s", rc == -EALREADY ? "reload: a generation is being built already"
						: strerror(-rc));
}

/* -EBADMSG when what the operator wrote is wrong, which was then printed. */
static int publish_first(struct provisioner *p, struct err *e)
{
	struct publish_outcome *outcome = xcalloc(1, sizeof(*outcome));
	struct publish_wish wish = {.by = "start"};

	int rc = publishing_wait(p->publishing, &wish, outcome);
	err_list_print(&outcome->errors, stderr);
	if (rc == 0)
		tell_outcome(p, outcome);
	free(outcome);
	return rc == 0 ? 0 : err_msg(e, -EBADMSG, "%s can not be served", p->options->config_name);
}

/* A node trusts the one CA that its configuration names. What was rendered for another one, that was lost or put back
 * from elsewhere, is rendered again: the cluster.yaml that was published, not the one that may be in an editor. */
static void renew_for_ca(struct provisioner *p)
{
	const struct generation *g = p->generation;
	struct publish_outcome *outcome = xcalloc(1, sizeof(*outcome));
	struct publish_wish wish = {.again = g->number, .is_anew = true, .by = "start"};

	nodes_event(p->nodes, NULL, clock_wall_ms(), "ca", STORE_ERROR,
		"the CA is not the one that generation %" PRId64
		" was rendered for: it is rendered for this one, and nodes that run have to boot"
		" to trust it",
		g->number);
	if (publishing_wait(p->publishing, &wish, outcome) < 0)
		log_error("nodes that boot now can not join: slipway apply");
	err_list_print(&outcome->errors, stderr);
	tell_outcome(p, outcome);
	free(outcome);
}

static bool is_of_our_ca(const struct provisioner *p)
{
	const char *ca = p->generation->ca_fingerprint;

	return !ca[0] || strcmp(ca, p->fingerprint) == 0;
}

/* The first start publishes what it finds; any other serves what was published, whatever is on disk now. */
static int serve_something(struct provisioner *p, struct err *e)
{
	int rc = digest_agent(p->options->agent_dir, p->agent_sha256);

	if (rc < 0)
		return err_msg(e, rc, "the join agent %s: %s (--agent names its folder)",
			AGENT_FILE, strerror(-rc));
	publishing_settle(p->publishing);
	rc = p->options->publishes ? -ENOENT : publishing_open(p->publishing, e);
	if (rc == -EUCLEAN || rc == -EBADMSG) {
		log_error("%s: publishing what is on disk", e->msg);
		rc = -ENOENT;
	}
	if (rc == -ENOENT)
		return publish_first(p, e);
	if (rc == 0 && !is_of_our_ca(p))
		renew_for_ca(p);
	if (rc == 0 && differs(p))
		log_warn("%s differs from generation %" PRId64
			 ", which is published and served: slipway apply publishes it",
			p->options->config_name, p->generation->number);
	return rc;
}

/* --- the loop ----------------------------------------------------------------------------------- */

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct provisioner *p = arg;

	(void)fd, (void)what;
	/* Failures are logged there and tried again; only a damaged file wants us to start anew. */
	if (nodes_flush(p->nodes) != -EUCLEAN)
		return;
	p->status = EXIT_FAILURE;
	(void)event_base_loopbreak(p->base);
}

static void on_overdue(evutil_socket_t fd, short what, void *arg)
{
	struct provisioner *p = arg;
	int64_t ahead_ms = clock_wall_ms() - clock_mono_ms(), step_ms = ahead_ms - p->wall_ahead_ms;

	(void)fd, (void)what;
	/* The limits of a life are measured by the wall clock, for they outlast us. */
	if (step_ms > CLOCK_SET_MS || step_ms < -CLOCK_SET_MS)
		nodes_clock_set(p->nodes, step_ms);
	p->wall_ahead_ms = ahead_ms;
	nodes_check_overdue(p->nodes, clock_wall_ms());
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	(void)sig, (void)what;
	(void)event_base_loopbreak(arg);
}

/* An etcd that starts anew (a master that lives in memory has booted) has forgotten its seed, and the
 * nodes that registered in it. */
static void on_event(void *arg, const struct store_event *e)
{
	struct provisioner *p = arg;
	const struct machine *m = e->node[0] ? nodes_by_key(p->nodes, e->node) : NULL;

	if (!m || !m->node || !m->node->role->etcd_member || strcmp(e->kind, "joined") != 0)
		return;
	seeding_restart(p->seeding);
	for (size_t i = 0; i < nodes_count(p->nodes); i++) {
		struct machine *other = nodes_at(p->nodes, i);

		other->must_register = other != m && other->registered;
	}
}

static void on_unseeded(void *arg)
{
	const struct provisioner *p = arg;

	seeding_poke(p->seeding);
}

static void loop(struct provisioner *p)
{
	static const struct timeval flush_every = {.tv_usec = FLUSH_US};
	static const struct timeval overdue_every = {.tv_sec = OVERDUE_S};
	struct event *events[] = {
		evsignal_new(p->base, SIGTERM, on_stop, p->base),
		evsignal_new(p->base, SIGINT, on_stop, p->base),
		evsignal_new(p->base, SIGHUP, on_reload, p),
		event_new(p->base, -1, EV_PERSIST, on_flush, p),
		event_new(p->base, -1, EV_PERSIST, on_overdue, p),
	};
	const struct timeval *every[] = {NULL, NULL, NULL, &flush_every, &overdue_every};
	sigset_t hangup;

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		assert(events[i]);
		(void)event_add(events[i], every[i]);
	}
	/* It was blocked while there was nobody to take it; one that came in between is taken now. */
	(void)sigemptyset(&hangup);
	(void)sigaddset(&hangup, SIGHUP);
	(void)sigprocmask(SIG_UNBLOCK, &hangup, NULL);
	(void)event_base_dispatch(p->base);
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		event_free(events[i]);
}

static int open_state(struct provisioner *p, struct err *e)
{
	const char *folder = p->options->state_dir;
	AUTO(close_p) int dir = dir_open(folder);
	int rc;

	if (dir < 0)
		return err_msg(
			e, dir, "%s: %s (may the workers' user go there?)", folder, strerror(-dir));
	if ((rc = store_open(folder, &p->store, e)) < 0)
		return rc;
	if (store_damage(p->store))
		log_error("%s", store_damage(p->store));
	if ((rc = ca_open(dir, "slipway", &p->ca, e)) < 0)
		return rc;
	if ((rc = secrets_open(dir, &p->secrets, e)) < 0)
		return rc;
	if (ca_fingerprint(p->ca, p->fingerprint) < 0)
		return err_msg(e, -EIO, "the CA's fingerprint can not be computed");
	return nodes_open(p->store, clock_wall_ms(), &p->nodes, e);
}

static int open_apis(struct provisioner *p, struct err *e)
{
	const struct provisioner_options *o = p->options;

	int rc = ca_server_ctx(
		p->ca, p->generation->cluster->network.internal.address.addr, &p->tls, e);
	if (rc < 0)
		return rc;
	p->admin.nodes = p->nodes;
	p->admin.generations = (struct generations){
		.archive = archive_of, .order = order, .differs = differs, .arg = p};
	p->admin.store = p->store;
	p->admin.drift = drift_table_new();
	p->admin.started_ms = clock_mono_ms();
	p->admin.enroll_held_up = enrolling_held_up(p->enrolling);
	p->join.nodes = p->nodes;
	p->join.store = p->store;
	p->join.ca = p->ca;
	p->join.secrets = p->secrets;
	p->join.etcd_seeded = &p->admin.etcd_seeded;
	p->join.on_unseeded = on_unseeded;
	p->join.arg = p;
	p->admin_server = api_server_new(p->base, o->admin_fd, NULL, admin_routes, &p->admin);
	p->join_server = api_server_new(p->base, o->join_fd, p->tls, join_routes, &p->join);
	return 0;
}

static void close_all(struct provisioner *p)
{
	if (p->nodes && nodes_flush(p->nodes) < 0)
		log_error("the last events could not be written");
	seeding_free(p->seeding);
	enrolling_free(p->enrolling);
	channels_free(p->channels);
	api_server_free(p->admin_server);
	drift_table_free(p->admin.drift);
	api_server_free(p->join_server);
	generation_free(p->generation);
	nodes_free(p->nodes);
	SSL_CTX_free(p->tls);
	secrets_free(p->secrets);
	ca_free(p->ca);
	publishing_free(p->publishing);
	store_close(p->store);
	event_base_free(p->base);
}

static int start(struct provisioner *p)
{
	struct err e;
	int rc = open_state(p, &e);

	if (rc == 0) {
		p->seeding = seeding_new(p->base, p->nodes, p->secrets, &p->admin.etcd_seeded);
		p->publishing = publishing_new(
			p->base, &(struct publishing_setup){.builder_fd = p->options->builder_fd,
					 .state_dir = p->options->state_dir,
					 .listening = p->options->listening,
					 .ca_fingerprint = p->fingerprint,
					 .serve = serve,
					 .number_above = number_above,
					 .on_lost = on_lost,
					 .arg = p});
		p->enrolling = enrolling_new(p->base, &(struct enrolling_setup){.nodes = p->nodes,
							      .publishing = p->publishing,
							      .differs = differs,
							      .done = tell_outcome,
							      .arg = p});
		rc = serve_something(p, &e);
		if (rc == -EBADMSG)
			return WORKER_EXIT_CONFIG;
		if (rc == 0)
			rc = open_apis(p, &e);
	}
	if (rc < 0) {
		log_error("%s", e.msg);
		return EXIT_FAILURE;
	}
	nodes_on_event(p->nodes, on_event, p);
	p->channels = channels_new(p->base, &(struct channels_setup){
						    .dhcpd_fd = p->options->dhcpd_fd,
						    .netboot_fd = p->options->netboot_fd,
						    .verifier_fd = p->options->verifier_fd,
						    .nodes = p->nodes,
						    .store = p->store,
						    .enrolling = p->enrolling,
						    .admin = &p->admin,
					    });
	/* A dhcpd that is running already, because only we died, has what the last one of us told it. */
	configure_channels(p);
	if (write(p->options->ready_fd, "r", 1) != 1)
		log_debug("the supervisor knew already"); /* its pipe is full after many restarts */
	return EXIT_SUCCESS;
}

int provisioner_run(const struct provisioner_options *o)
{
	struct provisioner p = {.options = o,
		.base = event_base_new(),
		.wall_ahead_ms = clock_wall_ms() - clock_mono_ms()};

	assert(p.base);
	(void)signal(SIGPIPE, SIG_IGN);
	p.status = start(&p);
	if (p.status == EXIT_SUCCESS)
		loop(&p);
	close_all(&p);
	return p.status;
}
