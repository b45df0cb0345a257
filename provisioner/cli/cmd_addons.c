#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/cli/addon_page.h"
#include "provisioner/cli/cli.h"
#include "provisioner/cli/table.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/files.h"
#include "provisioner/generation/addons.h"
#include "provisioner/generation/sources.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define TEXT_BYTES_MAX 4096

static const struct cli_option options[] = {
	{"config", 'c', "FILE", SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml",
		"whose roles to name; add-ons in the folder templates beside it are listed too"},
	{"templates", 0, "DIR", SLIPWAY_DATADIR "/templates", "shipped templates"},
	{"images", 0, NULL, NULL,
		"only the container images that the cluster's add-ons run, one a line, for a "
		"mirror"},
	{"format", 'f', "FORMAT", "text", "text, or markdown (the reference page of all)"},
	{.name = NULL},
};

/* What the command knows. */
struct view {
	struct arena *arena;
	struct addon_library library;
	const struct cluster *cluster; /* NULL: there is none, or it is broken */
	struct addons addons;          /* of that cluster */
	struct err_list errors;
};

static bool has_addon(const struct role_addons *r, const struct addon *a)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i] == a)
			return true;
	return false;
}

static void add_names(struct str *text, const struct addon_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		str_printf(text, "%s%s", text->len ? " " : "", names->items[i].text);
}

static void list_all(const struct view *v)
{
	static const char *const headers[] = {"ADD-ON", "NEEDS", "ROLES", "WHAT", NULL};
	struct table *t = table_new(headers);

	for (size_t i = 0; i < v->library.n; i++) {
		const struct addon *a = &v->library.items[i];
		AUTO(str_done) struct str needs = str_init(TEXT_BYTES_MAX);
		AUTO(str_done) struct str roles = str_init(TEXT_BYTES_MAX);

		add_names(&needs, &a->needs);
		add_names(&needs, &a->brings);
		for (size_t k = 0; v->cluster && k < v->addons.n_roles; k++)
			if (has_addon(&v->addons.roles[k], a))
				str_printf(&roles, "%s%s", roles.len ? " " : "",
					v->addons.roles[k].role->name);
		table_row(t, (const char *const[]){
				     a->name, str_text(&needs), str_text(&roles), a->title, NULL});
	}
	table_print(t, stdout);
	table_free(t);
}

/* Of every role, for a role may have another than the rest; each once. */
static void list_images(const struct view *v)
{
	AUTO(str_done) struct str seen = str_init((size_t)1 << 20);

	for (size_t i = 0; i < v->addons.n_roles; i++) {
		const struct role_addons *r = &v->addons.roles[i];

		for (size_t k = 0; k < r->n; k++) {
			struct value values = value_get(r->values, r->items[k]->key);

			for (size_t p = 0; p < r->items[k]->n_parameters; p++) {
				struct value image =
					value_get(values, r->items[k]->parameters[p].key);
				AUTO(str_done) struct str line = str_init(TEXT_BYTES_MAX);

				if (r->items[k]->parameters[p].type != ADDON_IMAGE ||
					image.kind != VALUE_TEXT)
					continue;
				str_printf(&line, "\n%.*s\n", (int)image.len, image.text);
				if (strstr(str_text(&seen), str_text(&line)))
					continue;
				str_add(&seen, str_text(&line));
				printf("%.*s\n", (int)image.len, image.text);
			}
		}
	}
}

/* Without a cluster.yaml, or with a broken one, there are still the add-ons; who asks for what only
 * the cluster can say is told why not. */
static int look(const struct cli *cli, struct view *v)
{
	const char *path = cli_value(cli, "config");
	AUTO(free_p) char *folder = path_folder(path);
	AUTO(close_p) int config_dir = dir_open(folder);
	AUTO(close_p) int templates_dir = dir_open(cli_value(cli, "templates"));
	struct sources sources = {.config_dir = config_dir, .shipped_dir = templates_dir};
	struct err_list errors = {0};
	struct cluster *c;

	if (templates_dir < 0) {
		cli_complain(cli, "%s: %s", cli_value(cli, "templates"), strerror(-templates_dir));
		return CLI_FAILED;
	}
	if (config_dir < 0)
		sources.config_dir = templates_dir; /* which has no templates of its own in it */
	if (addon_library_load(v->arena, &sources, &v->library, &v->errors) < 0) {
		err_list_print(&v->errors, stderr);
		return CLI_CONFIG;
	}
	int rc = config_dir < 0 ? config_dir
				: cluster_files_load(v->arena, config_dir, path, &c, &errors);
	if (rc == 0)
		rc = addons_resolve(v->arena, &v->library, c, &v->addons, &errors);
	if (rc == 0)
		v->cluster = c;
	if (rc == 0 || !cli_has(cli, "images"))
		return CLI_OK;
	if (errors.n > 0)
		err_list_print(&errors, stderr);
	else
		cli_complain(cli, "%s: %s", path, strerror(-rc));
	return CLI_CONFIG;
}

static int print_one(const struct cli *cli, const struct view *v)
{
	const struct addon *a = addon_find(&v->library, cli->args[0]);
	const char *names[ADDONS_MAX + 1] = {NULL};

	if (a) {
		addon_page_text(a, stdout);
		return CLI_OK;
	}
	for (size_t i = 0; i < v->library.n; i++)
		names[i] = v->library.items[i].name;
	cli_complain(cli, "no add-on \"%.60s\"%s", cli->args[0],
		err_did_you_mean(cli->args[0], names).text);
	return CLI_NOT_FOUND;
}

static int print(const struct cli *cli, const struct view *v)
{
	if (cli_has(cli, "images"))
		list_images(v);
	else if (strcmp(cli_value(cli, "format"), "markdown") == 0)
		addon_page_markdown(&v->library, stdout);
	else if (cli->n_args == 1)
		return print_one(cli, v);
	else
		list_all(v);
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	const char *format = cli_value(cli, "format");
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct view v = {.arena = a};

	if (strcmp(format, "text") != 0 && strcmp(format, "markdown") != 0) {
		cli_complain(cli, "--format: \"%s\" is not text or markdown", format);
		return CLI_USAGE;
	}
	int rc = look(cli, &v);
	return rc == CLI_OK ? print(cli, &v) : rc;
}

const struct cli_command cmd_addons = {
	.name = "addons",
	.args = "[ADDON]",
	.summary = "list what a role may have beside the system, or all that one add-on takes",
	.detail = "Works without a server.",
	.options = options,
	.max_args = 1,
	.run = run,
};
