#include "provisioner/api/generations.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/api/admin.h"
#include "provisioner/api/changes.h"
#include "provisioner/api/images.h"
#include "provisioner/api/stream.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"

#define REPLY_MAX ((size_t)1 << 20)

/* --- what there is -------------------------------------------------------------------------------- */

static void write_generation(
	const struct admin *a, struct json *j, const struct archive_generation *g)
{
	const struct generation *served = a->generation;

	json_key_int(j, "number", g->number);
	json_key_text(j, "hash", g->hash);
	json_key_int(j, "created_ms", g->created_ms);
	json_key_text(j, "by", g->by);
	json_key_text(j, "summary", g->summary);
	json_key_int(j, "nodes", g->n_nodes);
	json_key_int(j, "changed", g->n_changed);
	json_key_int(j, "rolled_back_to", g->rolled_back_to);
	json_key_text(j, "listening", g->listening);
	json_key_bool(j, "served", served && served->number == g->number);
	json_key_bool(j, "waits", served && g->number > served->number);
}

static struct archive *archive_of(const struct admin *a)
{
	return a->generations.archive(a->generations.arg);
}

struct writing {
	const struct admin *admin;
	struct json json;
};

static int write_row(const struct archive_generation *g, void *arg)
{
	struct writing *w = arg;

	json_map(&w->json);
	write_generation(w->admin, &w->json, g);
	int rc = images_write_generation(archive_of(w->admin), g->number, &w->json);
	json_map_end(&w->json);
	return rc == -EBADMSG ? 0 : rc; /* one that is not whole is listed all the same */
}

static void reply_failure(struct api_request *r, const struct archive *a)
{
	api_reply_error(r, HTTP_SERVUNAVAIL, "generations.db: %s", archive_reason(a));
}

void generations_get(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(REPLY_MAX);
	struct writing w = {.admin = a, .json = json_init(&out)};

	json_list(&w.json);
	int rc = archive_each(archive_of(a), write_row, &w);
	json_list_end(&w.json);
	if (rc < 0)
		reply_failure(r, archive_of(a));
	else
		api_reply_json(r, HTTP_OK, &out);
}

static int write_file(const char *name, const struct str *text, void *arg)
{
	struct json *j = arg;

	json_map(j);
	json_key_text(j, "name", name);
	json_key(j, "text");
	json_textn(j, str_text(text), text->len);
	json_map_end(j);
	return 0;
}

/* What the path calls the generation; *ret_rest is what follows that. The caller frees it. */
static char *take_name(const struct api_request *r, const char **ret_rest)
{
	size_t len = strcspn(r->rest, "/");

	*ret_rest = r->rest + len;
	return xstrndup(r->rest, len);
}

/* False, with the request answered, when the name is no number. */
static bool read_number(struct api_request *r, const char *name, int64_t *ret)
{
	if (parse_i64(name, 1, INT64_MAX, ret) == 0)
		return true;
	api_reply_error(r, HTTP_NOTFOUND, "\"%s\" is not the number of a generation", name);
	return false;
}

void generations_get_one(struct api_request *r)
{
	const struct admin *a = r->arg;
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);
	struct archive_generation g;
	const char *rest;
	AUTO(free_p) char *name = take_name(r, &rest);
	int64_t number;

	if (strcmp(rest, "/changes") == 0) {
		changes_reply(r, name);
		return;
	}
	if (!read_number(r, name, &number))
		return;
	int rc = archive_find(archive_of(a), number, &g);
	if (rc == -ENOENT || *rest) {
		api_reply_error(r, HTTP_NOTFOUND, "there is no generation %s", r->rest);
		return;
	}
	json_map(&j);
	if (rc == 0) {
		write_generation(a, &j, &g);
		rc = images_write_generation(archive_of(a), number, &j);
		rc = rc == -EBADMSG ? 0 : rc;
		json_key(&j, "files");
		json_list(&j);
		if (rc == 0)
			rc = archive_files_each(
				archive_of(a), number, ARCHIVE_INPUT, write_file, &j);
		json_list_end(&j);
	}
	json_map_end(&j);
	if (rc < 0)
		reply_failure(r, archive_of(a));
	else
		api_reply_json(r, HTTP_OK, &out);
}

void generations_write_status(const struct admin *a, struct json *j)
{
	struct archive_generation last = {.number = 0};

	if (archive_last(archive_of(a), NULL, &last) < 0)
		log_error("generations.db: %s", archive_reason(archive_of(a)));
	json_key_int(j, "generation", a->generation->number);
	json_key_text(j, "generation_hash", a->generation->hash);
	json_key_int(j, "generation_published", last.number);
	json_key_bool(j, "config_differs", a->generations.differs(a->generations.arg));
}

/* --- what is asked for ---------------------------------------------------------------------------- */

/* Who waits for the answer; its stream is NULL once he has left. */
struct asker {
	const struct admin *admin;
	struct api_stream *stream;
};

static void on_gone(void *arg)
{
	struct asker *asker = arg;

	asker->stream = NULL; /* it is published all the same */
}

static void write_outcome(const struct admin *a, const struct publish_outcome *o, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_bool(&j, "ok", o->rc == 0);
	json_key_bool(&j, "is_new", o->rc == 0 && o->result.is_new);
	if (o->rc == 0) {
		json_key(&j, "generation");
		json_map(&j);
		write_generation(a, &j, &o->result.generation);
		json_map_end(&j);
		json_key_int(&j, "rendered", o->result.n_rendered);
		json_key_bool(&j, "config_differs", a->generations.differs(a->generations.arg));
	}
	json_key_int(&j, "served", a->generation ? a->generation->number : 0);
	json_key_problems(&j, &o->errors);
	json_map_end(&j);
}

static void on_done(void *arg, const struct publish_outcome *o)
{
	struct asker *asker = arg;
	AUTO(str_done) struct str out = str_init(REPLY_MAX);

	if (asker->stream) {
		write_outcome(asker->admin, o, &out);
		api_stream_send(asker->stream, &out);
		api_stream_end(asker->stream);
	}
	free(asker);
}

static void order(struct api_request *r, struct publish_wish wish)
{
	const struct admin *a = r->arg;
	AUTO(free_p) char *by = api_query(r, "by");
	struct asker *asker = xcalloc(1, sizeof(*asker));

	(void)log_safe(wish.by, sizeof(wish.by), by ? by : "api", by ? strlen(by) : 3);
	asker->admin = a;
	int rc = a->generations.order(a->generations.arg, &wish, on_done, asker);
	if (rc == 0) {
		asker->stream = api_stream_new(r, NULL, on_gone, asker);
		return;
	}
	free(asker);
	if (rc == -EALREADY)
		api_reply_error(r, 409, "a generation is being built: try again when it is done");
	else
		api_reply_error(r, HTTP_SERVUNAVAIL, "it can not be ordered: %s", strerror(-rc));
}

void generations_post_apply(struct api_request *r)
{
	order(r, (struct publish_wish){.again = 0});
}

void generations_post_plan(struct api_request *r)
{
	order(r, (struct publish_wish){.is_draft = true});
}

void generations_post_one(struct api_request *r)
{
	const char *rest;
	AUTO(free_p) char *name = take_name(r, &rest);
	struct archive_generation g;
	int64_t number;

	if (!read_number(r, name, &number))
		return;
	if (strcmp(rest, "/rollback") == 0 &&
		archive_find(archive_of(r->arg), number, &g) == -ENOENT)
		api_reply_error(r, HTTP_NOTFOUND,
			"there is no generation %lld (slipway generations lists them)",
			(long long)number);
	else if (strcmp(rest, "/rollback") == 0)
		order(r, (struct publish_wish){.again = number});
	else
		api_reply_error(r, HTTP_NOTFOUND, "no such path");
}
