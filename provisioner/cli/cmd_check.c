#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/cli/cli.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

#define CONFIG_BYTES_MAX ((size_t)8 << 20)
#define ARENA_BYTES_MAX ((size_t)512 << 20)

/* Stand-ins for what only a server knows. */
#define NO_SHA256 "0000000000000000000000000000000000000000000000000000000000000000"

static const struct cli_option options[] = {
	{"config", 'c', "FILE", SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml", "what to check"},
	{"templates", 0, "DIR", SLIPWAY_DATADIR "/templates", "shipped templates"},
	{"images", 0, "DIR", NULL, "also check that the image is in this store"},
	{"write", 'w', "DIR", NULL,
		"also write there what each node would get: NODE.yaml as the template wrote it, "
		"NODE.config as it reads it"},
	{.name = NULL},
};

static int write_one(int dir, const char *node, const char *suffix, const struct artefact *a,
	struct err_list *errors)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s%s", node, suffix); /* a label: it fits */
	int rc = file_write(dir, name, a->data, a->len, 0644);
	if (rc < 0)
		err_list_add(errors, (struct mark){.file = name}, "%s", strerror(-rc));
	return rc;
}

static int write_all(const struct cli *cli, const struct generation *g, struct err_list *errors)
{
	const char *path = cli_value(cli, "write");
	AUTO(close_p) int dir = dir_open(path);
	int rc = dir < 0 ? dir : 0;

	if (rc < 0)
		err_list_add(errors, (struct mark){.file = path}, "%s", strerror(-rc));
	for (uint32_t i = 0; rc == 0 && i < g->cluster->n_nodes; i++) {
		const struct node_artefacts *n = &g->nodes[i];

		rc = write_one(dir, n->node->name, ".yaml", &n->cloud_config, errors);
		if (rc == 0)
			rc = write_one(dir, n->node->name, ".config", &n->config, errors);
	}
	return rc;
}

static int check(const struct cli *cli, struct arena *a, int config_dir, int templates_dir,
	int images_dir, struct err_list *errors)
{
	const char *path = cli_value(cli, "config");
	AUTO(free_p) char *text = NULL;
	struct generation *g;
	struct cluster *c;
	size_t len;

	int rc = file_read(AT_FDCWD, path, CONFIG_BYTES_MAX, &text, &len);
	if (rc < 0) {
		err_list_add(errors, (struct mark){.file = path}, "%s", strerror(-rc));
		return rc;
	}
	if ((rc = cluster_load(a, path, text, len, &c, errors)) < 0)
		return rc;
	struct generation_inputs in = {.cluster = c,
		.sources = {.config_dir = config_dir, .shipped_dir = templates_dir},
		.images_dir = images_dir,
		.facts = {.ca_fingerprint = NO_SHA256, .agent_sha256 = NO_SHA256},
		.last_hash = ""};
	if ((rc = generation_build(&in, NULL, &g, errors)) < 0)
		return rc;
	rc = cli_has(cli, "write") ? write_all(cli, g, errors) : 0;
	if (rc == 0)
		printf("%s: cluster %s, %u nodes, image %s/%s: all of it renders\n", path, c->name,
			c->n_nodes, c->settings->image.distro, c->settings->image.version);
	generation_free(g);
	return rc;
}

static int run(const struct cli *cli)
{
	const char *path = cli_value(cli, "config"), *slash = strrchr(path, '/');
	AUTO(free_p)
	char *folder =
		slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	AUTO(close_p) int config_dir = dir_open(folder);
	AUTO(close_p) int templates_dir = dir_open(cli_value(cli, "templates"));
	AUTO(close_p)
	int images_dir = cli_value(cli, "images") ? dir_open(cli_value(cli, "images")) : -1;
	struct err_list errors = {0};

	if (config_dir < 0 || templates_dir < 0) {
		const char *which = config_dir < 0 ? folder : cli_value(cli, "templates");

		cli_complain(cli, "%s: %s", which,
			strerror(config_dir < 0 ? -config_dir : -templates_dir));
		return CLI_FAILED;
	}
	if (check(cli, a, config_dir, templates_dir, images_dir, &errors) == 0)
		return CLI_OK;
	err_list_print(&errors, stderr);
	return CLI_CONFIG;
}

const struct cli_command cmd_check = {
	.name = "check",
	.args = "",
	.summary = "check cluster.yaml and render everything from it, without a server",
	.detail = "Mistakes are reported as FILE:LINE:COLUMN: MESSAGE, up to twenty at once; exit "
		  "status 65.",
	.options = options,
	.run = run,
};
