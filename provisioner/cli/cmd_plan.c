#include <stdio.h>
#include <string.h>

#include "provisioner/cli/plan.h"
#include "provisioner/cli/plan_print.h"

static const struct cli_option options[] = {
	{"behind", 'b', NULL, NULL,
		"only what nodes run against what is published; nothing is rendered"},
	{"full", 'f', NULL, NULL,
		"also how the configuration that a system reads changes where its cloud-config "
		"does"},
	{"output", 'o', "FORMAT", "text", "text or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static void print_changes(const json_t *plan)
{
	size_t n = plan_count(plan);

	if (!plan_is_any(plan))
		puts("Nothing to publish: what is published is what cluster.yaml and the templates "
		     "say.");
	else if (n == 0)
		puts("No node gets anything else. `slipway apply` publishes it.");
	else
		printf("%zu node%s something else, come%s or go%s. `slipway apply` publishes it.\n",
			n, n == 1 ? " gets" : "s get", n == 1 ? "s" : "", n == 1 ? "es" : "");
	if (client_number(plan, "from") > client_number(plan, "served"))
		printf("Generation %lld is published and waits for a restart of slipway serve; "
		       "until then nodes get generation %lld.\n",
			client_number(plan, "from"), client_number(plan, "served"));
}

static void print_summary(const json_t *plan, bool is_behind_only)
{
	size_t n = plan_count_behind(plan);

	if (!is_behind_only && !plan_is_any(plan) && n == 0 &&
		client_number(plan, "from") == client_number(plan, "served")) {
		puts("Nothing to do: what is published is what cluster.yaml and the templates say, "
		     "and no node is behind it.");
		return;
	}
	if (!is_behind_only)
		print_changes(plan);
	if (n > 0)
		printf("%zu node%s behind: `slipway nodes --behind` lists %s.\n", n,
			n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
	else if (is_behind_only)
		printf("No node is behind what is published (generation %lld).\n",
			client_number(plan, "served"));
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *plan = NULL;
	struct plan_wish wish = {
		.is_full = cli_has(cli, "full"), .is_behind_only = cli_has(cli, "behind")};

	if (!cli_output_is_legal(cli, "text"))
		return cli_usage(cli);
	int rc = plan_gather(cli, &wish, &plan);
	if (rc != CLI_OK)
		return rc;
	if (cli_is_json(cli)) {
		client_print_json(plan);
	} else {
		plan_print(plan);
		print_summary(plan, wish.is_behind_only);
	}
	return plan_is_any(plan) || plan_count_behind(plan) > 0 ? CLI_CHANGES : CLI_OK;
}

const struct cli_command cmd_plan = {
	.name = "plan",
	.args = "[NODE...]",
	.summary = "show what apply would change, for which nodes, and what nodes run that are "
		   "behind",
	.detail = "Renders cluster.yaml and the templates as they are now, and publishes nothing.\n"
		  "Exit status: 0 nothing to do, 2 apply would change something or a node runs\n"
		  "something older than what is published, 65 there are mistakes, 3 no such node,\n"
		  "64 wrong usage.",
	.options = options,
	.max_args = CLI_ARGS_MAX,
	.usage_exit = CLI_USAGE_ELSE,
	.run = run,
};
