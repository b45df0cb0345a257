#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/images/verify.h"
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

static int verify_one(const struct cli *cli, int store, const struct image_id *id)
{
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	char name[IMAGE_ID_SIZE], bytes[HUMAN_SIZE];
	struct err e;

	int rc = images_manifest(store, id, m, &e);
	if (rc < 0)
		return images_failed(cli, &e, rc);
	AUTO(close_p) int dir = images_folder(store, id);
	struct progress p = progress_begin(stderr, image_id_text(id, name), manifest_bytes(m));
	const struct images_watch watch = {on_bytes, &p};
	rc = dir < 0 ? err_msg(&e, dir, "%s: %s", name, strerror(-dir))
		     : images_verify_files(dir, m, &watch, &e);
	progress_end(&p);
	if (rc < 0) {
		struct err why = e;

		(void)err_msg(&e, rc, "%s: %s", name, why.msg);
		(void)images_failed(cli, &e, -EBADMSG);
		return CLI_FAILED;
	}
	printf("%s: %zu files, %s, as in its manifest; signer: %s\n", name, m->n_files,
		human_bytes(manifest_bytes(m), bytes), manifest_signer(m->signer));
	return CLI_OK;
}

/* True for an image that the argument names: NAME/VERSION, or all of NAME. */
static bool is_meant(const char *arg, const struct image_id *id)
{
	char text[IMAGE_ID_SIZE];

	return !arg || strcmp(arg, id->name) == 0 || strcmp(arg, image_id_text(id, text)) == 0;
}

static int run(const struct cli *cli)
{
	AUTO(close_p) int store = images_open_store(cli, /* make= */ false);
	AUTO(free_p) struct images_entry *list = NULL;
	size_t n, n_meant = 0;
	int worst = CLI_OK;

	if (store < 0)
		return CLI_FAILED;
	int rc = images_list_all(cli, store, &list, &n);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (list[i].state != IMAGES_WHOLE || !is_meant(cli->args[0], &list[i].id))
			continue;
		n_meant++;
		rc = verify_one(cli, store, &list[i].id);
		worst = rc == CLI_OK ? worst : rc;
	}
	if (n_meant > 0 || !cli->args[0])
		return worst;
	cli_complain(cli, "there is no image %s", cli->args[0]);
	return CLI_NOT_FOUND;
}

const struct cli_command cmd_images_verify = {
	.name = "images verify",
	.args = "[NAME[/VERSION]]",
	.summary = "read every byte, and compare it with the manifest",
	.options = options,
	.max_args = 1,
	.run = run,
};
