#include "provisioner/store/events.h"

#include <errno.h>

#include "provisioner/store/query.h"
#include "provisioner/store/store.h"

/* Runs a deletion and counts along. */
static int run_deletion(struct query *q)
{
	int rc = query_run(q);

	if (rc == 0)
		q->s->n_events -= sqlite3_changes64(q->s->db);
	return rc;
}

int events_prune(struct store *s)
{
	if (s->n_events <= STORE_EVENTS_MAX)
		return 0;
	AUTO(query_done) struct query q = query_start(s, SQL_EVENTS_PRUNE_ALL);

	query_put_int(&q, s->n_events - STORE_EVENTS_MAX);
	return run_deletion(&q);
}

int events_delete(struct store *s, const char *node)
{
	AUTO(query_done) struct query q = query_start(s, SQL_EVENTS_DELETE_NODE);

	query_put_text(&q, node, STORE_KEY_SIZE - 1);
	return run_deletion(&q);
}

static int prune_node(struct store *s, const char *node)
{
	AUTO(query_done) struct query q = query_start(s, SQL_EVENTS_PRUNE_NODE);

	query_put_text(&q, node, STORE_KEY_SIZE - 1);
	query_put_int(&q, STORE_EVENTS_PER_NODE_MAX);
	return run_deletion(&q);
}

static int add(struct store *s, const struct store_event *e, int64_t *ret_id)
{
	AUTO(query_done) struct query q = query_start(s, SQL_EVENT_ADD);

	query_put_text(&q, e->node, STORE_KEY_SIZE - 1);
	query_put_int(&q, e->wall_ms);
	query_put_text(&q, e->kind, STORE_KEY_SIZE - 1);
	query_put_int(&q, e->severity);
	query_put_text(&q, e->text, STORE_TEXT_MAX);
	query_put_text(&q, e->data, STORE_TEXT_MAX);
	int rc = query_run(&q);
	if (rc < 0)
		return rc;
	s->n_events++;
	if (ret_id)
		*ret_id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int store_event_add(struct store *s, const struct store_event *e, int64_t *ret_id)
{
	struct operation o;
	int64_t id = 0;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = add(s, e, &id);
	if (rc == 0)
		rc = prune_node(s, e->node);
	rc = operation_end(&o, rc);
	if (rc == 0 && ret_id)
		*ret_id = id;
	return rc;
}

static int walk(struct query *q, int (*fn)(const struct store_event *e, void *arg), void *arg)
{
	int rc;

	while ((rc = query_next(q)) == 0) {
		struct store_event e = {.id = query_int(q)};

		e.wall_ms = query_int(q);
		e.node = query_text(q);
		e.kind = query_text(q);
		e.severity = (enum store_severity)query_int(q);
		e.text = query_text(q);
		e.data = query_text(q);
		int stop = fn(&e, arg);
		if (stop != 0)
			return stop;
	}
	return rc == -ENOENT ? 0 : rc;
}

int store_events_each(struct store *s, const char *node, int64_t after_id, unsigned limit,
	int (*fn)(const struct store_event *e, void *arg), void *arg)
{
	AUTO(query_done)
	struct query q = query_start(s, node ? SQL_EVENTS_AFTER_OF_NODE : SQL_EVENTS_AFTER);

	if (node)
		query_put_text(&q, node, STORE_KEY_SIZE - 1);
	query_put_int(&q, after_id);
	query_put_int(&q, limit);
	return walk(&q, fn, arg);
}

int store_events_last(struct store *s, const char *node, unsigned limit,
	int (*fn)(const struct store_event *e, void *arg), void *arg)
{
	AUTO(query_done)
	struct query q = query_start(s, node ? SQL_EVENTS_LAST_OF_NODE : SQL_EVENTS_LAST);

	if (node)
		query_put_text(&q, node, STORE_KEY_SIZE - 1);
	query_put_int(&q, limit);
	return walk(&q, fn, arg);
}
