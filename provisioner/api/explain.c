#include "provisioner/api/explain.h"

#include <string.h>

#include "provisioner/api/admin.h"
#include "provisioner/api/explain_addons.h"
#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/depends.h"
#include "provisioner/generation/generation.h"

/* --- settings ------------------------------------------------------------------------------------- */

static void write_origin(void *arg, const struct cluster_origin *o)
{
	struct json *j = arg;

	json_map(j);
	json_key_text(j, "name", o->name);
	json_key_text(j, "value", o->value);
	json_key_text(j, "level", origin_level_name(o->level));
	json_key_text(j, "file", o->at.file);
	json_key_int(j, "line", o->at.line);
	json_key_int(j, "column", o->at.col);
	json_map_end(j);
}

/* --- what was read -------------------------------------------------------------------------------- */

/* The trace has a line for each: "n NAME", or "t TEMPLATE". */
static void write_reads(struct json *j, const char *key, char kind, const char *trace)
{
	json_key(j, key);
	json_list(j);
	for (const char *line = trace; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > 2 && line[0] == kind)
			json_textn(j, line + 2, len - 2);
		line += len + (line[len] == '\n');
	}
	json_list_end(j);
}

static int write_trace(struct json *j, const struct generation *g, const char *node)
{
	AUTO(str_done) struct str trace = str_init(DEPENDS_TRACE_MAX);
	struct archive_node n;
	int rc = archive_node_find(g->archive, g->number, node, &n);

	if (rc == 0)
		rc = archive_text(g->archive, n.trace, &trace);
	write_reads(j, "templates", 't', str_text(&trace));
	write_reads(j, "names", 'n', str_text(&trace));
	return rc;
}

void explain_reply(struct api_request *r, const char *node)
{
	const struct admin *a = r->arg;
	const struct generation *g = a->generation;
	const struct cluster_node *n = cluster_node_find(g->cluster, node);
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);

	if (!n) {
		api_reply_error(r, HTTP_NOTFOUND, ADMIN_NO_NODE, node, (long long)g->number);
		return;
	}
	json_map(&j);
	json_key_text(&j, "node", n->name);
	json_key_int(&j, "generation", g->number);
	json_key(&j, "settings");
	json_list(&j);
	cluster_explain(g->cluster, n, write_origin, &j);
	explain_addons(g, n->role, write_origin, &j);
	json_list_end(&j);
	int rc = write_trace(&j, g, n->name);
	json_map_end(&j);
	if (rc < 0)
		api_reply_error(
			r, HTTP_SERVUNAVAIL, "generations.db: %s", archive_reason(g->archive));
	else
		api_reply_json(r, HTTP_OK, &out);
}
