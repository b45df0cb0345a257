#include "provisioner/cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t option_index(const struct cli *cli, const char *name)
{
	size_t i = 0;

	while (cli->command->options[i].name && strcmp(cli->command->options[i].name, name) != 0)
		i++;
	assert(cli->command->options[i].name); /* a command asks only for its own options */
	return i;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	size_t i = option_index(cli, name);

	return cli->values[i] ? cli->values[i] : cli->command->options[i].preset;
}

bool cli_has(const struct cli *cli, const char *name)
{
	return cli->values[option_index(cli, name)] != NULL;
}

bool cli_is_json(const struct cli *cli)
{
	for (size_t i = 0; cli->command->options[i].name; i++)
		if (cli->values[i] && strcmp(cli->command->options[i].name, "json") == 0)
			return true;
	return strcmp(cli_value(cli, "output"), "json") == 0;
}

bool cli_output_is_legal(const struct cli *cli, const char *one)
{
	if (cli_is_json(cli) || strcmp(cli_value(cli, "output"), one) == 0)
		return true;
	cli_complain(cli, "--output: \"%.40s\" is not %s or json", cli_value(cli, "output"), one);
	return false;
}

int cli_usage(const struct cli *cli)
{
	return cli->command->usage_exit ? cli->command->usage_exit : CLI_USAGE;
}

void cli_complain(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "slipway %s: ", cli->command->name);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}
