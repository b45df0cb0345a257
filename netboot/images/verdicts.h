/* verdicts.h - which files of the image store may be served: what the verifier found, as one small
 * text that it writes and netboot reads.
 *
 *   slipway-verdicts 1
 *   image good|pending|refused NAME/VERSION
 *   file good|refused INODE SIZE MTIME_NS CTIME_NS SHA256 NAME/VERSION/FILE
 *
 * A verdict on a file holds for exactly the file that was read: other inode, size or times, and it is
 * one that nobody has looked at. So this is also the cache that makes a restart quick. */
#ifndef SLIPWAY_IMAGES_VERDICTS_H
#define SLIPWAY_IMAGES_VERDICTS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "netboot/images/manifest.h"

#define VERDICTS_NAME "verdicts"
#define VERDICTS_BYTES_MAX ((size_t)4 << 20)
#define VERDICTS_MAX 8192 /* images, and files of all images */

enum verdict {
	VERDICT_PENDING = 1, /* not looked at yet: ask again */
	VERDICT_GOOD,
	VERDICT_REFUSED, /* it, or its image, is not what the manifest says */
	VERDICT_UNKNOWN  /* of an image that was looked at, and has no such file */
};

/* A file as it was when it was read. */
struct verdict_identity {
	uint64_t inode, size;
	int64_t mtime_ns, ctime_ns;
};

struct verdict_file {
	char image[IMAGE_ID_SIZE];
	char name[IMAGE_FILE_SIZE];
	struct verdict_identity identity;
	char sha256[MANIFEST_SHA256_SIZE];
	enum verdict verdict;
};

struct verdict_image {
	char id[IMAGE_ID_SIZE];
	enum verdict verdict;
};

struct verdicts {
	struct verdict_file *files;
	struct verdict_image *images;
	size_t n_files, n_images;
};

struct verdict_identity verdict_identity_of(const struct stat *st);
bool verdict_is_same(const struct verdict_identity *a, const struct verdict_identity *b);

/* 0, or -EBADMSG: then *ret is empty, and everything is pending. verdicts_done() frees. */
int verdicts_read(const char *text, size_t len, struct verdicts *ret) MUST_USE;
void verdicts_done(struct verdicts *v);

void verdicts_add_image(struct verdicts *v, const char *id, enum verdict verdict);
void verdicts_add_file(struct verdicts *v, const struct verdict_file *f);
void verdicts_write(const struct verdicts *v, struct str *out);

const struct verdict_file *verdicts_find(
	const struct verdicts *v, const char *image, const char *name);

/* May this file be served? `path` is NAME/VERSION/FILE below the store, `st` what was opened. */
enum verdict verdicts_of(const struct verdicts *v, const char *path, const struct stat *st);

#endif
