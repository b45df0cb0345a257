/* manifest.h - what an image consists of: manifest.json in its folder.
 *
 * It says of each file how long it is and its SHA-256, whence it came and who signed it; the image
 * itself is as trusted as the least of the files that nodes boot. Reading is a pure function over
 * text that may be anything; a manifest that was read holds legal names only, each once. */
#ifndef SLIPWAY_IMAGES_MANIFEST_H
#define SLIPWAY_IMAGES_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "netboot/images/id.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_BYTES_MAX ((size_t)256 << 10)
#define MANIFEST_FILES_MAX 64
#define MANIFEST_SHA256_SIZE 65
#define MANIFEST_SOURCE_SIZE 512
#define MANIFEST_SIGNER_SIZE 41 /* 40 hex digits of an OpenPGP v4 fingerprint */
#define MANIFEST_TEXT_SIZE 64   /* build, date */
#define MANIFEST_UNVERIFIED "unverified"

struct manifest_file {
	char name[IMAGE_FILE_SIZE];
	uint64_t size;
	char sha256[MANIFEST_SHA256_SIZE];
	char source[MANIFEST_SOURCE_SIZE]; /* URL, or "" */
	char signer[MANIFEST_SIGNER_SIZE]; /* "" when no signature was checked */
};

struct manifest {
	struct image_id id;
	char build[MANIFEST_TEXT_SIZE]; /* what the distribution calls this build, or "" */
	char date[MANIFEST_TEXT_SIZE];  /* when it came into a store: "2026-01-31T12:34:56Z" */
	char source[MANIFEST_SOURCE_SIZE];
	char signer[MANIFEST_SIGNER_SIZE]; /* of all that nodes boot; "" when not verified */
	size_t n_files;
	struct manifest_file files[MANIFEST_FILES_MAX];
};

/* `file` names the text in errors. 0, or -EINVAL with *e filled. */
int manifest_read(const char *file, const char *text, size_t len, struct manifest *ret,
	struct err *e) MUST_USE;

/* Writes it as JSON that manifest_read() reads. */
void manifest_write(const struct manifest *m, struct str *out);

const struct manifest_file *manifest_find(const struct manifest *m, const char *name);

/* A new row of that (legal, new) name, or NULL when it is full. */
struct manifest_file *manifest_add(struct manifest *m, const char *name);

/* Bytes of all files. */
uint64_t manifest_bytes(const struct manifest *m);

/* The signer's fingerprint, or "unverified". */
const char *manifest_signer(const char *signer);

/* "2026-01-31T12:34:56Z" of the wall clock's milliseconds. */
void manifest_set_date(struct manifest *m, int64_t wall_ms);

#endif
