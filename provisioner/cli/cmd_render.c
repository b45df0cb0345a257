#include <stdio.h>
#include <string.h>

#include "provisioner/cli/client.h"
#include "provisioner/cli/table.h"

#define BODY_BYTES_MAX ((size_t)64 << 20)
#define PLACE_SIZE 320
#define VALUE_SHOWN 60

static const struct cli_option options[] = {
	{"as", 'a', "WHAT", "cloud-config",
		"cloud-config (as the template wrote it), config (as the node reads it), ipxe, "
		"grub, boot, dhcp, secrets (which it may fetch), uki (the kernel arguments for a "
		"unified kernel image); or in "
		"another "
		"language than the node reads: ignition, coreos, flatcar, cloud-init, "
		"network-config"},
	{"explain", 'e', NULL, NULL,
		"where each value comes from, instead of what is made of them"},
	{"output", 'o', "FORMAT", "text", "with --explain: text or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* --- explain -------------------------------------------------------------------------------------- */

/* "cluster.yaml:12:7", or "default". */
static void print_place(const json_t *s, char *ret, size_t size)
{
	const char *file = client_text(s, "file");

	if (file[0])
		(void)snprintf(ret, size, "%s:%lld:%lld", file, client_number(s, "line"),
			client_number(s, "column"));
	else
		(void)snprintf(ret, size, "default");
}

static void print_settings(const json_t *settings)
{
	static const char *const headers[] = {"SETTING", "VALUE", "LEVEL", "SAID AT", NULL};
	struct table *t = table_new(headers);
	json_t *s;
	size_t i;

	json_array_foreach(settings, i, s)
	{
		char place[PLACE_SIZE], value[VALUE_SHOWN + 1];
		const char *whole = client_text(s, "value");
		bool is_cut = strlen(whole) > VALUE_SHOWN;

		print_place(s, place, sizeof(place));
		(void)snprintf(value, sizeof(value), "%.*s%s",
			(int)(is_cut ? VALUE_SHOWN - 3 : VALUE_SHOWN), whole, is_cut ? "..." : "");
		str_defang(value);
		const char *const cells[] = {client_text(s, "name"), value, client_text(s, "level"),
			strcmp(place, client_text(s, "level")) == 0 ? "" : place};
		table_row(t, cells);
	}
	table_print(t, stdout);
	table_free(t);
}

static void print_list(const char *title, const json_t *list)
{
	json_t *one;
	size_t i;

	printf("\n%s\n", title);
	json_array_foreach(list, i, one) printf("  %s\n", json_string_value(one));
}

static int explain(const struct cli *cli)
{
	AUTO(client_free_json) json_t *answer = NULL;
	char path[256];

	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	(void)snprintf(path, sizeof(path), "/v1/nodes/%.200s/explain", cli->args[0]);
	int rc = client_get_json(cli, path, &answer);
	if (rc != CLI_OK)
		return rc;
	if (cli_is_json(cli)) {
		client_print_json(answer);
		return CLI_OK;
	}
	print_settings(json_object_get(answer, "settings"));
	print_list("templates it is made of", json_object_get(answer, "templates"));
	print_list("names they look at", json_object_get(answer, "names"));
	return CLI_OK;
}

/* --- render --------------------------------------------------------------------------------------- */

/* What would be passed over in silence. */
static bool is_usable(const struct cli *cli)
{
	if (strpbrk(cli->args[0], "/?#% "))
		cli_complain(cli, "\"%.80s\" is not a node's name or MAC", cli->args[0]);
	else if (strpbrk(cli_value(cli, "as"), "/?#% "))
		cli_complain(
			cli, "--as: \"%.80s\" is nothing that a node gets", cli_value(cli, "as"));
	else if (cli_has(cli, "explain") && cli_has(cli, "as"))
		cli_complain(cli, "--explain is of all that a node gets: leave --as out");
	else if (!cli_has(cli, "explain") && cli_is_json(cli))
		cli_complain(cli, "JSON goes with --explain: what a node gets is printed as it is");
	else
		return true;
	return false;
}

static int run(const struct cli *cli)
{
	AUTO(str_done) struct str body = str_init(BODY_BYTES_MAX);
	char path[256];

	if (!is_usable(cli))
		return CLI_USAGE;
	if (cli_has(cli, "explain"))
		return explain(cli);
	if (snprintf(path, sizeof(path), "/v1/nodes/%s/%s", cli->args[0], cli_value(cli, "as")) >=
		(int)sizeof(path)) {
		cli_complain(cli, "\"%.80s\" is too long", cli->args[0]);
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
	.summary = "print what a node gets, as it is published, or where it comes from",
	.detail = "The join token and the nonce of a boot are filled in when it is served; here "
		  "their places\n"
		  "read slot_join_token___... and slot_boot_nonce___... NODE is a name or a MAC.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
