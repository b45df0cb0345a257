#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/table.h"

static const struct cli_option options[] = {
	{"behind", 'b', NULL, NULL, "only nodes that run something older than what is published"},
	{"output", 'o', "FORMAT", "table", "table or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static const char *age_of(const json_t *n, const char *key, char buf[static HUMAN_SIZE])
{
	json_int_t ms = json_integer_value(json_object_get(n, key));

	return ms ? human_duration(clock_wall_ms() - ms, buf) : "";
}

/* It runs something else than what is published for it. */
static bool is_behind(const json_t *n)
{
	const char *needs = client_text(n, "needs");

	return needs[0] && strcmp(needs, "nothing") != 0;
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {"NAME", "ROLE", "STATE", "FOR", "STEP", "ADDRESS",
		"MAC", "SEEN", "RUNS", "NEEDS", NULL};
	struct table *t = table_new(headers);
	size_t i;
	json_t *n;

	json_array_foreach(list, i, n)
	{
		char since[HUMAN_SIZE], seen[HUMAN_SIZE], runs[24] = "";
		const char *mac = json_string_value(json_array_get(json_object_get(n, "macs"), 0));
		const char *const cells[] = {client_text(n, "name"), client_text(n, "role"),
			client_text(n, "state"), age_of(n, "state_since_ms", since),
			client_text(n, "step"), client_text(n, "address"), mac ? mac : "",
			age_of(n, "last_seen_ms", seen), runs, client_text(n, "needs")};

		if (client_number(n, "generation") > 0)
			(void)snprintf(runs, sizeof(runs), "%lld", client_number(n, "generation"));
		table_row(t, cells);
	}
	table_print(t, stdout);
	table_free(t);
}

static void print_field(const char *name, const char *value)
{
	if (value[0])
		printf("%-12s %s\n", name, value);
}

static void print_macs(const json_t *n)
{
	size_t i;
	json_t *mac;

	json_array_foreach(json_object_get(n, "macs"), i, mac)
		print_field(i == 0 ? "MAC" : "", json_string_value(mac));
}

/* Numbers and texts of the facts as they are; deeper things as JSON. A node may say anything of
 * itself, but not to the operator's terminal. */
static void print_facts(json_t *facts)
{
	char name[64], value[512];
	const char *key;
	json_t *v;

	if (!json_is_object(facts))
		return;
	puts("\nfacts");
	json_object_foreach(facts, key, v)
	{
		const char *text = json_string_value(v);
		char *other =
			text ? NULL
			     : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

		if (text)
			text = log_safe(value, sizeof(value), text, strlen(text));
		printf("  %-18s %s\n", log_safe(name, sizeof(name), key, strlen(key)),
			text    ? text
			: other ? other
				: "");
		free(other);
	}
}

static int print_events(const struct cli *cli, const char *node)
{
	json_t *events;
	char path[256];
	size_t i;
	json_t *e;

	(void)snprintf(path, sizeof(path), "/v1/events?limit=30&node=%s", node); /* a name or MAC */
	int rc = client_get_json(cli, path, &events);
	if (rc != CLI_OK)
		return rc;
	if (json_array_size(events) > 0)
		puts("\ntimeline");
	json_array_foreach(events, i, e)
	{
		char when[CLOCK_TEXT_SIZE];

		(void)clock_text(json_integer_value(json_object_get(e, "wall_ms")), when);
		printf("  %.12s  %-10s %s\n", when + 11, client_text(e, "kind"),
			client_text(e, "text"));
	}
	json_decref(events);
	return CLI_OK;
}

/* What it runs, what is published, and what it takes from one to the other. */
static void print_drift(const json_t *n)
{
	long long runs = client_number(n, "generation"), published = client_number(n, "published");
	const char *needs = client_text(n, "needs"), *name = client_text(n, "name");

	if (!json_is_true(json_object_get(n, "known")))
		return;
	if (runs > 0)
		printf("%-12s generation %lld\n", "runs", runs);
	else
		printf("%-12s nothing yet\n", "runs");
	printf("%-12s generation %lld\n", "published", published);
	if (strcmp(needs, "unknown") == 0)
		printf("%-12s unknown: generation %lld is no longer kept; a reboot brings "
		       "generation %lld\n",
			"needs", runs, published);
	else if (is_behind(n))
		printf("%-12s %s; `slipway plan --behind %s` shows what differs\n", "needs", needs,
			name);
	else if (runs > 0 && runs != published)
		printf("%-12s nothing: both are the same for it\n", "needs");
	else
		printf("%-12s %s\n", "needs", needs);
}

static int print_one(const struct cli *cli, const json_t *n)
{
	char age[HUMAN_SIZE];

	print_field("name", client_text(n, "name"));
	print_field("role", client_text(n, "role"));
	printf("%-12s %s for %s, last step %s\n", "state", client_text(n, "state"),
		age_of(n, "state_since_ms", age), client_text(n, "step"));
	print_field("health", client_text(n, "health"));
	print_field("waits", client_text(n, "waits_for"));
	print_field("address", client_text(n, "address"));
	print_macs(n);
	print_field("UUID", client_text(n, "uuid"));
	print_field("serial", client_text(n, "serial"));
	print_field("boot id", client_text(n, "boot_id"));
	print_drift(n);
	print_field("first seen", age_of(n, "first_seen_ms", age));
	print_field("last seen", age_of(n, "last_seen_ms", age));
	print_facts(json_object_get(n, "facts"));
	return print_events(cli, client_text(n, "name"));
}

/* In place: those that are behind stay. */
static void leave_behind(json_t *list)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		if (!is_behind(json_array_get(list, i)))
			(void)json_array_remove(list, i);
}

static int list_all(const struct cli *cli, bool as_json)
{
	AUTO(client_free_json) json_t *list = NULL;

	int rc = client_get_json(cli, "/v1/nodes", &list);
	if (rc != CLI_OK)
		return rc;
	if (cli_has(cli, "behind"))
		leave_behind(list);
	if (as_json)
		client_print_json(list);
	else if (cli_has(cli, "behind") && json_array_size(list) == 0)
		puts("No node is behind what is published.");
	else
		print_list(list);
	return CLI_OK;
}

static int show(const struct cli *cli, const char *node, bool as_json)
{
	AUTO(client_free_json) json_t *answer = NULL;
	char path[256];

	if (cli_has(cli, "behind")) {
		cli_complain(cli,
			"--behind lists nodes: `slipway plan --behind %.80s` shows what "
			"differs for this one",
			node);
		return CLI_USAGE;
	}
	if (strpbrk(node, "/?#% ") ||
		snprintf(path, sizeof(path), "/v1/nodes/%s", node) >= (int)sizeof(path)) {
		cli_complain(cli, "\"%.80s\" is not a node's name or MAC", node);
		return CLI_USAGE;
	}
	int rc = client_get_json(cli, path, &answer);
	if (rc != CLI_OK)
		return rc;
	if (!as_json)
		return print_one(cli, answer);
	client_print_json(answer);
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	if (!cli_output_is_legal(cli, "table"))
		return CLI_USAGE;
	bool as_json = cli_is_json(cli);
	return cli->n_args ? show(cli, cli->args[0], as_json) : list_all(cli, as_json);
}

const struct cli_command cmd_nodes = {
	.name = "nodes",
	.args = "[NODE]",
	.summary = "list the machines and who is behind, or show one with its facts and timeline",
	.detail = "NODE is a name or any MAC of a machine. RUNS is the generation whose "
		  "configuration it has,\n"
		  "NEEDS what it takes until it has the published one.",
	.options = options,
	.max_args = 1,
	.run = run,
};
