#include "provisioner/cli/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/diff.h"

#define TEXT_BYTES_MAX ((size_t)32 << 20)
#define PATH_BYTES_MAX 4000 /* of a request for texts */
#define NAMES_SHOWN 4

static const struct diff_style shown = {.context = 3, .numbers = true};
static const struct diff_style bare = {.context = 0, .numbers = false};

/* --- fetching ------------------------------------------------------------------------------------- */

/* Texts by object number, as the server gives them: many at a time. */
struct texts {
	const struct cli *cli;
	json_t *known;
	struct str wanted; /* "/v1/objects/1,2,3" */
	int rc;
};

static void fetch(struct texts *t)
{
	json_t *answer;

	if (t->wanted.len == 0 || t->rc != CLI_OK)
		return;
	t->rc = client_get_json(t->cli, str_text(&t->wanted), &answer);
	str_reset(&t->wanted);
	if (t->rc != CLI_OK)
		return;
	(void)json_object_update(t->known, answer);
	json_decref(answer);
}

static void want(struct texts *t, const json_t *object)
{
	char number[24];

	if (!json_integer_value(object))
		return;
	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(object));
	if (json_object_get(t->known, number))
		return;
	str_printf(&t->wanted, "%s%s", t->wanted.len ? "," : "/v1/objects/", number);
	if (t->wanted.len > PATH_BYTES_MAX)
		fetch(t);
}

/* "" for what is not there. */
static const char *text_of(const struct texts *t, const json_t *object)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(object));
	return client_text(t->known, number);
}

static char *diff_of(
	const struct texts *t, const json_t *from, const json_t *to, const struct diff_style *style)
{
	AUTO(str_done) struct str out = str_init(TEXT_BYTES_MAX);
	const char *a = text_of(t, from), *b = text_of(t, to);

	diff_add(a, strlen(a), b, strlen(b), style, &out);
	return str_ok(&out) ? str_take(&out) : xstrdup("(too long to be shown)\n");
}

/* --- grouping ------------------------------------------------------------------------------------- */

struct gathering {
	struct texts texts;
	bool is_full;
	json_t *by_change; /* the groups, by what changes without its neighbours: the same for all nodes of one */
	json_t *plan;
};

/* What a system reads is made of the cloud-config: it says nothing new, and is hard to read. */
static bool is_followed(const struct gathering *g, const json_t *node, const char *kind)
{
	return !g->is_full && strcmp(kind, "config") == 0 &&
	       !json_equal(json_object_get(json_object_get(node, "from"), "cloud-config"),
		       json_object_get(json_object_get(node, "to"), "cloud-config"));
}

/* The next kind of artefact that a node gets another of; NULL at the end. */
static const char *next_kind(
	const struct gathering *g, json_t *node, void **at, json_t **ret_from, json_t **ret_to)
{
	json_t *to = json_object_get(node, "to");

	for (*at = *at ? json_object_iter_next(to, *at) : json_object_iter(to); *at;
		*at = json_object_iter_next(to, *at)) {
		const char *kind = json_object_iter_key(*at);

		*ret_to = json_object_iter_value(*at);
		*ret_from = json_object_get(json_object_get(node, "from"), kind);
		if (!json_equal(*ret_from, *ret_to) && !is_followed(g, node, kind))
			return kind;
	}
	return NULL;
}

static char *bare_of(const struct gathering *g, json_t *node)
{
	AUTO(str_done) struct str out = str_init(TEXT_BYTES_MAX);
	json_t *from, *to;
	const char *kind;
	void *at = NULL;

	str_add(&out, client_text(node, "needs"));
	while ((kind = next_kind(g, node, &at, &from, &to))) {
		AUTO(free_p) char *diff = diff_of(&g->texts, from, to, &bare);

		str_printf(&out, "\n%s\n%s", kind, diff);
	}
	return str_take(&out);
}

static json_t *artefacts_of(const struct gathering *g, json_t *node)
{
	json_t *list = json_array(), *from, *to;
	const char *kind;
	void *at = NULL;

	while ((kind = next_kind(g, node, &at, &from, &to))) {
		AUTO(free_p) char *diff = diff_of(&g->texts, from, to, &shown);

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s}", "kind", kind, "diff", diff));
	}
	return list;
}

static json_t *group_new(const struct gathering *g, json_t *node)
{
	return json_pack("{s:s, s:[], s:o}", "needs", client_text(node, "needs"), "nodes",
		"artefacts", artefacts_of(g, node));
}

static void add_to_group(struct gathering *g, json_t *node)
{
	AUTO(free_p) char *change = bare_of(g, node);
	json_t *group = json_object_get(g->by_change, change);

	if (!group) {
		group = group_new(g, node);
		(void)json_array_append_new(json_object_get(g->plan, "groups"), group);
		(void)json_object_set_nocheck(g->by_change, change, group);
	}
	(void)json_array_append(json_object_get(group, "nodes"), json_object_get(node, "name"));
}

static bool is_named(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < cli->n_args; i++)
		if (strcmp(cli->args[i], name) == 0)
			return true;
	return cli->n_args == 0;
}

static void want_node(struct gathering *g, json_t *node)
{
	json_t *from, *to;
	void *at = NULL;

	while (next_kind(g, node, &at, &from, &to)) {
		want(&g->texts, from);
		want(&g->texts, to);
	}
}

/* So many nodes' texts are held at a time. */
#define NODES_AT_A_TIME 64

static void add_nodes(struct gathering *g, const json_t *nodes)
{
	size_t n = json_array_size(nodes);

	for (size_t first = 0; first < n && g->texts.rc == CLI_OK; first += NODES_AT_A_TIME) {
		size_t end = first + NODES_AT_A_TIME < n ? first + NODES_AT_A_TIME : n;

		for (size_t i = first; i < end; i++)
			want_node(g, json_array_get(nodes, i));
		fetch(&g->texts);
		for (size_t i = first; i < end && g->texts.rc == CLI_OK; i++)
			add_to_group(g, json_array_get(nodes, i));
		(void)json_object_clear(g->texts.known);
	}
}

/* Nodes that come and go are named; the others are compared. */
static json_t *sort_out(struct gathering *g, const json_t *nodes)
{
	json_t *compared = json_array(), *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		bool was = json_object_size(json_object_get(node, "from")) > 0;
		bool is = json_object_size(json_object_get(node, "to")) > 0;

		if (!is_named(g->texts.cli, client_text(node, "name")))
			continue;
		if (was && is)
			(void)json_array_append(compared, node);
		else
			(void)json_array_append(json_object_get(g->plan, is ? "new" : "gone"),
				json_object_get(node, "name"));
	}
	return compared;
}

static void add_files(struct gathering *g, const json_t *files)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		want(&g->texts, json_object_get(file, "from"));
		want(&g->texts, json_object_get(file, "to"));
	}
	fetch(&g->texts);
	json_array_foreach(files, i, file)
	{
		bool is_input = json_is_true(json_object_get(file, "is_input"));
		AUTO(free_p)
		char *diff = diff_of(&g->texts, json_object_get(file, "from"),
			json_object_get(file, "to"), &shown);

		(void)json_array_append_new(
			json_object_get(g->plan, is_input ? "inputs" : "shared"),
			json_pack("{s:s, s:s}", "name", client_text(file, "name"), "diff", diff));
	}
	(void)json_object_clear(g->texts.known);
}

static void gather(struct gathering *g, const json_t *changes)
{
	json_t *compared = sort_out(g, json_object_get(changes, "nodes"));

	add_files(g, json_object_get(changes, "files"));
	add_nodes(g, compared);
	json_decref(compared);
}

int plan_gather(const struct cli *cli, const char *from, const char *to, bool is_full, json_t **ret)
{
	AUTO(client_free_json) json_t *changes = NULL;
	char path[160];

	if (snprintf(path, sizeof(path), "/v1/generations/%s/changes?from=%s", to, from) >=
		(int)sizeof(path))
		return cli_usage(cli);
	struct gathering g = {
		.is_full = is_full,
		.by_change = json_object(),
		.texts = {.cli = cli,
			.known = json_object(),
			.wanted = str_init(2 * PATH_BYTES_MAX)},
	};
	g.texts.rc = client_get_json(cli, path, &changes);
	if (g.texts.rc == CLI_OK) {
		g.plan = json_pack("{s:O, s:O, s:[], s:[], s:[], s:[], s:[]}", "from",
			json_object_get(changes, "from"), "to", json_object_get(changes, "to"),
			"inputs", "shared", "groups", "new", "gone");
		gather(&g, changes);
	}
	json_decref(g.by_change);
	json_decref(g.texts.known);
	str_done(&g.texts.wanted);
	if (g.texts.rc == CLI_OK)
		*ret = g.plan;
	else
		json_decref(g.plan);
	return g.texts.rc;
}

static size_t size_of(const json_t *plan, const char *key)
{
	return json_array_size(json_object_get(plan, key));
}

size_t plan_count(const json_t *plan)
{
	size_t n = size_of(plan, "new") + size_of(plan, "gone"), i;
	json_t *group;

	json_array_foreach(json_object_get(plan, "groups"), i, group) n += size_of(group, "nodes");
	return n;
}

bool plan_is_any(const json_t *plan)
{
	return plan_count(plan) + size_of(plan, "inputs") + size_of(plan, "shared") > 0;
}

/* --- printing ------------------------------------------------------------------------------------- */

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

/* The operator's own text, but nothing that a terminal would obey. */
static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)putchar(iscntrl((unsigned char)text[i]) && text[i] != '\t' ? '?' : text[i]);
}

static void print_line(const char *line, size_t len, bool colours)
{
	const char *colour = !colours         ? ""
			     : line[0] == '-' ? "\033[31m"
			     : line[0] == '+' ? "\033[32m"
			     : line[0] == '@' ? "\033[36m"
					      : "";

	printf("    %s", colour);
	print_text(line, len);
	puts(colour[0] ? "\033[0m" : "");
}

static void print_diff(const char *diff)
{
	bool colours = has_colours();

	while (*diff) {
		size_t len = strcspn(diff, "\n");

		print_line(diff, len, colours);
		diff += len + (diff[len] == '\n');
	}
}

/* "worker1, worker2, worker3 and 97 more" */
static void print_names(const json_t *names)
{
	size_t n = json_array_size(names), some = n <= NAMES_SHOWN + 1 ? n : NAMES_SHOWN;

	for (size_t i = 0; i < some; i++)
		printf("%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
	if (some < n)
		printf(" and %zu more", n - some);
}

static void print_files(const json_t *files)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		puts(client_text(file, "name"));
		print_diff(client_text(file, "diff"));
		(void)putchar('\n');
	}
}

static void print_group(const json_t *group)
{
	const char *needs = client_text(group, "needs");
	json_t *artefact;
	size_t i;

	print_names(json_object_get(group, "nodes"));
	if (strcmp(needs, "nothing") != 0)
		printf("  (takes effect by: %s)", needs);
	(void)putchar('\n');
	json_array_foreach(json_object_get(group, "artefacts"), i, artefact)
	{
		printf("  %s\n", client_text(artefact, "kind"));
		print_diff(client_text(artefact, "diff"));
	}
	(void)putchar('\n');
}

static void print_moved(const char *what, const json_t *names)
{
	if (json_array_size(names) == 0)
		return;
	printf("%s: ", what);
	print_names(names);
	puts("\n");
}

void plan_print(const json_t *plan)
{
	json_t *group;
	size_t i;

	print_files(json_object_get(plan, "inputs"));
	print_files(json_object_get(plan, "shared"));
	json_array_foreach(json_object_get(plan, "groups"), i, group) print_group(group);
	print_moved("new", json_object_get(plan, "new"));
	print_moved("gone", json_object_get(plan, "gone"));
}
