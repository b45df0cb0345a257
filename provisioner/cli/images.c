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
#include "provisioner/generation/sources.h"

#define CONFIG_BYTES_MAX ((size_t)8 << 20)
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
	const char *path = cli_value(cli, "config"), *slash = strrchr(path, '/');
	AUTO(free_p)
	char *folder =
		slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
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

static void load_config_user(const struct cli *cli, struct images_users *u)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	AUTO(free_p) char *text = NULL;
	struct doc_node *root = NULL;
	struct err e;
	size_t len;

	u->config = cli_value(cli, "config");
	int rc = file_read(AT_FDCWD, u->config, CONFIG_BYTES_MAX, &text, &len);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return;
	if (rc < 0 || doc_parse(a, u->config, text, len, &doc_limits_default, &root, &e) < 0) {
		u->is_config_unreadable = true;
		return;
	}
	/* Whatever else is wrong in it, its image is what its owner wants. */
	const struct doc_node *image = doc_get(root, "image");
	if (image && image->kind == DOC_SCALAR && image->len < sizeof(u->of_config))
		memcpy(u->of_config, image->text, image->len + 1);
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

	*ret = (struct images_users){.config = ""};
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
	char text[IMAGE_ID_SIZE];

	(void)image_id_text(id, text);
	if (u->is_config_unreadable || strcmp(u->of_config, text) == 0)
		return u->config;
	return strcmp(u->of_server, text) == 0 ? "the running server" : NULL;
}
