#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"

#define POLL_US 300000
#define FOLLOW_LIMIT 1000

static const struct cli_option options[] = {
	{"follow", 'w', NULL, NULL, "go on with what comes, until Ctrl-C"},
	{"limit", 'n', "N", "50", "how many of the newest to begin with"},
	{"output", 'o', "FORMAT", "text", "text, or json (one object a line)"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static void print_event(const json_t *e, bool as_json)
{
	char when[CLOCK_TEXT_SIZE];

	if (as_json) {
		(void)json_dumpf(e, stdout, JSON_COMPACT);
		(void)putchar('\n');
		return;
	}
	(void)clock_text(client_number(e, "wall_ms"), when);
	printf("%.12s  %-18s %-10s %s\n", when + 11,
		client_text(e, "node")[0] ? client_text(e, "node") : "-", client_text(e, "kind"),
		client_text(e, "text"));
}

/* Prints a list; the highest id seen so far goes to *last. */
static void print_all(const json_t *events, bool as_json, int64_t *last)
{
	size_t i;
	json_t *e;

	json_array_foreach(events, i, e)
	{
		int64_t id = client_number(e, "id");

		print_event(e, as_json);
		*last = id > *last ? id : *last;
	}
	(void)fflush(stdout);
}

static int get(const struct cli *cli, const char *what, int64_t limit, json_t **ret)
{
	char path[320];

	(void)snprintf(path, sizeof(path), "/v1/events?limit=%" PRId64 "%s%s%s", limit, what,
		cli->n_args ? "&node=" : "", cli->n_args ? cli->args[0] : "");
	return client_get_json(cli, path, ret);
}

static int follow(const struct cli *cli, bool as_json, int64_t last)
{
	for (;;) {
		AUTO(client_free_json) json_t *events = NULL;
		char after[64];

		(void)usleep(POLL_US);
		(void)snprintf(after, sizeof(after), "&after=%" PRId64, last);
		int rc = get(cli, after, FOLLOW_LIMIT, &events);
		if (rc != CLI_OK)
			return rc;
		print_all(events, as_json, &last);
	}
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *events = NULL;
	bool as_json = cli_is_json(cli);
	int64_t limit, last = 0;

	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	if (parse_i64(cli_value(cli, "limit"), 0, 10000, &limit) < 0) {
		cli_complain(cli, "--limit: expected a number from 0 to 10000");
		return CLI_USAGE;
	}
	if (cli->n_args && (strlen(cli->args[0]) > 63 || strpbrk(cli->args[0], "/?&#% "))) {
		cli_complain(cli, "\"%.80s\" is not a node's name or MAC", cli->args[0]);
		return CLI_USAGE;
	}
	int rc = get(cli, "", limit, &events);
	if (rc != CLI_OK)
		return rc;
	print_all(events, as_json, &last);
	return cli_has(cli, "follow") ? follow(cli, as_json, last) : CLI_OK;
}

const struct cli_command cmd_events = {
	.name = "events",
	.args = "[NODE]",
	.summary = "show what happened, of one machine or of all",
	.options = options,
	.max_args = 1,
	.run = run,
};
