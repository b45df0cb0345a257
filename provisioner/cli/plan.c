#include "provisioner/cli/plan.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/cli/groups.h"
#include "provisioner/cli/outcome.h"

static const struct diff_style shown = {.context = 3, .numbers = true};

struct gathering {
	const struct cli *cli;
	const struct plan_wish *wish;
	struct texts texts;
	json_t *machines; /* by name, as the API gives them */
	json_t *status;
	json_t *plan;
};

static bool is_named(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < cli->n_args; i++)
		if (strcmp(cli->args[i], name) == 0)
			return true;
	return cli->n_args == 0;
}

static int get_changes(const struct cli *cli, const char *from, const char *to, json_t **ret)
{
	char path[120];

	(void)snprintf(path, sizeof(path), "/v1/generations/%s/changes?from=%s", to, from);
	return client_get_json(cli, path, ret);
}

/* --- from what is published to what is on disk ---------------------------------------------------- */

/* The draft, which the server renders now. */
static int make_draft(const struct cli *cli)
{
	AUTO(client_free_json) json_t *reply = NULL;

	int rc = client_order_json(cli, "/v1/plan", &reply);
	if (rc != CLI_OK)
		return rc;
	bool is_ok = json_is_true(json_object_get(reply, "ok"));
	if (!is_ok && cli_is_json(cli))
		client_print_json(reply);
	else
		outcome_print_problems(reply);
	return is_ok ? CLI_OK : CLI_CONFIG;
}

static void add_files(struct gathering *g, const json_t *files)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		texts_want(&g->texts, json_object_get(file, "from"));
		texts_want(&g->texts, json_object_get(file, "to"));
	}
	if (texts_fetch(&g->texts) != CLI_OK)
		return;
	json_array_foreach(files, i, file)
	{
		bool is_input = json_is_true(json_object_get(file, "is_input"));
		AUTO(free_p)
		char *diff = texts_diff(&g->texts, json_object_get(file, "from"),
			json_object_get(file, "to"), &shown);

		(void)json_array_append_new(
			json_object_get(g->plan, is_input ? "inputs" : "shared"),
			json_pack("{s:s, s:s}", "name", client_text(file, "name"), "diff", diff));
	}
	texts_forget(&g->texts);
}

/* Nodes that come and go are named, but for those that somebody asks for; the others are compared. */
static void sort_out(struct gathering *g, const json_t *nodes, json_t *compared, json_t *asked_for)
{
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		bool was = json_object_size(json_object_get(node, "from")) > 0;
		bool is = json_object_size(json_object_get(node, "to")) > 0;

		if (!is_named(g->cli, client_text(node, "name")))
			continue;
		if (was && is)
			(void)json_array_append(compared, node);
		else
			(void)json_array_append(json_object_get(g->plan, is ? "new" : "gone"),
				json_object_get(node, "name"));
		if (is && !was && g->cli->n_args > 0)
			(void)json_array_append(asked_for, node);
	}
}

static void add_groups(struct gathering *g, const char *key, const json_t *nodes)
{
	struct groups groups;

	groups_init(&groups, &g->texts, g->machines, g->wish->is_full);
	groups_add(&groups, nodes, /* runs= */ 0);
	(void)json_object_set(g->plan, key, groups.list);
	groups_done(&groups);
}

static int gather_changes(struct gathering *g)
{
	AUTO(client_free_json) json_t *changes = NULL;
	AUTO(client_free_json) json_t *compared = json_array();
	AUTO(client_free_json) json_t *asked_for = json_array();
	int rc = make_draft(g->cli);

	if (rc == CLI_OK)
		rc = get_changes(g->cli, "published", "0", &changes);
	if (rc != CLI_OK)
		return rc;
	(void)json_object_update_new(g->plan,
		json_pack("{s:O, s:O, s:[], s:[], s:[], s:[], s:[]}", "from",
			json_object_get(changes, "from"), "to", json_object_get(changes, "to"),
			"inputs", "shared", "groups", "new", "gone"));
	sort_out(g, json_object_get(changes, "nodes"), compared, asked_for);
	add_files(g, json_object_get(changes, "files"));
	add_groups(g, "groups", compared);
	add_groups(g, "asked_for", asked_for);
	return g->texts.rc;
}

/* --- from what nodes run to what they get ----------------------------------------------------------- */

static bool is_behind(const json_t *machine)
{
	const char *needs = client_text(machine, "needs");

	return needs[0] && strcmp(needs, "nothing") != 0;
}

/* Their names in lists, by the number of the generation that they run. */
static json_t *nodes_behind(const struct gathering *g)
{
	json_t *legs = json_object(), *machine;
	const char *name;

	json_object_foreach(g->machines, name, machine)
	{
		char runs[24];

		if (!is_behind(machine) || !is_named(g->cli, name))
			continue;
		(void)snprintf(runs, sizeof(runs), "%lld", client_number(machine, "generation"));
		if (!json_object_get(legs, runs))
			(void)json_object_set_new(legs, runs, json_object());
		(void)json_object_set(json_object_get(legs, runs), name, machine);
	}
	return legs;
}

/* What the archive has no more can not be compared. */
static void add_unknown(struct groups *groups, json_t *machines, long long runs)
{
	AUTO(client_free_json) json_t *list = json_array();
	json_t *machine;
	const char *name;

	json_object_foreach(machines, name, machine)(void) json_array_append(list, machine);
	groups_add_unknown(groups, list, runs);
}

/* Those that run the same generation. */
static int add_leg(struct gathering *g, struct groups *groups, json_t *machines)
{
	AUTO(client_free_json) json_t *changes = NULL;
	AUTO(client_free_json) json_t *nodes = json_array();
	const json_t *first = json_object_iter_value(json_object_iter(machines));
	long long runs = client_number(first, "generation");
	char from[24];
	json_t *node;
	size_t i;

	if (strcmp(client_text(first, "needs"), "unknown") == 0) {
		add_unknown(groups, machines, runs);
		return CLI_OK;
	}
	(void)snprintf(from, sizeof(from), "%lld", runs);
	int rc = get_changes(g->cli, from, "served", &changes);
	if (rc != CLI_OK)
		return rc;
	json_array_foreach(json_object_get(changes, "nodes"), i,
		node) if (json_object_get(machines, client_text(node, "name")))(void)
		json_array_append(nodes, node);
	groups_add(groups, nodes, runs);
	return g->texts.rc;
}

static int gather_behind(struct gathering *g)
{
	AUTO(client_free_json) json_t *legs = nodes_behind(g);
	struct groups groups;
	json_t *machines;
	const char *runs;
	int rc = CLI_OK;

	groups_init(&groups, &g->texts, g->machines, g->wish->is_full);
	json_object_foreach(legs, runs, machines)
	{
		rc = add_leg(g, &groups, machines);
		if (rc != CLI_OK)
			break;
	}
	(void)json_object_set(g->plan, "behind", groups.list);
	(void)json_object_set(g->plan, "served", json_object_get(g->status, "generation"));
	groups_done(&groups);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------------ */

static int get_machines(struct gathering *g)
{
	AUTO(client_free_json) json_t *list = NULL;
	json_t *machine;
	size_t i;
	int rc = client_get_json(g->cli, "/v1/nodes", &list);

	if (rc == CLI_OK)
		rc = client_get_json(g->cli, "/v1/status", &g->status);
	json_array_foreach(list, i, machine) if (json_is_true(json_object_get(machine, "known")))(
		void) json_object_set(g->machines, client_text(machine, "name"), machine);
	return rc;
}

static bool has_name(const json_t *names, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(
		names, i, one) if (strcmp(json_string_value(one), name) == 0) return true;
	return false;
}

static int check_names(const struct gathering *g)
{
	for (size_t i = 0; i < g->cli->n_args; i++) {
		const char *name = g->cli->args[i];

		if (json_object_get(g->machines, name) ||
			has_name(json_object_get(g->plan, "new"), name))
			continue;
		cli_complain(g->cli, "\"%.80s\" is not a node of what is published%s", name,
			g->wish->is_behind_only ? "" : ", nor of cluster.yaml");
		return CLI_NOT_FOUND;
	}
	return CLI_OK;
}

static int gather(struct gathering *g)
{
	int rc = get_machines(g);

	if (rc == CLI_OK && !g->wish->is_behind_only)
		rc = gather_changes(g);
	if (rc == CLI_OK)
		rc = check_names(g);
	return rc == CLI_OK ? gather_behind(g) : rc;
}

int plan_gather(const struct cli *cli, const struct plan_wish *wish, json_t **ret)
{
	struct gathering g = {
		.cli = cli, .wish = wish, .machines = json_object(), .plan = json_object()};

	texts_init(&g.texts, cli);
	int rc = gather(&g);
	texts_done(&g.texts);
	json_decref(g.machines);
	json_decref(g.status);
	if (rc == CLI_OK)
		*ret = g.plan;
	else
		json_decref(g.plan);
	return rc;
}

static size_t size_of(const json_t *plan, const char *key)
{
	return json_array_size(json_object_get(plan, key));
}

static size_t count_nodes(const json_t *groups)
{
	size_t n = 0, i;
	json_t *group;

	json_array_foreach(groups, i, group) n += size_of(group, "nodes");
	return n;
}

size_t plan_count(const json_t *plan)
{
	return size_of(plan, "new") + size_of(plan, "gone") +
	       count_nodes(json_object_get(plan, "groups"));
}

size_t plan_count_behind(const json_t *plan)
{
	return count_nodes(json_object_get(plan, "behind"));
}

bool plan_is_any(const json_t *plan)
{
	return plan_count(plan) + size_of(plan, "inputs") + size_of(plan, "shared") > 0;
}
