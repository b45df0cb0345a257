/* Settings: small facts by name. */
#include <errno.h>

#include "provisioner/store/query.h"
#include "provisioner/store/store.h"

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
