/* images_users.h - who needs which image: cluster.yaml as it is on disk, what is published, and what a rollback may
 * publish again. Asked once. */
#ifndef SLIPWAY_CLI_IMAGES_USERS_H
#define SLIPWAY_CLI_IMAGES_USERS_H

#include "netboot/images/id.h"
#include "provisioner/base/str.h"
#include "provisioner/cli/cli.h"

#define IMAGES_USER_SIZE 80

/* A generation that is kept, and an image that its nodes boot. */
struct images_user {
	char id[IMAGE_ID_SIZE];
	char who[IMAGES_USER_SIZE];
};

struct images_users {
	const char *config;        /* path of cluster.yaml */
	bool is_config_unreadable; /* then it may need any image */
	struct str of_config; /* what is named there and in nodes.d, each between two newlines */
	struct images_user *published;
	size_t n;
};

/* The caller frees it with images_users_done(). CLI_OK, or an exit status after saying why there is no telling what is
 * published. */
int images_users_load(const struct cli *cli, struct images_users *ret);
void images_users_done(struct images_users *u);

/* Who needs this image: cluster.yaml's path, "generation 3, which nodes get", or NULL. */
const char *images_user_of(const struct images_users *u, const struct image_id *id);

#endif
