/* slipway - the one program of the provisioning server: its daemon, and the commands to it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/err.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"
#include "provisioner/cli/cli.h"

static const struct cli_command *const commands[] = {
	&cmd_init,
	&cmd_serve,
	&cmd_check,
	&cmd_plan,
	&cmd_apply,
	&cmd_generations,
	&cmd_nodes,
	&cmd_events,
	&cmd_leases,
	&cmd_trace,
	&cmd_wait,
	&cmd_status,
	&cmd_render,
	&cmd_schema,
	&cmd_addons,
	&cmd_images,
	&cmd_worker,
};

static void print_overview(FILE *to)
{
	(void)fputs("slipway launches bare metal into a cluster.\n\nusage: slipway COMMAND "
		    "[OPTIONS] [ARGUMENTS]\n\n",
		to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!commands[i]->is_hidden)
			(void)fprintf(to, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs("\n  slipway COMMAND --help   a command's options\n"
		    "  slipway --version        the version\n"
		    "\nman slipway, man slipway-images, man cluster.yaml\n",
		to);
}

/* The last word of its name. */
static const char *verb_name(const struct cli_command *c)
{
	const char *blank = strrchr(c->name, ' ');

	return blank ? blank + 1 : c->name;
}

static void print_verbs(const struct cli_command *group, FILE *to)
{
	(void)fprintf(to, "usage: slipway %s VERB [OPTIONS] [ARGUMENTS]\n\n%s.\n\n", group->name,
		group->summary);
	for (size_t i = 0; group->verbs[i]; i++)
		(void)fprintf(
			to, "  %-8s %s\n", verb_name(group->verbs[i]), group->verbs[i]->summary);
	(void)fprintf(to, "\n  slipway %s VERB --help   a verb's options\n", group->name);
	if (group->detail)
		(void)fprintf(to, "\n%s\n", group->detail);
}

static void print_help(const struct cli_command *c)
{
	if (c->verbs) {
		print_verbs(c, stdout);
		return;
	}
	printf("usage: slipway %s [OPTIONS]%s%s\n\n%s.\n", c->name, c->args[0] ? " " : "", c->args,
		c->summary);
	if (c->detail)
		printf("\n%s\n", c->detail);
	puts("\noptions:");
	for (const struct cli_option *o = c->options; o->name; o++) {
		char flag[64];

		if (o->letter)
			(void)snprintf(flag, sizeof(flag), "-%c, --%s%s%s", o->letter, o->name,
				o->arg ? " " : "", o->arg ? o->arg : "");
		else
			(void)snprintf(flag, sizeof(flag), "    --%s%s%s", o->name,
				o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-24s %s%s%s%s\n", flag, o->doc, o->preset ? " (" : "",
			o->preset ? o->preset : "", o->preset ? ")" : "");
	}
	puts("  -h, --help               this text");
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[ARRAY_LEN(commands) + 1] = {NULL};

	for (size_t i = 0, n = 0; i < ARRAY_LEN(commands); i++)
		if (!commands[i]->is_hidden)
			names[n++] = commands[i]->name;
	(void)fprintf(
		stderr, "slipway: no command \"%s\"%s\n", name, err_did_you_mean(name, names).text);
	return CLI_USAGE;
}

static int unknown_verb(const struct cli_command *group, const char *name)
{
	const char *names[CLI_VERBS_MAX + 1] = {NULL};

	for (size_t i = 0; group->verbs[i] && i < CLI_VERBS_MAX; i++)
		names[i] = verb_name(group->verbs[i]);
	(void)fprintf(stderr, "slipway %s: no verb \"%s\"%s\n", group->name, name,
		err_did_you_mean(name, names).text);
	return CLI_USAGE;
}

/* The verb of a group that argv[2] names; NULL, and *ret_rc, when there is nothing to run. */
static const struct cli_command *find_verb(
	const struct cli_command *group, int argc, char **argv, int *ret_rc)
{
	bool asked = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0 ||
					 strcmp(argv[2], "help") == 0);

	*ret_rc = asked ? CLI_OK : CLI_USAGE;
	if (argc < 3 || asked) {
		print_verbs(group, asked ? stdout : stderr);
		return NULL;
	}
	for (size_t i = 0; group->verbs[i]; i++)
		if (strcmp(verb_name(group->verbs[i]), argv[2]) == 0)
			return group->verbs[i];
	*ret_rc = unknown_verb(group, argv[2]);
	return NULL;
}

#define HELP_VALUE 1000

/* The command's table as getopt_long() wants it; `val` is the option's index. */
static void make_getopt(const struct cli_command *c, struct option *longs, char *shorts)
{
	size_t n = 0, s = 0;

	for (; c->options[n].name; n++) {
		longs[n] = (struct option){.name = c->options[n].name,
			.has_arg = c->options[n].arg ? required_argument : no_argument,
			.val = (int)n + 1};
		if (!c->options[n].letter)
			continue;
		shorts[s++] = c->options[n].letter;
		if (c->options[n].arg)
			shorts[s++] = ':';
	}
	longs[n] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_VALUE};
	shorts[s++] = 'h';
	shorts[s] = '\0';
}

static size_t index_of(const struct cli_command *c, int got)
{
	size_t i = 0;

	if (got > 0 && got <= CLI_OPTIONS_MAX)
		return (size_t)got - 1;
	while (c->options[i].name && c->options[i].letter != got)
		i++;
	return i;
}

/* CLI_OK to go on, -1 after --help, or CLI_USAGE. */
static int parse(struct cli *cli, int argc, char **argv)
{
	struct option longs[CLI_OPTIONS_MAX + 2] = {{0}};
	char shorts[2 * CLI_OPTIONS_MAX + 2];
	int got;

	make_getopt(cli->command, longs, shorts);
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (got == HELP_VALUE || got == 'h') {
			print_help(cli->command);
			return -1;
		}
		if (got == '?')
			return CLI_USAGE; /* getopt has said why */
		cli->values[index_of(cli->command, got)] = optarg ? optarg : "";
	}
	cli->n_args = (size_t)(argc - optind);
	if (cli->n_args < cli->command->min_args || cli->n_args > cli->command->max_args ||
		cli->n_args > CLI_ARGS_MAX) {
		const char *args = cli->command->args;

		(void)fprintf(stderr, "usage: slipway %s [OPTIONS]%s%s\n", cli->command->name,
			args[0] ? " " : "", args);
		return CLI_USAGE;
	}
	for (size_t i = 0; i < cli->n_args; i++)
		cli->args[i] = argv[optind + (int)i];
	return CLI_OK;
}

int main(int argc, char **argv)
{
	struct cli cli = {0};

	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		const struct cli_command *about = argc > 2 ? find_command(argv[2]) : NULL;

		if (about)
			print_help(about);
		else if (argc > 2)
			return unknown_command(argv[2]);
		else
			print_overview(argc < 2 ? stderr : stdout);
		return argc < 2 ? CLI_USAGE : CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		puts("slipway " SLIPWAY_VERSION);
		return CLI_OK;
	}
	cli.command = find_command(argv[1]);
	if (!cli.command)
		return unknown_command(argv[1]);
	int rc, words = 1;
	if (cli.command->verbs) {
		cli.command = find_verb(cli.command, argc, argv, &rc);
		if (!cli.command)
			return rc;
		words = 2;
	}
	rc = parse(&cli, argc - words, argv + words);
	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : cli_usage(&cli);
	rc = cli.command->run(&cli);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	cli_complain(&cli, "what should have been printed could not be written");
	return rc == CLI_OK ? CLI_FAILED : rc;
}
