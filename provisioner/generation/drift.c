#include "provisioner/generation/drift.h"

#include <errno.h>
#include <string.h>

#define RUNS_MAX \
	(2 * ARCHIVE_KEPT + 2) /* generations that nodes may run, as far as they are kept */

const char *drift_name(enum drift d)
{
	static const char *const names[] = {[DRIFT_NONE] = "nothing",
		[DRIFT_REAPPLY] = "re-apply",
		[DRIFT_REBOOT] = "reboot",
		[DRIFT_UNKNOWN] = "unknown"};

	return names[d];
}

enum drift drift_between(
	const int64_t from[static N_ARTEFACTS], const int64_t to[static N_ARTEFACTS])
{
	static const enum drift takes[N_ARTEFACTS] = {
		[ARTEFACT_CLOUD_CONFIG] = DRIFT_NONE, /* of which the configuration is made */
		[ARTEFACT_CONFIG] = DRIFT_REBOOT,
		[ARTEFACT_IPXE] = DRIFT_NONE,
		[ARTEFACT_GRUB] = DRIFT_NONE,
		[ARTEFACT_BOOT] = DRIFT_REBOOT,
		[ARTEFACT_DHCP] = DRIFT_NONE,
		[ARTEFACT_SECRETS] = DRIFT_REAPPLY,
	};
	enum drift most = DRIFT_NONE;

	for (size_t i = 0; i < N_ARTEFACTS; i++)
		if (from[i] != to[i] && takes[i] > most)
			most = takes[i];
	return most;
}

/* --- of all nodes ---------------------------------------------------------------------------------- */

struct row {
	char *node;
	enum drift drift;
};

/* From one generation to the published one: the nodes that need something, by name. */
struct leg {
	int64_t from;
	struct row *rows;
	size_t n, cap;
	bool is_known;
};

struct drift_table {
	int64_t to;
	struct leg legs[RUNS_MAX];
	size_t n_legs;
};

struct drift_table *drift_table_new(void)
{
	return xcalloc(1, sizeof(struct drift_table));
}

static void forget(struct drift_table *t)
{
	for (size_t i = 0; i < t->n_legs; i++) {
		for (size_t k = 0; k < t->legs[i].n; k++)
			free(t->legs[i].rows[k].node);
		free(t->legs[i].rows);
	}
	*t = (struct drift_table){.to = 0};
}

void drift_table_free(struct drift_table *t)
{
	if (!t)
		return;
	forget(t);
	free(t);
}

static int add_row(const struct archive_change *c, void *arg)
{
	struct leg *l = arg;
	enum drift d = drift_between(c->from, c->to);

	if (d == DRIFT_NONE)
		return 0;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->rows = xreallocarray(l->rows, l->cap, sizeof(*l->rows));
	}
	l->rows[l->n++] = (struct row){.node = xstrdup(c->name), .drift = d};
	return 0;
}

static const struct leg *leg_from(struct drift_table *t, struct archive *a, int64_t from)
{
	struct archive_generation g;
	struct leg *l;

	for (size_t i = 0; i < t->n_legs; i++)
		if (t->legs[i].from == from)
			return &t->legs[i];
	if (t->n_legs == RUNS_MAX)
		return NULL;
	l = &t->legs[t->n_legs++];
	*l = (struct leg){.from = from};
	l->is_known = archive_find(a, from, &g) == 0 &&
		      archive_changes_each(a, from, t->to, add_row, l) == 0;
	return l;
}

static int compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->node);
}

enum drift drift_of_node(
	struct drift_table *t, struct archive *a, int64_t published, const char *node, int64_t runs)
{
	if (runs == 0 || runs == published)
		return DRIFT_NONE;
	if (t->to != published) {
		forget(t);
		t->to = published;
	}
	const struct leg *l = leg_from(t, a, runs);
	if (!l || !l->is_known)
		return DRIFT_UNKNOWN;
	const struct row *r = l->n ? bsearch(node, l->rows, l->n, sizeof(*l->rows), compare) : NULL;
	return r ? r->drift : DRIFT_NONE;
}
