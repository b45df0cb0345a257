#include "provisioner/store/archive_db.h"

#include <errno.h>

static struct query between(struct archive *a, enum sql which, int64_t from, int64_t to)
{
	struct query q = query_start(&a->db, which);

	query_put_int(&q, from);
	query_put_int(&q, to);
	return q;
}

/* What is not there is NULL, which reads as 0. */
static void read_objects(struct query *q, int64_t ret[static N_ARTEFACTS])
{
	for (size_t i = 0; i < N_ARTEFACTS; i++)
		ret[i] = query_int(q);
}

int archive_changes_each(struct archive *a, int64_t from, int64_t to,
	int (*fn)(const struct archive_change *c, void *arg), void *arg)
{
	AUTO(query_done) struct query q = between(a, SQL_RENDERED_CHANGED, from, to);
	struct archive_change c;
	int rc;

	while ((rc = query_next(&q)) == 0) {
		c.name = query_text(&q);
		read_objects(&q, c.from);
		read_objects(&q, c.to);
		if ((rc = fn(&c, arg)) != 0)
			return rc;
	}
	return rc == -ENOENT ? 0 : rc;
}

int archive_file_changes_each(struct archive *a, int64_t from, int64_t to,
	int (*fn)(const struct archive_file_change *c, void *arg), void *arg)
{
	AUTO(query_done) struct query q = between(a, SQL_FILES_CHANGED, from, to);
	struct archive_file_change c;
	int rc;

	while ((rc = query_next(&q)) == 0) {
		c.kind = (enum archive_file)query_int(&q);
		c.name = query_text(&q);
		c.from = query_int(&q);
		c.to = query_int(&q);
		if ((rc = fn(&c, arg)) != 0)
			return rc;
	}
	return rc == -ENOENT ? 0 : rc;
}
