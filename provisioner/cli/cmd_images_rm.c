#include <errno.h>
#include <stdio.h>

#include "provisioner/base/human.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/images_users.h"

static const struct cli_option options[] = {
	{"force", 'f', NULL, NULL, "also one that is in use"},
	IMAGES_STORE_OPTION,
	IMAGES_CONFIG_OPTION,
	IMAGES_STATE_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

static int run(const struct cli *cli)
{
	struct images_entry entry = {.state = IMAGES_WHOLE};
	AUTO(images_users_done) struct images_users users = {0};
	char bytes[HUMAN_SIZE];
	struct err e;

	int rc = images_take_id(cli, cli->args[0], &entry.id);
	if (rc != CLI_OK)
		return rc;
	AUTO(close_p) int store = images_open_store(cli, /* make= */ false);
	if (store < 0)
		return CLI_FAILED;
	bool is_forced = cli_has(cli, "force");
	rc = is_forced ? CLI_OK : images_users_load(cli, &users);
	if (rc != CLI_OK)
		return rc;
	const char *user = is_forced ? NULL : images_user_of(&users, &entry.id);
	if (user) {
		cli_complain(cli, "%s is in use by %s (--force removes it all the same)",
			cli->args[0], user);
		return CLI_FAILED;
	}
	uint64_t freed = images_disk_bytes(store, &entry);
	rc = images_remove(store, &entry, &e);
	if (rc < 0)
		return images_failed(cli, &e, rc);
	printf("%s removed, %s freed\n", cli->args[0], human_bytes(freed, bytes));
	return CLI_OK;
}

const struct cli_command cmd_images_rm = {
	.name = "images rm",
	.args = "NAME/VERSION",
	.summary = "remove an image that nothing uses",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
