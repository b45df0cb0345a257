/* What the supervisor starts; not for people. See provisioner/daemon/worker.h. */
#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/cli/cli.h"
#include "provisioner/daemon/worker.h"

enum argument { ARG_NAME, ARG_INTERFACE, ARG_STATE, ARG_CONFIG, ARG_USER, ARG_LEVEL, N_ARGUMENTS };

static int run(const struct cli *cli)
{
	struct worker_options o = {.kind = N_WORKERS,
		.interface = cli->args[ARG_INTERFACE],
		.state_dir = cli->args[ARG_STATE],
		.config_name = cli->args[ARG_CONFIG]};
	enum log_level level;

	for (size_t i = 0; i < N_WORKERS; i++)
		if (strcmp(worker_rows[i].name, cli->args[ARG_NAME]) == 0)
			o.kind = (enum worker_kind)i;
	if (o.kind == N_WORKERS || log_level_parse(cli->args[ARG_LEVEL], &level) < 0 ||
		sandbox_user(cli->args[ARG_USER], &o.uid, &o.gid) < 0) {
		cli_complain(cli, "started by hand; it is the supervisor's");
		return CLI_USAGE;
	}
	log_init(cli->args[ARG_NAME], level);
	return worker_run(&o);
}

static const struct cli_option no_options[] = {{.name = NULL}};

const struct cli_command cmd_worker = {
	.name = "worker",
	.args = "NAME INTERFACE STATE CONFIG USER LEVEL",
	.summary = "one process of the server; the supervisor starts it",
	.options = no_options,
	.min_args = N_ARGUMENTS,
	.max_args = N_ARGUMENTS,
	.is_hidden = true,
	.run = run,
};
