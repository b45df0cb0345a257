#include "provisioner/api/explain.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/api/admin.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/json.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/depends.h"
#include "provisioner/generation/generation.h"

#define NAME_BYTES_MAX 512
#define VALUE_BYTES_MAX 4096

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

/* What is given to one add-on, at one level; what `nearer` gives, too, does not count here. */
static void write_parameters(struct json *j, const char *addon, const struct doc_node *given,
	const struct doc_node *nearer, enum origin_level level)
{
	for (size_t i = 0; given && given->kind == DOC_MAP && i < given->n; i++) {
		AUTO(str_done) struct str name = str_init(NAME_BYTES_MAX);
		AUTO(str_done) struct str value = str_init(VALUE_BYTES_MAX);
		const struct doc_node *v = given->pairs[i].value;

		if (nearer && nearer->kind == DOC_MAP && doc_get(nearer, given->pairs[i].key->text))
			continue;
		str_printf(&name, "addons.%s.%s", addon, given->pairs[i].key->text);
		cluster_value_text(v, &value);
		write_origin(j, &(struct cluster_origin){.name = str_text(&name),
					.value = str_text(&value),
					.level = level,
					.at = v->at});
	}
}

static void write_addons(struct json *j, const struct cluster *c, const struct cluster_role *role)
{
	const struct cluster_addon_list *list = &role->addons;

	for (size_t i = 0; i < list->n; i++) {
		const struct cluster_addon *a = &list->items[i];
		const struct doc_node *wide = c->addons && c->addons->kind == DOC_MAP
						      ? doc_get(c->addons, a->name)
						      : NULL;
		AUTO(str_done) struct str name = str_init(NAME_BYTES_MAX);

		str_printf(&name, "addons.%s", a->name);
		write_origin(j, &(struct cluster_origin){.name = str_text(&name),
					.value = "",
					.level = ORIGIN_ROLE,
					.at = a->at});
		write_parameters(j, a->name, a->parameters, NULL, ORIGIN_ROLE);
		write_parameters(j, a->name, wide, a->parameters, ORIGIN_CLUSTER);
	}
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
		api_reply_error(r, HTTP_NOTFOUND, "\"%s\" is not a node of cluster.yaml", node);
		return;
	}
	json_map(&j);
	json_key_text(&j, "node", n->name);
	json_key_int(&j, "generation", g->number);
	json_key(&j, "settings");
	json_list(&j);
	cluster_explain(g->cluster, n, write_origin, &j);
	write_addons(&j, g->cluster, n->role);
	json_list_end(&j);
	int rc = write_trace(&j, g, n->name);
	json_map_end(&j);
	if (rc < 0)
		api_reply_error(
			r, HTTP_SERVUNAVAIL, "generations.db: %s", archive_reason(g->archive));
	else
		api_reply_json(r, HTTP_OK, &out);
}
