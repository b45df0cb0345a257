/* What the supervisor starts; not for people. See provisioner/daemon/worker.h. */
#include "provisioner/cli/cli.h"
#include "provisioner/daemon/run.h"

static int run(const struct cli *cli)
{
	struct worker_options o;

	if (worker_begin(cli->args, &o) < 0) {
		cli_complain(cli, "started by hand; it is the supervisor's");
		return CLI_USAGE;
	}
	return run_worker(&o);
}

static const struct cli_option no_options[] = {{.name = NULL}};

const struct cli_command cmd_worker = {
	.name = "worker",
	.args = "NAME INTERFACE STATE CONFIG USER LEVEL TFTP ADDRESS LISTENING PUBLISHES",
	.summary = "one process of the server; the supervisor starts it",
	.options = no_options,
	.min_args = N_WORKER_WORDS,
	.max_args = N_WORKER_WORDS,
	.is_hidden = true,
	.run = run,
};
