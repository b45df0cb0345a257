#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/table.h"

static const struct cli_option options[] = {
	{"output", 'o', "FORMAT", "table", "table or json"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static const char *age_of(const json_t *n, const char *key, char buf[static HUMAN_SIZE])
{
	json_int_t ms = json_integer_value(json_object_get(n, key));

	return ms ? human_duration(clock_wall_ms() - ms, buf) : "";
}

/* What it takes until it runs what is published; "" when it does. */
static const char *needs_of(const json_t *n)
{
	const char *needs = client_text(n, "needs");

	return strcmp(needs, "nothing") == 0 ? "" : needs;
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {
		"NAME", "ROLE", "STATE", "FOR", "STEP", "ADDRESS", "MAC", "SEEN", "NEEDS", NULL};
	struct table *t = table_new(headers);
	size_t i;
	json_t *n;

	json_array_foreach(list, i, n)
	{
		char since[HUMAN_SIZE], seen[HUMAN_SIZE];
		const char *mac = json_string_value(json_array_get(json_object_get(n, "macs"), 0));
		const char *const cells[] = {client_text(n, "name"), client_text(n, "role"),
			client_text(n, "state"), age_of(n, "state_since_ms", since),
			client_text(n, "step"), client_text(n, "address"), mac ? mac : "",
			age_of(n, "last_seen_ms", seen), needs_of(n)};

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

static int print_one(const struct cli *cli, const json_t *n)
{
	char age[HUMAN_SIZE];

	print_field("name", client_text(n, "name"));
	print_field("role", client_text(n, "role"));
	printf("%-12s %s for %s, last step %s\n", "state", client_text(n, "state"),
		age_of(n, "state_since_ms", age), client_text(n, "step"));
	print_field("health", client_text(n, "health"));
	print_field("address", client_text(n, "address"));
	print_macs(n);
	print_field("UUID", client_text(n, "uuid"));
	print_field("serial", client_text(n, "serial"));
	print_field("boot id", client_text(n, "boot_id"));
	printf("%-12s %lld%s%s\n", "generation",
		(long long)json_integer_value(json_object_get(n, "generation")),
		needs_of(n)[0] ? ", behind what is published; needs: " : "", needs_of(n));
	print_field("first seen", age_of(n, "first_seen_ms", age));
	print_field("last seen", age_of(n, "last_seen_ms", age));
	print_facts(json_object_get(n, "facts"));
	return print_events(cli, client_text(n, "name"));
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *answer = NULL;
	bool as_json = strcmp(cli_value(cli, "output"), "json") == 0;
	char path[256];

	if (!cli_output_is_legal(cli, "table"))
		return CLI_USAGE;
	int n = cli->n_args ? snprintf(path, sizeof(path), "/v1/nodes/%s", cli->args[0])
			    : snprintf(path, sizeof(path), "/v1/nodes");
	if (n >= (int)sizeof(path) || (cli->n_args && strpbrk(cli->args[0], "/?#% "))) {
		cli_complain(cli, "\"%.80s\" is not a node's name or MAC", cli->args[0]);
		return CLI_USAGE;
	}
	int rc = client_get_json(cli, path, &answer);
	if (rc != CLI_OK)
		return rc;
	if (as_json)
		client_print_json(answer);
	else if (cli->n_args)
		return print_one(cli, answer);
	else
		print_list(answer);
	return CLI_OK;
}

const struct cli_command cmd_nodes = {
	.name = "nodes",
	.args = "[NODE]",
	.summary = "list the machines, or show one with its facts and timeline",
	.detail = "NODE is a name or any MAC of a machine.",
	.options = options,
	.max_args = 1,
	.run = run,
};
