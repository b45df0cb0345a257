/* cli.h - the frame of every command: one table row says its name, options and help.
 *
 * Exit statuses are the same for all: 0 done, 1 failed, 2 wrong usage, 3 no such thing, 4 no server
 * answers, 6 a wait ran out, 65 a mistake in what the operator wrote. `slipway plan` says 2 when there is
 * something to do, and 64 of wrong usage. */
#ifndef SLIPWAY_CLI_H
#define SLIPWAY_CLI_H

#include <stdbool.h>
#include <stddef.h>

#define CLI_OPTIONS_MAX 16
#define CLI_ARGS_MAX 64
#define CLI_VERBS_MAX 16

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_CHANGES = 2, /* slipway plan */
	CLI_NOT_FOUND = 3,
	CLI_NO_SERVER = 4,
	CLI_TIMEOUT = 6,
	CLI_USAGE_ELSE = 64,
	CLI_CONFIG = 65
};

/* Beside "output": cli_is_json() knows both. */
#define CLI_JSON_OPTION                                              \
	{                                                            \
		"json", 'j', NULL, NULL, "the same as --output json" \
	}

struct cli_option {
	const char *name;
	char letter;        /* 0 for none */
	const char *arg;    /* "FILE", or NULL for a switch */
	const char *preset; /* NULL for none */
	const char *doc;
};

struct cli;

struct cli_command {
	const char *name;                 /* of a verb, with its group's: "images fetch" */
	const char *args;                 /* "[NODE]", or "" */
	const char *summary;              /* one line */
	const char *detail;               /* a paragraph for --help, or NULL */
	const struct cli_option *options; /* ends in {.name = NULL} */
	size_t min_args, max_args;
	bool is_hidden;
	int usage_exit; /* of wrong usage, where CLI_USAGE means something else; 0: CLI_USAGE */
	int (*run)(const struct cli *cli);
	/* Ends in NULL: then this is a group, `slipway NAME VERB`, and has neither options nor run(). */
	const struct cli_command *const *verbs;
};

/* One invocation, parsed. */
struct cli {
	const struct cli_command *command;
	const char
		*values[CLI_OPTIONS_MAX]; /* as the command's options; NULL: not given, no preset */
	const char *args[CLI_ARGS_MAX + 1]; /* ends in NULL */
	size_t n_args;
};

/* The value of an option of this command: its argument, "" for a switch that was given, its preset,
 * or NULL. */
const char *cli_value(const struct cli *cli, const char *name);
bool cli_has(const struct cli *cli, const char *name);

/* True when --output is "json". */
bool cli_is_json(const struct cli *cli);

/* True when --output is `one` or "json"; false after saying so. */
bool cli_output_is_legal(const struct cli *cli, const char *one);

/* The exit status of wrong usage. */
int cli_usage(const struct cli *cli);

/* "slipway nodes: ..." on stderr. */
void cli_complain(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Each command is a file of its own. */
extern const struct cli_command cmd_serve, cmd_worker, cmd_init, cmd_check, cmd_nodes, cmd_events,
	cmd_wait, cmd_status, cmd_render, cmd_schema, cmd_leases, cmd_trace, cmd_images, cmd_addons,
	cmd_plan, cmd_apply, cmd_generations;

#endif
