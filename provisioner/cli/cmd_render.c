#include <stdio.h>
#include <string.h>

#include "provisioner/cli/client.h"

#define BODY_BYTES_MAX ((size_t)64 << 20)

static const struct cli_option options[] = {
	{"as", 'a', "WHAT", "cloud-config",
		"cloud-config (as the template wrote it), config (as the node reads it), ipxe, "
		"grub, or uki (the kernel arguments for a unified kernel image)"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static int run(const struct cli *cli)
{
	AUTO(str_done) struct str body = str_init(BODY_BYTES_MAX);
	char path[256];

	if (strpbrk(cli->args[0], "/?#% ") || strpbrk(cli_value(cli, "as"), "/?#% ") ||
		snprintf(path, sizeof(path), "/v1/nodes/%s/%s", cli->args[0],
			cli_value(cli, "as")) >= (int)sizeof(path)) {
		cli_complain(cli, "\"%.80s\" is not a node's name", cli->args[0]);
		return CLI_USAGE;
	}
	int rc = client_get(cli, path, &body);
	if (rc == CLI_OK && fwrite(str_text(&body), 1, body.len, stdout) != body.len)
		return CLI_FAILED;
	return rc;
}

const struct cli_command cmd_render = {
	.name = "render",
	.args = "NODE",
	.summary = "print what a node gets, as it is published",
	.detail = "The join token and the nonce of a boot are filled in when it is served; here "
		  "their places\n"
		  "read slot_join_token___... and slot_boot_nonce___...",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
