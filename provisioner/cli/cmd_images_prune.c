#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/human.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/images_users.h"

static const struct cli_option options[] = {
	{"keep", 'k', "N", "2", "how many versions of each distribution stay, the newest"},
	{"dry-run", 'n', NULL, NULL, "only say what would be removed"},
	IMAGES_STORE_OPTION,
	IMAGES_CONFIG_OPTION,
	IMAGES_STATE_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* How many whole images of the same name come behind this one; the list is in order. */
static size_t n_newer(const struct images_entry *list, size_t n, size_t i)
{
	size_t newer = 0;

	for (size_t k = i + 1; k < n && strcmp(list[k].id.name, list[i].id.name) == 0; k++)
		newer += list[k].state == IMAGES_WHOLE;
	return newer;
}

/* Says so of one that is old but needed by what is not in cluster.yaml, where nobody would look for the reason. */
static bool must_go(const struct images_users *users, const struct images_entry *list, size_t n,
	size_t i, uint32_t keep)
{
	char id[IMAGE_ID_SIZE];

	if (list[i].state != IMAGES_WHOLE)
		return true;
	if (n_newer(list, n, i) < keep)
		return false;
	const char *user = images_user_of(users, &list[i].id);
	if (user)
		printf("%s stays: it is in use by %s\n", image_id_text(&list[i].id, id), user);
	return !user;
}

static int remove_one(const struct cli *cli, int store, const struct images_entry *entry)
{
	const char *kind = entry->state == IMAGES_WHOLE ? "" : " (what was left of it)";
	char id[IMAGE_ID_SIZE], bytes[HUMAN_SIZE];
	bool dry = cli_has(cli, "dry-run");
	struct err e;

	(void)image_id_text(&entry->id, id);
	(void)human_bytes(images_disk_bytes(store, entry), bytes);
	int rc = dry ? 0 : images_remove(store, entry, &e);
	if (rc == -EBUSY) { /* a fetch is at it: not ours to judge */
		cli_complain(cli, "%s", e.msg);
		return CLI_OK;
	}
	if (rc < 0)
		return images_failed(cli, &e, -EIO);
	printf("%s%s %s, %s\n", id, kind, dry ? "would be removed" : "removed", bytes);
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	AUTO(free_p) struct images_entry *list = NULL;
	AUTO(images_users_done) struct images_users users = {0};
	int worst = CLI_OK;
	uint32_t keep;
	size_t n;

	if (parse_u32(cli_value(cli, "keep"), 1, 10000, &keep) < 0) {
		cli_complain(cli, "--keep: \"%.40s\" is not a number from 1 to 10000",
			cli_value(cli, "keep"));
		return CLI_USAGE;
	}
	AUTO(close_p) int store = images_open_store(cli, /* make= */ false);
	if (store < 0)
		return CLI_FAILED;
	int rc = images_list_all(cli, store, &list, &n);
	if (rc != CLI_OK)
		return rc;
	rc = images_users_load(cli, &users);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (!must_go(&users, list, n, i, keep))
			continue;
		rc = remove_one(cli, store, &list[i]);
		worst = rc == CLI_OK ? worst : rc;
	}
	return worst;
}

const struct cli_command cmd_images_prune = {
	.name = "images prune",
	.args = "",
	.summary = "remove old versions that nothing uses, and what broken fetches left",
	.options = options,
	.run = run,
};
