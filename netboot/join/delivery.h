/* delivery.h - the secret files of the node's role, as the provisioner's reply names them.
 *
 * Pure: JSON to structs, checked as if a stranger had written it. A path is absolute, has plain names
 * only, and lies below one of the folders that secrets belong in; nothing that can be executed, and
 * nothing that a stranger on the node may write. One bad file refuses the whole reply. */
#ifndef SLIPWAY_JOIN_DELIVERY_H
#define SLIPWAY_JOIN_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define DELIVERY_FILES_MAX 32
#define DELIVERY_PATH_SIZE 128
#define DELIVERY_OWNER_SIZE 33
#define DELIVERY_VERSION_SIZE 65
#define DELIVERY_CONTENT_MAX ((size_t)16 << 10)

struct delivery_file {
	char path[DELIVERY_PATH_SIZE];
	char owner[DELIVERY_OWNER_SIZE]; /* a user's name; his group is the file's */
	mode_t mode;
	char *content;
};

struct delivery {
	char version[DELIVERY_VERSION_SIZE];
	struct delivery_file files[DELIVERY_FILES_MAX];
	size_t n;
};

/* "/etc/kubernetes/pki/ca.crt": whether a secret may lie there. */
bool delivery_is_path(const char *path);

/* 1 to 64 letters and digits. */
bool delivery_is_version(const char *text);

/* 0, or -EINVAL with *e naming the field; *ret is then empty. delivery_done() wipes and frees. */
int delivery_read(const char *text, size_t len, struct delivery *ret, struct err *e) MUST_USE;
void delivery_done(struct delivery *d);

void delivery_write_request(const char *node, const char *version, struct str *out);

#endif
