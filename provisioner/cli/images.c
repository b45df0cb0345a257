#include "provisioner/cli/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/generation/sources.h"

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
