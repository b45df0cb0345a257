#include <stdio.h>
#include <string.h>

#include "provisioner/cli/outcome.h"
#include "provisioner/cli/plan.h"
#include "provisioner/cli/table.h"

static const struct cli_option options[] = {
	{"full", 'f', NULL, NULL,
		"also how the configuration that a system reads changes where its cloud-config "
		"does"},
	{"output", 'o', "FORMAT", "text", "text or json"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* Nodes that run something else than what is published for them. */
static json_t *nodes_behind(const json_t *nodes)
{
	json_t *list = json_array(), *n;
	size_t i;

	json_array_foreach(nodes, i, n)
	{
		const char *needs = client_text(n, "needs");

		if (needs[0] && strcmp(needs, "nothing") != 0)
			(void)json_array_append_new(list,
				json_pack("{s:O, s:O, s:O}", "name", json_object_get(n, "name"),
					"runs", json_object_get(n, "generation"), "needs",
					json_object_get(n, "needs")));
	}
	return list;
}

static void print_behind(const json_t *behind, long long published)
{
	static const char *const headers[] = {"NODE", "RUNS", "NEEDS", NULL};
	struct table *t = table_new(headers);
	json_t *n;
	size_t i;

	json_array_foreach(behind, i, n)
	{
		char runs[24];
		const char *const cells[] = {client_text(n, "name"), runs, client_text(n, "needs")};

		(void)snprintf(runs, sizeof(runs), "%lld",
			(long long)json_integer_value(json_object_get(n, "runs")));
		table_row(t, cells);
	}
	printf("%zu node%s not what is published (generation %lld):\n", i,
		i == 1 ? " runs" : "s run", published);
	table_print(t, stdout);
	(void)putchar('\n');
	table_free(t);
}

static void print_summary(const json_t *plan, size_t n_behind)
{
	size_t n = plan_count(plan);

	if (!plan_is_any(plan) && n_behind == 0)
		puts("Nothing to do: what is published is what cluster.yaml and the templates say, "
		     "and every node runs it.");
	else if (!plan_is_any(plan))
		puts("Nothing to publish.");
	else if (n == 0)
		puts("No node gets anything else. `slipway apply` publishes it.");
	else
		printf("%zu node%s something else, come%s or go%s. `slipway apply` publishes it.\n",
			n, n == 1 ? " gets" : "s get", n == 1 ? "s" : "", n == 1 ? "es" : "");
}

/* The draft, which the server renders now. */
static int make_draft(const struct cli *cli)
{
	AUTO(client_free_json) json_t *reply = NULL;

	int rc = client_order_json(cli, "/v1/plan", &reply);
	if (rc != CLI_OK)
		return rc;
	outcome_print_problems(reply);
	return json_is_true(json_object_get(reply, "ok")) ? CLI_OK : CLI_CONFIG;
}

static int gather(const struct cli *cli, json_t **ret)
{
	AUTO(client_free_json) json_t *nodes = NULL;
	int rc = make_draft(cli);

	if (rc == CLI_OK)
		rc = client_get_json(cli, "/v1/nodes", &nodes);
	if (rc == CLI_OK)
		rc = plan_gather(cli, "published", "0", cli_has(cli, "full"), ret);
	if (rc == CLI_OK)
		(void)json_object_set_new(*ret, "behind", nodes_behind(nodes));
	return rc;
}

static void print(const json_t *plan)
{
	json_t *behind = json_object_get(plan, "behind");

	plan_print(plan);
	if (json_array_size(behind) > 0)
		print_behind(behind, json_integer_value(json_object_get(plan, "from")));
	print_summary(plan, json_array_size(behind));
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *plan = NULL;

	if (!cli_output_is_legal(cli, "text"))
		return cli_usage(cli);
	int rc = gather(cli, &plan);
	if (rc != CLI_OK)
		return rc;
	if (strcmp(cli_value(cli, "output"), "json") == 0)
		client_print_json(plan);
	else
		print(plan);
	return plan_is_any(plan) || json_array_size(json_object_get(plan, "behind")) > 0
		       ? CLI_CHANGES
		       : CLI_OK;
}

const struct cli_command cmd_plan = {
	.name = "plan",
	.args = "[NODE...]",
	.summary = "show what apply would change, for which nodes, and which nodes are behind",
	.detail = "Renders cluster.yaml and the templates as they are now, and publishes nothing.\n"
		  "Exit status: 0 nothing would change, 2 something would, 65 there are mistakes,\n"
		  "64 wrong usage.",
	.options = options,
	.max_args = CLI_ARGS_MAX,
	.usage_exit = CLI_USAGE_ELSE,
	.run = run,
};
