#include "provisioner/cli/client.h"
#include "provisioner/cli/outcome.h"

static const struct cli_option options[] = {
	{"output", 'o', "FORMAT", "text", "text or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static int run(const struct cli *cli)
{
	return cli_output_is_legal(cli, "text") ? outcome_order(cli, "/v1/apply") : CLI_USAGE;
}

const struct cli_command cmd_apply = {
	.name = "apply",
	.args = "",
	.summary = "publish what cluster.yaml and the templates say now, whole or not at all",
	.detail = "The server renders and checks everything for every node first. With a mistake, "
		  "nothing changes:\n"
		  "exit status 65. What is published is served until the next apply, also after a "
		  "restart.",
	.options = options,
	.run = run,
};
