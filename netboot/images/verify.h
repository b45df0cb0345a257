/* verify.h - whether an image's files are those of its manifest. Reads every byte. */
#ifndef SLIPWAY_IMAGES_VERIFY_H
#define SLIPWAY_IMAGES_VERIFY_H

#include "netboot/images/manifest.h"

/* Is told how far it is; all may be NULL. */
struct images_watch {
	void (*step)(void *arg, size_t bytes);
	void *arg;
};

/* Opens a file of an image's folder: a regular one, not through a link. */
int images_open_file(int dir, const char *name) MUST_USE;

/* 0, -ENOENT, -EBADMSG (other bytes than the manifest says), or the errno of reading, of the first file that
 * is wrong; *e names it and says what differs. */
int images_verify_files(int dir, const struct manifest *m, const struct images_watch *watch,
	struct err *e) MUST_USE;

/* Fills size and sha256 of a row from the file itself. */
int images_measure(
	int dir, struct manifest_file *f, const struct images_watch *watch, struct err *e) MUST_USE;

#endif
