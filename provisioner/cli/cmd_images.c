#include "provisioner/cli/images.h"

static const struct cli_command *const verbs[] = {
	&cmd_images_fetch,
	&cmd_images_import,
	&cmd_images_export,
	&cmd_images_list,
	&cmd_images_verify,
	&cmd_images_rm,
	&cmd_images_prune,
	NULL,
};

const struct cli_command cmd_images = {
	.name = "images",
	.args = "VERB",
	.summary = "the image store: fetch, import, export, list, verify, rm, prune",
	.detail =
		"An image is a folder NAME/VERSION of the store with a manifest of what is in it.",
	.verbs = verbs,
};
