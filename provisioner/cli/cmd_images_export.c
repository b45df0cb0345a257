#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netboot/images/unpack.h"
#include "provisioner/base/human.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/progress.h"

static const struct cli_option options[] = {
	IMAGES_STORE_OPTION,
	{.name = NULL},
};

static void on_bytes(void *arg, size_t bytes)
{
	progress_add(arg, bytes);
}

/* Only bytes that the manifest vouches for leave the store. */
static int export(
	const struct cli *cli, int store, const struct image_id *id, int tar, struct err *e)
{
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	char bytes[HUMAN_SIZE];

	int rc = images_manifest(store, id, m, e);
	if (rc < 0)
		return rc;
	AUTO(close_p) int dir = images_folder(store, id);
	struct progress p = progress_begin(stderr, cli->args[0], 2 * manifest_bytes(m));
	const struct images_watch watch = {on_bytes, &p};
	rc = images_verify_files(dir, m, &watch, e);
	if (rc == 0)
		rc = pack_tar(dir, m, tar, &watch, e);
	progress_end(&p);
	if (rc == 0 && fsync(tar) < 0 && errno != EINVAL && errno != EROFS) /* a pipe has none */
		return err_msg(e, -errno, "%s: %s", cli->args[1], strerror(errno));
	if (rc == 0)
		(void)fprintf(stderr, "%s: %zu files, %s\n", cli->args[0], m->n_files + 1,
			human_bytes(manifest_bytes(m), bytes));
	return rc;
}

static int run(const struct cli *cli)
{
	const char *path = cli->args[1];
	bool to_stdout = strcmp(path, "-") == 0;
	struct image_id id;
	struct err e;

	int rc = images_take_id(cli, cli->args[0], &id);
	if (rc != CLI_OK)
		return rc;
	AUTO(close_p) int store = images_open_store(cli, /* make= */ false);
	if (store < 0)
		return CLI_FAILED;
	AUTO(close_p)
	int tar = to_stdout ? dup(STDOUT_FILENO)
			    : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (tar < 0) {
		cli_complain(cli, "%s: %s", path, strerror(errno));
		return CLI_FAILED;
	}
	rc = export(cli, store, &id, tar, &e);
	if (rc == 0)
		return CLI_OK;
	if (!to_stdout)
		(void)unlink(path); /* half an archive is none */
	return images_failed(cli, &e, rc);
}

const struct cli_command cmd_images_export = {
	.name = "images export",
	.args = "NAME/VERSION FILE.tar",
	.summary = "write an image into a tar archive (\"-\": to stdout), for a site without a "
		   "network",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
