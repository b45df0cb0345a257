#include "provisioner/cli/images_users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/images_archive.h"
#include "provisioner/cluster/files.h"

#define USERS_BYTES_MAX ((size_t)4 << 20)
#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define PUBLISHED_MAX 4096

static const char may_go_back[] = "to which a rollback may go back";

/* --- cluster.yaml --------------------------------------------------------------------------------- */

static void add_image(struct images_users *u, const struct doc_node *level)
{
	const struct doc_node *image = doc_get(level, "image");

	if (image && image->kind == DOC_SCALAR)
		str_printf(&u->of_config, "%s\n", image->text);
}

/* Of the cluster, its roles and its nodes: they may stand in a list alone, too, as in nodes.d. */
static void add_images(struct images_users *u, const struct doc_node *root)
{
	const struct doc_node *roles = doc_get(root, "roles"), *nodes = doc_get(root, "nodes");

	add_image(u, root);
	for (size_t i = 0; roles && roles->kind == DOC_MAP && i < roles->n; i++)
		add_image(u, roles->pairs[i].value);
	nodes = root->kind == DOC_LIST ? root : nodes;
	for (size_t i = 0; nodes && nodes->kind == DOC_LIST && i < nodes->n; i++)
		add_image(u, nodes->items[i]);
}

/* Whatever else is wrong in it, its images are what its owner wants. */
static void load_config_user(const struct cli *cli, struct images_users *u)
{
	struct cluster_files files;
	struct err_list errors = {0};

	u->config = cli_value(cli, "config");
	int rc = cluster_files_read(AT_FDCWD, u->config, &files, &errors);
	if (rc < 0) {
		u->is_config_unreadable = access(u->config, F_OK) == 0 || errno == EACCES;
		return;
	}
	str_add(&u->of_config, "\n");
	for (size_t i = 0; i < files.n; i++) {
		AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
		const struct cluster_text *t = &files.texts[i];
		struct doc_node *root = NULL;
		struct err e;

		if (doc_parse(a, t->name, t->text, t->len, &cluster_doc_limits, &root, &e) < 0)
			u->is_config_unreadable = true;
		else if (root)
			add_images(u, root);
	}
	cluster_files_done(&files);
	u->is_config_unreadable = u->is_config_unreadable || !str_ok(&u->of_config);
}

/* --- the server ------------------------------------------------------------------------------------ */

/* Nobody is said to be in the way of a socket that a dead server has left. */
static bool is_served(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	AUTO(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		return false;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	return connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0;
}

static void add_user(struct images_users *u, const char *id, long long number, const char *what)
{
	if (u->n == PUBLISHED_MAX || !id || strlen(id) >= IMAGE_ID_SIZE)
		return; /* a longer one is none of the store's */
	u->published = xreallocarray(u->published, u->n + 1, sizeof(*u->published));
	struct images_user *user = &u->published[u->n++];
	(void)snprintf(user->id, sizeof(user->id), "%s", id);
	(void)snprintf(user->who, sizeof(user->who), "generation %lld, %s", number, what);
}

static void add_generation(struct images_users *u, const json_t *g, const char *what)
{
	json_t *image;
	size_t i;

	json_array_foreach(json_object_get(g, "images"), i, image)
		add_user(u, json_string_value(image),
			(long long)json_integer_value(json_object_get(g, "number")), what);
}

/* Those that nodes may get without anybody's asking come first. */
static int ask_server(const struct cli *cli, struct images_users *u)
{
	AUTO(client_free_json) json_t *generations = NULL;
	json_t *g;
	size_t i;

	int rc = client_get_json(cli, "/v1/generations", &generations);
	json_array_foreach(generations, i, g)
	{
		if (json_is_true(json_object_get(g, "served")))
			add_generation(u, g, "which nodes get");
		else if (json_is_true(json_object_get(g, "waits")))
			add_generation(u, g, "which waits for a restart of the server");
	}
	json_array_foreach(generations, i, g) add_generation(u, g, may_go_back);
	return rc;
}

/* --- without a server ------------------------------------------------------------------------------- */

static int read_archive(const struct cli *cli, struct images_users *u)
{
	AUTO(free_p) struct images_archived *rows = NULL;
	struct err e;
	size_t n;

	if (images_archive_read(cli_value(cli, "state"), &rows, &n, &e) < 0) {
		cli_complain(cli, "%s: there is no telling what is in use", e.msg);
		return CLI_FAILED;
	}
	for (size_t i = 0; i < n; i++)
		add_user(u, rows[i].id, (long long)rows[i].number,
			rows[i].number == rows[0].number ? "which is published" : may_go_back);
	return CLI_OK;
}

int images_users_load(const struct cli *cli, struct images_users *ret)
{
	*ret = (struct images_users){.config = "", .of_config = str_init(USERS_BYTES_MAX)};
	load_config_user(cli, ret);
	return is_served(cli_value(cli, "socket")) ? ask_server(cli, ret) : read_archive(cli, ret);
}

const char *images_user_of(const struct images_users *u, const struct image_id *id)
{
	char text[IMAGE_ID_SIZE], line[IMAGE_ID_SIZE + 2];

	(void)snprintf(line, sizeof(line), "\n%s\n", image_id_text(id, text));
	if (u->is_config_unreadable || strstr(str_text(&u->of_config), line))
		return u->config;
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->published[i].id, text) == 0)
			return u->published[i].who;
	return NULL;
}

void images_users_done(struct images_users *u)
{
	str_done(&u->of_config);
	free(u->published);
}
