#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/table.h"

#define PATH_BYTES_MAX 7168
#define HELD_STATES "bound,offered,declined"
#define ALL_STATES HELD_STATES ",free"

static const struct cli_option options[] = {
	{"state", 'S', "STATE", NULL, "only bound, offered, declined or free ones; or A,B"},
	{"expiring", 'e', "TIME", NULL, "only what ends within this time, such as 10m"},
	{"unknown", 'u', NULL, NULL, "only machines that are not in cluster.yaml"},
	{"all", 'a', NULL, NULL, "also free addresses whose last holder is remembered"},
	{"count", 0, NULL, NULL, "only how many there are"},
	{"clear-quarantine", 0, "ADDRESS", NULL, "give out a declined address again"},
	CLI_JSON_OPTION,
	{"output", 'o', "FORMAT", "table", "table or json"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* How long ago, or until when, `key` is; "" when it is not known or never. */
static const char *span(
	const json_t *l, const char *key, bool is_ahead, char buf[static HUMAN_SIZE])
{
	const json_t *v = json_object_get(l, key);
	int64_t now_ms = clock_wall_ms();

	if (!json_is_integer(v))
		return "";
	int64_t ms = is_ahead ? json_integer_value(v) - now_ms : now_ms - json_integer_value(v);
	return human_duration(ms > 0 ? ms : 0, buf);
}

static const char *length_of(const json_t *l, char buf[static HUMAN_SIZE])
{
	int64_t lease_s = client_number(l, "lease_s");

	return lease_s > 0 ? human_duration(lease_s * 1000, buf) : "";
}

/* Who it is: what has no MAC worth the name is told by its client identifier. */
static const char *client_of(const json_t *l)
{
	return client_text(l, "mac")[0] ? client_text(l, "mac") : client_text(l, "client_id");
}

static void print_table(const json_t *leases)
{
	static const char *const headers[] = {"ADDRESS", "CLIENT", "NODE", "STATE", "SINCE",
		"ENDS IN", "LEASE", "HOSTNAME", "SUBNET", NULL};
	struct table *t = table_new(headers);
	size_t i;
	json_t *l;

	json_array_foreach(leases, i, l)
	{
		char since[HUMAN_SIZE], ends[HUMAN_SIZE], length[HUMAN_SIZE];
		bool is_free = strcmp(client_text(l, "state"), "free") == 0;
		const char *const cells[] = {client_text(l, "address"), client_of(l),
			client_text(l, "node"), client_text(l, "state"),
			span(l, "since_ms", /* is_ahead= */ false, since),
			is_free ? "" : span(l, "ends_ms", /* is_ahead= */ true, ends),
			length_of(l, length), client_text(l, "hostname"), client_text(l, "subnet")};

		table_row(t, cells);
	}
	table_print(t, stdout);
	table_free(t);
}

/* What can stand in a URL as it is. */
static bool is_legal(const char *arg)
{
	return arg[0] && strlen(arg) < 64 &&
	       arg[strspn(arg,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_/")] ==
		       '\0';
}

static int add_machines(const struct cli *cli, struct str *path)
{
	for (size_t i = 0; i < cli->n_args; i++) {
		if (!is_legal(cli->args[i])) {
			cli_complain(cli, "\"%.80s\" is not a node, MAC, address or network",
				cli->args[i]);
			return CLI_USAGE;
		}
		str_printf(path, "%s%s", i == 0 ? "&match=" : ",", cli->args[i]);
	}
	return CLI_OK;
}

static int add_filters(const struct cli *cli, struct str *path)
{
	const char *preset = cli_has(cli, "all") ? ALL_STATES : HELD_STATES;
	const char *state = cli_has(cli, "state") ? cli_value(cli, "state") : preset;
	const char *expiring = cli_value(cli, "expiring");
	int64_t within_ms = 0;

	if (state[0] == '\0' || state[strspn(state, "abcdefghijklmnopqrstuvwxyz,")]) {
		cli_complain(
			cli, "--state: \"%.40s\" is not bound, offered, declined or free", state);
		return CLI_USAGE;
	}
	if (expiring && (parse_duration_ms(expiring, &within_ms) < 0 || within_ms == 0)) {
		cli_complain(cli, "--expiring: \"%.40s\" is not a time such as 10m", expiring);
		return CLI_USAGE;
	}
	str_printf(path, "state=%s", state);
	if (within_ms)
		str_printf(path, "&within_ms=%" PRId64, within_ms);
	if (cli_has(cli, "unknown"))
		str_add(path, "&unknown=true");
	return add_machines(cli, path);
}

static int clear_quarantine(const struct cli *cli, const char *address)
{
	AUTO(client_free_json) json_t *answer = NULL;
	char path[64];
	uint32_t parsed;

	if (ipv4_parse(address, &parsed) < 0 || cli->n_args > 0) {
		cli_complain(cli, "--clear-quarantine takes one IPv4 address, and nothing else");
		return CLI_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/v1/leases/%s/clear-quarantine", address);
	int rc = client_order_json(cli, path, &answer);
	if (rc == CLI_OK)
		printf("%s may be given out again\n", address);
	return rc;
}

/* A list that broke off says so at its end. */
static int get(const struct cli *cli, const char *path, json_t **ret)
{
	int rc = client_get_json(cli, path, ret);

	if (rc != CLI_OK || json_is_true(json_object_get(*ret, "complete")))
		return rc;
	cli_complain(cli, "the list is not complete: %s", client_text(*ret, "error"));
	return CLI_FAILED;
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *answer = NULL;
	AUTO(str_done) struct str path = str_init(PATH_BYTES_MAX);
	bool as_json = cli_is_json(cli);

	if (!cli_output_is_legal(cli, "table"))
		return CLI_USAGE;
	if (cli_has(cli, "clear-quarantine"))
		return clear_quarantine(cli, cli_value(cli, "clear-quarantine"));
	str_add(&path, "/v1/leases?");
	int rc = add_filters(cli, &path);
	if (rc == CLI_OK)
		rc = get(cli, str_text(&path), &answer);
	if (rc != CLI_OK)
		return rc;
	json_t *leases = json_object_get(answer, "leases");
	if (cli_has(cli, "count")) {
		printf("%zu\n", json_array_size(leases));
	} else if (as_json) {
		client_print_json(leases);
	} else {
		print_table(leases);
	}
	return CLI_OK;
}

const struct cli_command cmd_leases = {
	.name = "leases",
	.args = "[NODE|MAC|ADDRESS|NET/LENGTH...]",
	.summary = "list the addresses that are in use, and by whom",
	.detail =
		"Asked of the DHCP server itself, in the order of addresses. SINCE is when a lease "
		"was granted\n"
		"or last renewed. A declined address is in quarantine: its client found another "
		"machine\n"
		"there. It comes back by itself after a while, or with --clear-quarantine at once.",
	.options = options,
	.max_args = CLI_ARGS_MAX,
	.run = run,
};
