#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/cli/cli.h"
#include "provisioner/daemon/supervisor.h"

static const struct cli_option options[] = {
	{"config", 'c', "FILE", SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml", "what to serve"},
	{"state", 0, "DIR", "/var/lib/slipway", "where leases, nodes and keys are kept"},
	{"images", 0, "DIR", "/var/lib/slipway/images", "the image store: NAME/VERSION/FILE"},
	{"templates", 0, "DIR", SLIPWAY_DATADIR "/templates", "shipped templates"},
	{"firmware", 0, "DIR", "/usr/lib/ipxe", "boot loaders"},
	{"agent", 0, "DIR", SLIPWAY_LIBDIR, "the folder of slipway-join"},
	{"apply", 0, NULL, NULL, "publish what is on disk first, even if something is published"},
	{"socket", 's', "PATH", "/run/slipway.sock", "admin socket"},
	{"user", 0, "NAME", "slipway", "whom the workers run as"},
	{"log-level", 0, "LEVEL", "info", "error, warn, info or debug"},
	{.name = NULL},
};

static int run(const struct cli *cli)
{
	enum log_level level;

	if (log_level_parse(cli_value(cli, "log-level"), &level) < 0) {
		cli_complain(cli, "--log-level: \"%s\" is not one of error, warn, info, debug",
			cli_value(cli, "log-level"));
		return CLI_USAGE;
	}
	log_init("slipway", level);
	return supervisor_run(&(struct serve_options){
		.config = cli_value(cli, "config"),
		.state_dir = cli_value(cli, "state"),
		.images_dir = cli_value(cli, "images"),
		.templates_dir = cli_value(cli, "templates"),
		.firmware_dir = cli_value(cli, "firmware"),
		.agent_dir = cli_value(cli, "agent"),
		.socket = cli_value(cli, "socket"),
		.user = cli_value(cli, "user"),
		.log_level = cli_value(cli, "log-level"),
		.publishes = cli_has(cli, "apply"),
	});
}

const struct cli_command cmd_serve = {
	.name = "serve",
	.args = "",
	.summary = "run the provisioning server: DHCP, TFTP, boot HTTP, join and admin API",
	.detail =
		"Runs in the foreground until SIGTERM. The first start publishes cluster.yaml; "
		"later "
		"ones serve what\n"
		"is published, whatever cluster.yaml says, until slipway apply or SIGHUP publishes "
		"that.",
	.options = options,
	.run = run,
};
