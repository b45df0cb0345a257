#include "provisioner/api/changes.h"

#include <errno.h>
#include <string.h>

#include "provisioner/api/admin.h"
#include "provisioner/base/json.h"
#include "provisioner/base/parse.h"
#include "provisioner/generation/drift.h"
#include "provisioner/generation/generation.h"

static void write_objects(struct json *j, const char *key, const int64_t objects[N_ARTEFACTS])
{
	json_key(j, key);
	json_map(j);
	for (int i = 0; i < N_ARTEFACTS; i++)
		if (objects[i])
			json_key_int(j, artefact_name((enum artefact_kind)i), objects[i]);
	json_map_end(j);
}

static int write_node(const struct archive_change *c, void *arg)
{
	struct json *j = arg;

	json_map(j);
	json_key_text(j, "name", c->name);
	write_objects(j, "from", c->from);
	write_objects(j, "to", c->to);
	json_key_text(j, "needs", drift_name(drift_between(c->from, c->to)));
	json_map_end(j);
	return 0;
}

static int write_file(const struct archive_file_change *c, void *arg)
{
	struct json *j = arg;

	json_map(j);
	json_key_text(j, "name", c->name);
	json_key_bool(j, "is_input", c->kind == ARCHIVE_INPUT);
	json_key_int(j, "from", c->from);
	json_key_int(j, "to", c->to);
	json_map_end(j);
	return 0;
}

/* A generation's number; -ENOENT for none that is there. */
static int find_generation(const struct generation *g, const char *text, int64_t *ret)
{
	struct archive_generation found;
	int rc;

	if (strcmp(text, "served") == 0) {
		*ret = g->number;
		return 0;
	}
	if (strcmp(text, "published") == 0) {
		rc = archive_last(g->archive, NULL, &found);
		*ret = found.number;
		return rc;
	}
	rc = parse_i64(text, 0, INT64_MAX, ret);
	return rc < 0 ? -ENOENT : archive_find(g->archive, *ret, &found);
}

static int write_changes(struct json *j, struct archive *a, int64_t from, int64_t to)
{
	json_map(j);
	json_key_int(j, "from", from);
	json_key_int(j, "to", to);
	json_key(j, "files");
	json_list(j);
	int rc = archive_file_changes_each(a, from, to, write_file, j);
	json_list_end(j);
	json_key(j, "nodes");
	json_list(j);
	rc = rc < 0 ? rc : archive_changes_each(a, from, to, write_node, j);
	json_list_end(j);
	json_map_end(j);
	return rc;
}

static void refuse(struct api_request *r, struct archive *a, int rc, const char *what)
{
	if (rc == -ENOENT)
		api_reply_error(r, HTTP_NOTFOUND, "there is no %s", what);
	else
		api_reply_error(r, HTTP_SERVUNAVAIL, "generations.db: %s", archive_reason(a));
}

void changes_reply(struct api_request *r, const char *to_text)
{
	const struct admin *admin = r->arg;
	const struct generation *g = admin->generation;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	AUTO(free_p) char *from_text = api_query(r, "from");
	struct json j = json_init(&out);
	int64_t from, to;

	int rc = find_generation(g, to_text, &to);
	if (rc == 0)
		rc = find_generation(g, from_text ? from_text : "published", &from);
	if (rc == 0)
		rc = write_changes(&j, g->archive, from, to);
	if (rc < 0)
		refuse(r, g->archive, rc, "such generation (slipway generations lists them)");
	else
		api_reply_json(r, HTTP_OK, &out);
}

static int write_object(struct json *j, struct archive *a, const char *number)
{
	AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
	int64_t object;
	int rc = parse_i64(number, 1, INT64_MAX, &object);

	rc = rc < 0 ? -ENOENT : archive_text(a, object, &text);
	if (rc == 0) {
		json_key(j, number);
		json_textn(j, str_text(&text), text.len);
	}
	return rc;
}

void changes_get_objects(struct api_request *r)
{
	const struct admin *admin = r->arg;
	struct archive *a = admin->generation->archive;
	AUTO(free_p) char *numbers = xstrdup(r->rest);
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);
	char *rest = NULL;
	int rc = 0;

	json_map(&j);
	for (char *one = strtok_r(numbers, ",", &rest); one && rc == 0;
		one = strtok_r(NULL, ",", &rest))
		rc = write_object(&j, a, one);
	json_map_end(&j);
	if (rc < 0)
		refuse(r, a, rc, "such text");
	else
		api_reply_json(r, HTTP_OK, &out);
}
