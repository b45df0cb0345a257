/* images.h - what the verbs of `slipway images` share: the store, distributions. images_users.h says what is in use. */
#ifndef SLIPWAY_CLI_IMAGES_H
#define SLIPWAY_CLI_IMAGES_H

#include "provisioner/base/str.h"
#include "netboot/boot/distro.h"
#include "netboot/images/store.h"
#include "provisioner/cli/cli.h"

#define IMAGES_STORE_OPTION                                                     \
	{                                                                       \
		"store", 0, "DIR", "/var/lib/slipway/images", "the image store" \
	}
#define IMAGES_CONFIG_OPTION                                                             \
	{                                                                                \
		"config", 'c', "FILE", SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml",       \
			"whose image is in use; its folder's templates come before ours" \
	}
#define IMAGES_STATE_OPTION                                                                      \
	{                                                                                        \
		"state", 0, "DIR", "/var/lib/slipway",                                           \
			"of the server: what it has published is in use, also when it does not " \
			"run"                                                                    \
	}
#define IMAGES_TEMPLATES_OPTION                                                              \
	{                                                                                    \
		"templates", 0, "DIR", SLIPWAY_DATADIR "/templates", "shipped distributions" \
	}
#define IMAGES_KEYRING_OPTION                                                          \
	{                                                                              \
		"keyring", 0, "FILE", NULL,                                            \
			"signers' keys (" SLIPWAY_SYSCONFDIR "/slipway/keys/NAME.gpg)" \
	}
#define IMAGES_INSECURE_OPTION                                                          \
	{                                                                               \
		"insecure", 0, NULL, NULL, "do without signatures, and say so for ever" \
	}

/* The store's folder; made when it is missing and `make` is set. A descriptor, or -1 after saying
 * why. */
int images_open_store(const struct cli *cli, bool make);

/* images_list() for a command. CLI_OK, or CLI_FAILED after saying why; the caller frees *ret. */
int images_list_all(const struct cli *cli, int store, struct images_entry **ret, size_t *ret_n);

/* Prints "slipway images ...: MESSAGE"; gives CLI_FAILED, or CLI_NOT_FOUND for -ENOENT. */
int images_failed(const struct cli *cli, const struct err *e, int rc);

/* Parses an argument NAME/VERSION. CLI_OK, or CLI_USAGE after saying why. */
int images_take_id(const struct cli *cli, const char *text, struct image_id *ret);

/* Reads templates/distros/NAME.yaml, the operator's own first. 0 or a negative errno with *e. */
int images_load_distro(const struct cli *cli, struct arena *a, const char *name, struct distro *ret,
	struct err *e) MUST_USE;

/* The key ring for that distribution: what was given, or its usual place. In the arena. */
const char *images_keyring(const struct cli *cli, struct arena *a, const char *name);

/* One file each. */
extern const struct cli_command cmd_images_fetch, cmd_images_import, cmd_images_export,
	cmd_images_list, cmd_images_verify, cmd_images_rm, cmd_images_prune;

#endif
