#include "provisioner/cli/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cli/client.h"
#include "provisioner/cluster/files.h"
#include "provisioner/generation/sources.h"

#define USERS_BYTES_MAX ((size_t)4 << 20)
#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define DISTRO_NAME_SIZE (IMAGE_NAME_SIZE + 16)

int images_open_store(const struct cli *cli, bool make)
{
	const char *path = cli_value(cli, "store");
	int fd = dir_open(path);

	if (fd == -ENOENT && make) {
		int rc = dir_make(path, 0755, geteuid(), getegid());

		fd = rc < 0 ? rc : dir_open(path);
	}
	if (fd < 0) {
		cli_complain(cli, "%s: %s (the image store, --store)", path, strerror(-fd));
		return -1;
	}
	return fd;
}

int images_list_all(const struct cli *cli, int store, struct images_entry **ret, size_t *ret_n)
{
	int rc = images_list(store, ret, ret_n);

	if (rc == 0)
		return CLI_OK;
	cli_complain(cli, "%s: %s", cli_value(cli, "store"), strerror(-rc));
	return CLI_FAILED;
}

int images_failed(const struct cli *cli, const struct err *e, int rc)
{
	char text[1024];

	cli_complain(cli, "%s", err_text(e, text, sizeof(text)));
	return rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED;
}

int images_take_id(const struct cli *cli, const char *text, struct image_id *ret)
{
	if (image_id_parse(text, ret) == 0)
		return CLI_OK;
	cli_complain(cli,
		"\"%.80s\" is not an image: expected NAME/VERSION, such as flatcar/4081.2.1", text);
	return CLI_USAGE;
}

/* The folder of cluster.yaml, or -1: it need not be there. */
static int open_config_dir(const struct cli *cli)
{
	AUTO(free_p) char *folder = path_folder(cli_value(cli, "config"));
	int fd = dir_open(folder);

	return fd < 0 ? -1 : fd;
}

int images_load_distro(
	const struct cli *cli, struct arena *a, const char *name, struct distro *ret, struct err *e)
{
	AUTO(close_p) int shipped = dir_open(cli_value(cli, "templates"));
	AUTO(close_p) int config = open_config_dir(cli);
	struct sources sources = {
		.config_dir = config < 0 ? shipped : config, .shipped_dir = shipped};
	char file[DISTRO_NAME_SIZE];
	struct template_source source;

	if (shipped < 0)
		return err_msg(e, shipped, "%s: %s (--templates)", cli_value(cli, "templates"),
			strerror(-shipped));
	(void)snprintf(file, sizeof(file), "distros/%s.yaml", name); /* a legal name fits */
	int rc = sources_load(&sources, file, a, &source, e);
	if (rc == -ENOENT)
		return err_msg(
			e, rc, "there is no distribution \"%s\" (no templates/%s)", name, file);
	return rc < 0 ? rc : distro_read(a, source.name, source.text, source.len, ret, e);
}

const char *images_keyring(const struct cli *cli, struct arena *a, const char *name)
{
	const char *given = cli_value(cli, "keyring");

	return given ? given : arena_printf(a, SLIPWAY_SYSCONFDIR "/slipway/keys/%s.gpg", name);
}

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

void images_users_load(const struct cli *cli, struct images_users *ret)
{
	AUTO(client_free_json) json_t *status = NULL;

	*ret = (struct images_users){.config = "", .of_config = str_init(USERS_BYTES_MAX)};
	load_config_user(cli, ret);
	if (!is_served(cli_value(cli, "socket")) ||
		client_get_json(cli, "/v1/status", &status) != CLI_OK)
		return;
	(void)snprintf(ret->of_server, sizeof(ret->of_server), "%s/%s",
		client_text(status, "image_distro"),
		client_text(status, "image_version")); /* a longer one is none of the store's */
}

const char *images_user_of(const struct images_users *u, const struct image_id *id)
{
	char text[IMAGE_ID_SIZE], line[IMAGE_ID_SIZE + 2];

	(void)snprintf(line, sizeof(line), "\n%s\n", image_id_text(id, text));
	if (u->is_config_unreadable || strstr(str_text(&u->of_config), line))
		return u->config;
	return strcmp(u->of_server, text) == 0 ? "the running server" : NULL;
}

void images_users_done(struct images_users *u)
{
	str_done(&u->of_config);
}
