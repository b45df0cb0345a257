#include <errno.h>

#include "provisioner/store/events.h"
#include "provisioner/store/query.h"
#include "provisioner/store/store.h"

/* 0 when it is there, -ENOENT when not. */
static int find(struct store *s, const char *key)
{
	AUTO(query_done) struct query q = query_start(s, SQL_NODE_EXISTS);

	query_put_text(&q, key, STORE_KEY_SIZE - 1);
	return query_next(&q);
}

/* In the order of NODE_COLUMNS. */
static int put(struct store *s, const struct store_node *n)
{
	AUTO(query_done) struct query q = query_start(s, SQL_NODE_PUT);

	query_put_text(&q, n->key, STORE_KEY_SIZE - 1);
	query_put_text(&q, n->name, STORE_KEY_SIZE - 1);
	query_put_text(&q, n->macs, STORE_TEXT_MAX);
	query_put_text(&q, n->uuid, STORE_TEXT_MAX);
	query_put_text(&q, n->serial, STORE_TEXT_MAX);
	query_put_text(&q, n->role, STORE_TEXT_MAX);
	query_put_address(&q, n->address);
	query_put_text(&q, n->state, STORE_TEXT_MAX);
	query_put_int(&q, n->state_since_ms);
	query_put_text(&q, n->stage, STORE_TEXT_MAX);
	query_put_text(&q, n->boot_id, STORE_TEXT_MAX);
	query_put_int(&q, n->generation);
	query_put_text(&q, n->facts, STORE_FACTS_MAX);
	query_put_int(&q, n->first_seen_ms);
	query_put_int(&q, n->last_seen_ms);
	return query_run(&q);
}

int store_node_put(struct store *s, const struct store_node *n)
{
	int found = find(s, n->key);

	if (found < 0 && found != -ENOENT)
		return found;
	if (found == -ENOENT && s->n_nodes >= STORE_NODES_MAX)
		return -E2BIG;
	int rc = put(s, n);
	if (rc == 0 && found == -ENOENT)
		s->n_nodes++;
	return rc;
}

static int delete_row(struct store *s, const char *key)
{
	AUTO(query_done) struct query q = query_start(s, SQL_NODE_DELETE);

	query_put_text(&q, key, STORE_KEY_SIZE - 1);
	int rc = query_run(&q);
	if (rc == 0)
		s->n_nodes -= sqlite3_changes64(s->db);
	return rc;
}

int store_node_delete(struct store *s, const char *key)
{
	struct operation o;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = delete_row(s, key); /* tokens and boots follow by their foreign keys */
	if (rc == 0)
		rc = events_delete(s, key);
	return operation_end(&o, rc);
}

int store_nodes_each(struct store *s, int (*fn)(const struct store_node *n, void *arg), void *arg)
{
	AUTO(query_done) struct query q = query_start(s, SQL_NODES);
	int rc;

	while ((rc = query_next(&q)) == 0) {
		struct store_node n = {.key = query_text(&q)};

		n.name = query_text(&q);
		n.macs = query_text(&q);
		n.uuid = query_text(&q);
		n.serial = query_text(&q);
		n.role = query_text(&q);
		n.address = query_address(&q);
		n.state = query_text(&q);
		n.state_since_ms = query_int(&q);
		n.stage = query_text(&q);
		n.boot_id = query_text(&q);
		n.generation = query_int(&q);
		n.facts = query_text(&q);
		n.first_seen_ms = query_int(&q);
		n.last_seen_ms = query_int(&q);
		int stop = fn(&n, arg);
		if (stop != 0)
			return stop;
	}
	return rc == -ENOENT ? 0 : rc;
}
