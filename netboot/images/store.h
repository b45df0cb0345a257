/* store.h - the image store: STORE/NAME/VERSION/, each folder an image with its manifest.
 *
 * An image is there whole or not at all. What is still being made lies beside it in
 * STORE/NAME/.VERSION.partial/, locked by whoever works on it, and becomes the image by one rename,
 * after everything in it is on disk. Removing goes the other way: renamed to .VERSION.removed first.
 * Names with a dot are never served, so whatever a crash leaves harms nobody: the next fetch goes on
 * with a .partial, and `prune` removes both. */
#ifndef SLIPWAY_IMAGES_STORE_H
#define SLIPWAY_IMAGES_STORE_H

#include "netboot/images/manifest.h"

enum images_state { IMAGES_WHOLE = 1, IMAGES_PARTIAL, IMAGES_REMOVED };

struct images_entry {
	struct image_id id;
	enum images_state state;
};

/* Everything in the store, by name, then version as a person orders them ("9.1" before "10.0"); the
 * caller frees *ret. Folders with other names are passed over. 0, or a negative errno. */
int images_list(int store, struct images_entry **ret, size_t *ret_n) MUST_USE;

/* -1, 0 or 1: numbers in the text are compared as numbers. */
int images_compare_versions(const char *a, const char *b);

/* The folder of a whole image; a descriptor, or -ENOENT. Links are not followed. */
int images_folder(int store, const struct image_id *id) MUST_USE;

/* Its manifest, which must name this very image. 0; -ENOENT: there is no such image; -ENODATA: it
 * has no manifest; -EINVAL: one that can not be read. */
int images_manifest(
	int store, const struct image_id *id, struct manifest *ret, struct err *e) MUST_USE;

/* An image in the making. */
struct images_work {
	struct image_id id;
	int name_dir; /* STORE/NAME */
	int dir;      /* STORE/NAME/.VERSION.partial, locked */
};

#define IMAGES_NO_WORK ((struct images_work){.name_dir = -1, .dir = -1})

/* Makes or takes up the .partial folder. 0, -EBUSY when somebody else works on it, or another
 * negative errno; *e is filled. */
int images_begin(
	int store, const struct image_id *id, struct images_work *ret, struct err *e) MUST_USE;

/* Removes whatever a work that was broken off has left in the folder. 0 or a negative errno. */
int images_empty(const struct images_work *w, struct err *e) MUST_USE;

/* Writes the manifest, brings all to disk and puts the image in its place, in exchange for one that
 * is there. Files that the manifest does not name are removed. Ends the work when it succeeds. */
int images_commit(struct images_work *w, const struct manifest *m, struct err *e) MUST_USE;

/* Ends the work: what there is stays as .partial, or is removed. */
void images_leave(struct images_work *w);
void images_discard(struct images_work *w);

/* Removes an image or a leftover. 0, -ENOENT, -EBUSY (a .partial that is worked on), ... */
int images_remove(int store, const struct images_entry *entry, struct err *e) MUST_USE;

/* Bytes of all regular files in an entry's folder. */
uint64_t images_disk_bytes(int store, const struct images_entry *entry);

#endif
