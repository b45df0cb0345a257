/* stamp.h - whether files are still what they were when they were read, without reading them again.
 *
 * A stamp is a sum over what stat() tells of files: where they are, their size, both their times. Two that are equal mean
 * that nothing has changed, but only if the first was settled when it was taken: within one tick of the file system's clock a
 * file can be written once more and look the same. */
#ifndef SLIPWAY_BASE_STAMP_H
#define SLIPWAY_BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct stamp {
	uint64_t sum;
	int64_t newest_ms; /* of all times */
};

/* Adds a file, or that there is none; symlinks are followed. `dir` may be AT_FDCWD. */
void stamp_file(struct stamp *s, int dir, const char *name);

/* Adds a folder and everything in it, but not what lies deeper. */
void stamp_folder(struct stamp *s, int dir, const char *name);

/* Nothing was written in the last seconds before `now_ms`, by the wall clock. */
bool stamp_is_settled(const struct stamp *s, int64_t now_ms);

bool stamp_is_equal(const struct stamp *a, const struct stamp *b);

#endif
