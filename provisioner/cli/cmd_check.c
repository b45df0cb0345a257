#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/json.h"
#include "provisioner/cli/cli.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/files.h"
#include "provisioner/generation/generation.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define JSON_BYTES_MAX ((size_t)1 << 20)

/* Stand-ins for what only a server knows. */
#define NO_SHA256 "0000000000000000000000000000000000000000000000000000000000000000"

#define DEFAULT_CONFIG SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml"
#define DEFAULT_STATE "/var/lib/slipway"
#define STATE_PATH_MAX 4096

static const struct cli_option options[] = {
	{"config", 'c', "FILE", DEFAULT_CONFIG, "what to check"},
	{"state", 0, "DIR", NULL,
		"also read the nodes that a server with this state has enrolled; without --config "
		"it "
		"is " DEFAULT_STATE},
	{"templates", 0, "DIR", SLIPWAY_DATADIR "/templates", "shipped templates"},
	{"images", 0, "DIR", NULL, "also check that the image is in this store"},
	{"write", 'w', "DIR", NULL,
		"also write there what each node would get: NODE.yaml as the template wrote it, "
		"NODE.config as it reads it, NODE.boot what it boots"},
	{"output", 'o', "FORMAT", "text", "text, or json for editors and CI"},
	CLI_JSON_OPTION,
	{.name = NULL},
};

/* The folders that a check reads. */
struct folders {
	int config, templates, images;
};

/* Where what is rendered goes, if anywhere. */
struct writing {
	int dir;
	struct err_list *errors;
};

static int write_one(
	const struct writing *w, const char *node, const char *suffix, const struct artefact *a)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s%s", node, suffix); /* a label: it fits */
	int rc = file_write(w->dir, name, a->data, a->len, 0644);
	if (rc < 0)
		err_list_add(w->errors, (struct mark){.file = name}, "%s", strerror(-rc));
	return rc;
}

static int write_node(void *arg, const struct node_artefacts *n)
{
	int rc = write_one(arg, n->node->name, ".yaml", &n->texts[ARTEFACT_CLOUD_CONFIG]);

	if (rc == 0)
		rc = write_one(arg, n->node->name, ".config", &n->texts[ARTEFACT_CONFIG]);
	return rc < 0 ? rc : write_one(arg, n->node->name, ".boot", &n->texts[ARTEFACT_BOOT]);
}

static int build(const struct cli *cli, const struct generation_inputs *in, struct generation **ret,
	struct err_list *errors)
{
	const char *path = cli_value(cli, "write");
	AUTO(close_p) int dir = path ? dir_open(path) : -1;
	struct writing w = {.dir = dir, .errors = errors};
	struct generation_sink sink = {.arg = &w, .put = path ? write_node : NULL};

	if (path && dir < 0) {
		err_list_add(errors, (struct mark){.file = path}, "%s", strerror(-dir));
		return dir;
	}
	return generation_build(in, &sink, ret, errors);
}

/* Another cluster.yaml than the server's has nothing to do with the server's nodes, unless somebody says so. Whoever may
 * not look into its state is told that this was left out. */
static int add_enrolled(const struct cli *cli, struct cluster_files *files, struct err_list *errors)
{
	const char *state = cli_value(cli, "state");
	bool is_said = state != NULL;
	AUTO(str_done) struct str called = str_init(STATE_PATH_MAX);
	struct err_list unsaid = {0};

	if (!is_said && strcmp(cli_value(cli, "config"), DEFAULT_CONFIG) != 0)
		return 0;
	str_printf(&called, "%s/provisioner/", is_said ? state : DEFAULT_STATE);
	int rc = cluster_files_add_enrolled(
		files, str_text(&called), str_text(&called), is_said ? errors : &unsaid);
	if (rc < 0 && !is_said)
		err_list_warn(errors, unsaid.list[0].at,
			"%s: nodes that were enrolled are left out", unsaid.list[0].msg);
	return is_said ? rc : 0;
}

static int load(const struct cli *cli, struct arena *a, int config_dir, struct cluster **ret,
	struct err_list *errors)
{
	struct cluster_files files = {0};
	int rc = cluster_files_read(config_dir, cli_value(cli, "config"), &files, errors);

	if (rc >= 0)
		rc = add_enrolled(cli, &files, errors);
	if (rc >= 0)
		rc = cluster_load_texts(a, files.texts, files.n, ret, errors);
	cluster_files_done(&files);
	return rc;
}

static int check(const struct cli *cli, struct arena *a, const struct folders *dirs,
	struct cluster **ret, struct err_list *errors)
{
	int rc = load(cli, a, dirs->config, ret, errors);
	struct generation *g;

	if (rc < 0)
		return rc;
	struct generation_inputs in = {.cluster = *ret,
		.sources = {.config_dir = dirs->config, .shipped_dir = dirs->templates},
		.images_dir = dirs->images,
		.facts = {.ca_fingerprint = NO_SHA256}};
	rc = build(cli, &in, &g, errors);
	if (rc < 0)
		return rc;
	generation_free(g);
	return 0;
}

static void print_json(const struct cluster *c, const struct err_list *errors)
{
	AUTO(str_done) struct str out = str_init(JSON_BYTES_MAX);
	struct json j = json_init(&out);

	json_map(&j);
	json_key_bool(&j, "ok", errors->n == 0);
	json_key_text(&j, "cluster", c ? c->name : NULL);
	json_key_int(&j, "nodes", c ? c->n_nodes : 0);
	json_key_problems(&j, errors);
	json_map_end(&j);
	puts(str_text(&out));
}

static int report(const struct cli *cli, const struct cluster *c, struct err_list *errors)
{
	int rc = errors->n == 0 ? CLI_OK : CLI_CONFIG;

	err_list_sort(errors);
	if (cli_is_json(cli)) {
		print_json(c, errors);
		return rc;
	}
	err_list_print(errors, stderr);
	if (rc == CLI_OK && c)
		printf("%s: cluster %s, %u node%s, image %s/%s: all of it renders\n",
			cli_value(cli, "config"), c->name, c->n_nodes, c->n_nodes == 1 ? "" : "s",
			c->settings->image.distro, c->settings->image.version);
	return rc;
}

static int run(const struct cli *cli)
{
	const char *path = cli_value(cli, "config");
	AUTO(free_p) char *folder = path_folder(path);
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	AUTO(close_p) int config_dir = dir_open(folder);
	AUTO(close_p) int templates_dir = dir_open(cli_value(cli, "templates"));
	AUTO(close_p)
	int images_dir = cli_value(cli, "images") ? dir_open(cli_value(cli, "images")) : -1;
	struct folders dirs = {config_dir, templates_dir, images_dir};
	struct err_list errors = {0};
	struct cluster *c = NULL;

	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	if (config_dir < 0 || templates_dir < 0) {
		const char *which = config_dir < 0 ? folder : cli_value(cli, "templates");

		cli_complain(cli, "%s: %s", which,
			strerror(config_dir < 0 ? -config_dir : -templates_dir));
		return CLI_FAILED;
	}
	int rc = check(cli, a, &dirs, &c, &errors);
	if (rc < 0 && errors.n == 0)
		err_list_add(&errors, (struct mark){.file = path}, "%s", strerror(-rc));
	return report(cli, c, &errors);
}

const struct cli_command cmd_check = {
	.name = "check",
	.args = "",
	.summary = "check cluster.yaml and render everything from it, without a server",
	.detail =
		"Reads the files of nodes.d beside it, too, and those of nodes that the server has "
		"enrolled. Mistakes are reported as "
		"FILE:LINE:COLUMN: MESSAGE, up to twenty at once; exit status 65. Warnings are "
		"printed and change nothing.",
	.options = options,
	.run = run,
};
