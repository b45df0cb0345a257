/* Generations and settings: the small tables. */
#include <errno.h>

#include "provisioner/store/query.h"
#include "provisioner/store/store.h"

static int add_generation(struct store *s, const struct store_generation *g)
{
	AUTO(query_done) struct query q = query_start(s, SQL_GENERATION_ADD);

	query_put_int(&q, g->number);
	query_put_int(&q, g->created_ms);
	query_put_text(&q, g->hash, sizeof(g->hash) - 1);
	query_put_text(&q, g->summary, sizeof(g->summary) - 1);
	return query_run(&q);
}

static int prune_generations(struct store *s)
{
	AUTO(query_done) struct query q = query_start(s, SQL_GENERATIONS_PRUNE);

	query_put_int(&q, STORE_GENERATIONS_MAX);
	return query_run(&q);
}

int store_generation_add(struct store *s, const struct store_generation *g)
{
	struct operation o;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = add_generation(s, g);
	if (rc == 0)
		rc = prune_generations(s);
	return operation_end(&o, rc);
}

int store_generation_last(struct store *s, struct store_generation *ret)
{
	AUTO(query_done) struct query q = query_start(s, SQL_GENERATION_LAST);
	int rc = query_next(&q);

	if (rc < 0)
		return rc;
	ret->number = query_int(&q);
	ret->created_ms = query_int(&q);
	query_copy(&q, ret->hash, sizeof(ret->hash));
	query_copy(&q, ret->summary, sizeof(ret->summary));
	return 0;
}

static int delete_setting(struct store *s, const char *key)
{
	AUTO(query_done) struct query q = query_start(s, SQL_SETTING_DELETE);

	query_put_text(&q, key, STORE_TEXT_MAX);
	return query_run(&q);
}

int store_setting_put(struct store *s, const char *key, const char *value)
{
	if (!value)
		return delete_setting(s, key);
	AUTO(query_done) struct query q = query_start(s, SQL_SETTING_PUT);

	query_put_text(&q, key, STORE_TEXT_MAX);
	query_put_text(&q, value, STORE_TEXT_MAX);
	query_put_int(&q, STORE_SETTINGS_MAX);
	int rc = query_run(&q);
	if (rc < 0)
		return rc;
	return sqlite3_changes(s->db) == 0 ? -E2BIG : 0;
}

int store_setting_get(struct store *s, const char *key, char **ret)
{
	AUTO(query_done) struct query q = query_start(s, SQL_SETTING_GET);

	query_put_text(&q, key, STORE_TEXT_MAX);
	int rc = query_next(&q);
	if (rc == 0)
		*ret = xstrdup(query_text(&q));
	return rc;
}
