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
#include "provisioner/cluster/files.h"
#include "provisioner/daemon/channels.h"
#include "provisioner/daemon/seeding.h"
#include "provisioner/daemon/worker.h"
#include "provisioner/generation/generation.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/store/store.h"
#include "provisioner/trust/ca.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define AGENT_FILE "slipway-join"
#define FLUSH_US 100000
#define OVERDUE_S 1
#define CLOCK_SET_MS 500 /* a slew is slower than that in a second */

struct provisioner {
	const struct provisioner_options *options;
	struct event_base *base;
	struct store *store;
	struct nodes *nodes;
	struct ca *ca;
	SSL_CTX *tls;
	struct generation *generation;
	struct context_facts facts;
	char fingerprint[CA_FINGERPRINT_SIZE], agent_sha256[DIGEST_HEX_SIZE];
	struct channels *channels; /* NULL until the first generation is published */
	struct admin admin;
	struct join join;
	struct api_server *admin_server, *join_server;
	struct seeding *seeding;
	int64_t wall_ahead_ms; /* of the monotonic clock, when we looked last */
	int status;
};

/* --- configuration to generation --------------------------------------------------------------- */

/* The supervisor has opened the sockets: scripts must not name others. */
static int check_listening(
	const struct provisioner *p, const struct cluster *c, struct err_list *errors)
{
	const struct cluster *was = p->generation ? p->generation->cluster : NULL;

	if (!was)
		return 0;
	const struct cluster_internal *now = &c->network.internal, *before = &was->network.internal;
	if (strcmp(now->interface, before->interface) != 0 ||
		now->address.addr != before->address.addr ||
		now->address.len != before->address.len)
		err_list_add(errors, now->at,
			"network.internal: interface and address can not change while we serve: "
			"restart slipway");
	if (c->ports.http != was->ports.http || c->ports.join != was->ports.join)
		err_list_add(errors, c->ports.at,
			"ports: they can not change while we serve: restart slipway");
	if (c->tftp.backend != was->tftp.backend || c->tftp.single_port != was->tftp.single_port)
		err_list_add(errors, c->tftp.at,
			"tftp: it can not change while we serve: restart slipway");
	return errors->n > 0 ? -EINVAL : 0;
}

/* Nodes run no agent but the one that has this digest. */
static int digest_agent(int dir, char ret[static DIGEST_HEX_SIZE])
{
	AUTO(close_p) int fd = file_open_beneath(dir, AGENT_FILE);

	return fd < 0 ? fd : digest_of_fd(fd, DIGEST_SHA256, ret, NULL, NULL);
}

/* Reads cluster.yaml and renders everything. The generation before stays when anything is wrong. */
static int build(struct provisioner *p, struct generation **ret, struct err_list *errors)
{
	const struct provisioner_options *o = p->options;
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct store_generation last = {0};
	struct cluster *c;

	int rc = cluster_files_load(a, o->config_dir, o->config_name, &c, errors);
	if (rc == -EACCES)
		err_list_add(errors, (struct mark){0}, "workers do not run as root");
	if (rc < 0 || (rc = check_listening(p, c, errors)) < 0)
		return rc;
	if ((rc = digest_agent(o->agent_dir, p->agent_sha256)) < 0) {
		err_list_add(errors, (struct mark){0},
			"the join agent %s: %s (--agent names its folder)", AGENT_FILE,
			strerror(-rc));
		return rc;
	}
	rc = store_generation_last(p->store, &last);
	if (rc < 0 && rc != -ENOENT) {
		err_list_add(errors, (struct mark){0}, "state.db: %s", store_reason(p->store));
		return rc;
	}
	struct generation_inputs in = {.cluster = c,
		.sources = {.config_dir = o->config_dir, .shipped_dir = o->templates_dir},
		.images_dir = o->images_dir,
		.facts = p->facts,
		.last_number = last.number,
		.last_hash = last.hash};
	rc = generation_build(&in, a, ret, errors);
	if (rc == 0)
		(void)TAKE(a); /* it belongs to the generation now */
	return rc;
}

static int record_generation(struct provisioner *p, const struct generation *g)
{
	struct store_generation record = {.number = g->number, .created_ms = clock_wall_ms()};

	memcpy(record.hash, g->hash, sizeof(record.hash));
	(void)snprintf(record.summary, sizeof(record.summary), "%u nodes, image %s/%s",
		g->cluster->n_nodes, g->cluster->settings->image.distro, g->cluster->settings->image.version);
	int rc = store_generation_add(p->store, &record);
	return rc == -EEXIST ? 0 : rc; /* the same as the one before */
}

/* Everything points at the new generation from here on; the old one goes. */
static int publish(struct provisioner *p, struct generation *g)
{
	struct generation *old = p->generation;
	int rc = record_generation(p, g);

	if (rc < 0) {
		generation_free(g);
		return rc;
	}
	p->generation = g;
	p->admin.generation = g;
	p->join.generation = g;
	nodes_configure(p->nodes, g->cluster, clock_wall_ms());
	if (p->channels)
		channels_configure(p->channels, g);
	seeding_configure(p->seeding, g);
	generation_free(old);
	nodes_event(p->nodes, NULL, clock_wall_ms(), "generation", STORE_INFO,
		"generation %" PRId64 " is published: %u nodes, image %s/%s", g->number,
		g->cluster->n_nodes, g->cluster->settings->image.distro, g->cluster->settings->image.version);
	return 0;
}

/* -EBADMSG when what the operator wrote is wrong, which was then printed. */
static int load_and_publish(struct provisioner *p, struct err *e)
{
	struct err_list errors = {0};
	struct generation *g;

	int rc = build(p, &g, &errors);
	if (rc < 0) {
		err_list_print(&errors, stderr);
		return err_msg(e, -EBADMSG, "%s can not be served", p->options->config_name);
	}
	rc = publish(p, g);
	return rc < 0 ? err_msg(e, rc, "state.db: %s", store_reason(p->store)) : 0;
}

static void on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct provisioner *p = arg;
	struct err e;

	(void)sig, (void)what;
	if (load_and_publish(p, &e) < 0)
		log_error("%s; generation %" PRId64 " stays", e.msg, p->generation->number);
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
	if (ca_fingerprint(p->ca, p->fingerprint) < 0)
		return err_msg(e, -EIO, "the CA's fingerprint can not be computed");
	p->facts = (struct context_facts){
		.ca_fingerprint = p->fingerprint, .agent_sha256 = p->agent_sha256};
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
	p->admin.store = p->store;
	p->admin.started_ms = clock_mono_ms();
	p->join.nodes = p->nodes;
	p->join.store = p->store;
	p->join.ca = p->ca;
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
	channels_free(p->channels);
	api_server_free(p->admin_server);
	api_server_free(p->join_server);
	generation_free(p->generation);
	nodes_free(p->nodes);
	SSL_CTX_free(p->tls);
	ca_free(p->ca);
	store_close(p->store);
	event_base_free(p->base);
}

static int start(struct provisioner *p)
{
	struct err e;
	int rc = open_state(p, &e);

	if (rc == 0) {
		p->seeding = seeding_new(p->base, p->nodes, &p->admin.etcd_seeded);
		rc = load_and_publish(p, &e);
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
						    .admin = &p->admin,
					    });
	/* A dhcpd that is running already, because only we died, has what the last one of us told it. */
	channels_configure(p->channels, p->generation);
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
