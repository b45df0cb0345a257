#include <stdio.h>
#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/outcome.h"
#include "provisioner/cli/table.h"

#define PATH_SIZE 80

static const struct cli_option options[] = {
	{"output", 'o', "FORMAT", "text", "text or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static const char *state_of(const json_t *g)
{
	if (json_is_true(json_object_get(g, "served")))
		return "served";
	return json_is_true(json_object_get(g, "waits")) ? "waits for a restart" : "";
}

static void describe(const json_t *g, char *ret, size_t size)
{
	long long again = client_number(g, "rolled_back_to");

	if (again > 0)
		(void)snprintf(
			ret, size, "%s (generation %lld again)", client_text(g, "summary"), again);
	else
		(void)snprintf(ret, size, "%s", client_text(g, "summary"));
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {
		"GENERATION", "HASH", "PUBLISHED", "BY", "CHANGED", "HOLDS", "STATE", NULL};
	struct table *t = table_new(headers);
	const json_t *g;
	size_t i;

	json_array_foreach(list, i, g)
	{
		char number[24], hash[13], when[CLOCK_TEXT_SIZE], changed[24], what[320];

		(void)snprintf(number, sizeof(number), "%lld", client_number(g, "number"));
		(void)snprintf(hash, sizeof(hash), "%.12s", client_text(g, "hash"));
		(void)snprintf(changed, sizeof(changed), "%lld", client_number(g, "changed"));
		describe(g, what, sizeof(what));
		const char *const cells[] = {number, hash,
			clock_text(client_number(g, "created_ms"), when), client_text(g, "by"),
			changed, what, state_of(g)};
		table_row(t, cells);
	}
	table_print(t, stdout);
	table_free(t);
}

static void print_one(const json_t *g)
{
	const json_t *files = json_object_get(g, "files"), *f;
	char when[CLOCK_TEXT_SIZE], what[320];
	size_t i;

	describe(g, what, sizeof(what));
	printf("generation  %lld%s%s\n", client_number(g, "number"), state_of(g)[0] ? ", " : "",
		state_of(g));
	printf("hash        %s\n", client_text(g, "hash"));
	printf("published   %s by %s\n", clock_text(client_number(g, "created_ms"), when),
		client_text(g, "by"));
	printf("holds       %s\n", what);
	printf("changed     %lld nodes\n", client_number(g, "changed"));
	printf("listens on  %s\n", client_text(g, "listening"));
	json_array_foreach(files, i, f)
		printf("\n--- %s\n%s", client_text(f, "name"), client_text(f, "text"));
}

static int show(const struct cli *cli, const char *path)
{
	AUTO(client_free_json) json_t *reply = NULL;

	int rc = client_get_json(cli, path, &reply);
	if (rc != CLI_OK)
		return rc;
	if (cli_is_json(cli)) {
		client_print_json(reply);
	} else if (json_is_array(reply)) {
		print_list(reply);
	} else {
		print_one(reply);
	}
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	char path[PATH_SIZE];
	int64_t number;

	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	if (cli->n_args == 0)
		return show(cli, "/v1/generations");
	bool is_rollback = strcmp(cli->args[0], "rollback") == 0;
	if (cli->n_args != 2 || (!is_rollback && strcmp(cli->args[0], "show") != 0) ||
		parse_i64(cli->args[1], 1, INT64_MAX, &number) < 0) {
		cli_complain(cli, "expected nothing, show NUMBER or rollback NUMBER");
		return CLI_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/v1/generations/%lld%s", (long long)number,
		is_rollback ? "/rollback" : "");
	return is_rollback ? outcome_order(cli, path) : show(cli, path);
}

const struct cli_command cmd_generations = {
	.name = "generations",
	.args = "[show NUMBER | rollback NUMBER]",
	.summary = "list what was published, show one of them, or publish it again",
	.detail =
		"A rollback publishes an old generation again, under a new number: every node gets "
		"what it got then.\n"
		"cluster.yaml is left alone, and apply publishes that again.",
	.options = options,
	.max_args = 2,
	.run = run,
};
