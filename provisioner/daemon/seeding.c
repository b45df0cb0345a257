#include "provisioner/daemon/seeding.h"

#include <errno.h>
#include <stdio.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/etcd/client.h"
#include "provisioner/etcd/seed.h"
#include "provisioner/generation/generation.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/trust/secrets.h"

#define ETCD_CLIENT_PORT 2379

struct seeding {
	struct event_base *base;
	struct nodes *nodes;
	const struct secrets *secrets;
	bool *seeded;
	const struct cluster *cluster;
	const struct etcd_seed_key *keys; /* in the generation */
	size_t n_keys;
	struct etcd_client *client;
	struct etcd_seed *seed;
};

struct seeding *seeding_new(
	struct event_base *base, struct nodes *nodes, const struct secrets *secrets, bool *seeded)
{
	struct seeding *s = xcalloc(1, sizeof(*s));

	*s = (struct seeding){.base = base, .nodes = nodes, .secrets = secrets, .seeded = seeded};
	return s;
}

static void stop(struct seeding *s)
{
	etcd_seed_free(s->seed);
	etcd_client_free(s->client);
	s->seed = NULL;
	s->client = NULL;
}

void seeding_free(struct seeding *s)
{
	if (!s)
		return;
	stop(s);
	free(s);
}

/* The machine whose timeline tells of the seeding: the first etcd member. */
static const struct machine *member(const struct seeding *s)
{
	for (uint32_t i = 0; i < s->cluster->n_nodes; i++)
		if (s->cluster->nodes[i].role->etcd_member)
			return nodes_by_key(s->nodes, s->cluster->nodes[i].name);
	return NULL;
}

static void on_report(const struct etcd_seed_report *r, void *arg)
{
	struct seeding *s = arg;
	const struct machine *m = member(s);
	int64_t now_ms = clock_wall_ms();
	char again[HUMAN_SIZE];

	switch (r->what) {
	case ETCD_SEED_WAITING:
		/* Before its first boot that is the normal state of things. */
		log_debug("seed: waiting: %s; again in %s", r->reason,
			human_duration(r->retry_ms, again));
		return;
	case ETCD_SEED_HEALTHY:
		nodes_event(s->nodes, m, now_ms, "etcd", STORE_INFO, "%s is healthy", r->endpoint);
		return;
	case ETCD_SEED_CREATED:
		nodes_event(s->nodes, m, now_ms, "seed", STORE_INFO, "%s created", r->key);
		return;
	case ETCD_SEED_EXISTED:
		nodes_event(s->nodes, m, now_ms, "seed", r->differs ? STORE_WARN : STORE_INFO,
			"%s was there already%s", r->key,
			r->differs ? ", with another value, which was kept" : "");
		return;
	case ETCD_SEED_FAILED:
		nodes_event(s->nodes, m, now_ms, "seed", STORE_ERROR, "%s: %s; again in %s", r->key,
			r->reason, human_duration(r->retry_ms, again));
		return;
	case ETCD_SEED_DONE:
		*s->seeded = true;
		nodes_event(s->nodes, m, now_ms, "seed", STORE_INFO, "etcd is seeded");
		return;
	}
}

static int new_client(struct seeding *s, struct err *e)
{
	AUTO(secrets_client_done)
	struct secrets_client own = {0}; /* in memory only, made at each start */
	bool tls = s->cluster->etcd.tls;
	char text[ETCD_ENDPOINTS_MAX][ETCD_ENDPOINT_SIZE], quad[IPV4_TEXT_SIZE];
	const char *endpoints[ETCD_ENDPOINTS_MAX + 1] = {NULL};
	size_t n = 0;

	for (uint32_t i = 0; i < s->cluster->n_nodes && n < ETCD_ENDPOINTS_MAX; i++) {
		const struct cluster_node *node = &s->cluster->nodes[i];

		if (!node->role->etcd_member)
			continue;
		(void)snprintf(text[n], ETCD_ENDPOINT_SIZE, "%s://%s:%d", tls ? "https" : "http",
			ipv4_text(node->address, quad), ETCD_CLIENT_PORT);
		endpoints[n] = text[n];
		n++;
	}
	if (n == 0)
		return -ENOENT;
	int rc = tls ? secrets_etcd_client(s->secrets, "slipway", clock_wall_ms() / 1000, &own, e)
		     : 0;
	if (rc < 0)
		return rc;
	struct etcd_config config = {.endpoints = endpoints};
	if (tls) {
		config.ca = str_text(&own.ca);
		config.cert = str_text(&own.cert);
		config.key = str_text(&own.key);
	}
	return etcd_client_new(s->base, &config, &s->client, e);
}

static void start(struct seeding *s)
{
	struct err e;

	stop(s);
	*s->seeded = false;
	int rc = new_client(s, &e);
	if (rc == -ENOENT)
		return; /* no node is an etcd member yet */
	if (rc < 0) {
		log_error("seed: %s", e.msg);
		return;
	}
	s->seed = etcd_seed_new(s->base, s->client, s->keys, s->n_keys, on_report, s);
}

void seeding_configure(struct seeding *s, const struct generation *g)
{
	s->cluster = g->cluster;
	s->keys = g->seed_keys;
	s->n_keys = g->n_seed_keys;
	start(s);
}

void seeding_restart(struct seeding *s)
{
	start(s);
}

void seeding_poke(struct seeding *s)
{
	if (s->seed)
		etcd_seed_poke(s->seed);
}
