/* download.h - files from a mirror into a folder: several at once, each taken up where it was left.
 *
 * A file that is on its way is NAME.part; beside it NAME.part.tag holds what the server called this
 * very content (ETag or date), so that a later try asks for the rest only if it is still the same.
 * It becomes NAME when its last byte is there. What breaks is tried again with growing pauses; what
 * can not get better ends all of it, and leaves what there is. TLS is verified; redirects are few
 * and never lead from https to http; the environment's proxies are used. */
#ifndef SLIPWAY_FETCH_DOWNLOAD_H
#define SLIPWAY_FETCH_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

struct download_options {
	const char *ca;    /* PEM file of authorities instead of the system's, or NULL */
	unsigned retries;  /* in a row, without a byte gained */
	unsigned pause_ms; /* before the first of them; doubles up to 30 s */
	unsigned stall_s;  /* this long with next to nothing is a failure */
	void (*progress)(void *arg, uint64_t done, uint64_t total, uint64_t kept);
	void (*note)(void *arg, const char *text);
	void *arg;
};

struct download {
	const char *url;
	const char *name; /* in the folder */
	uint64_t max_bytes;
	bool is_optional; /* a mirror may lack it */

	bool is_missing; /* results: it does */
	bool is_resumed; /* some of it was here before */
};

/* 0 when all are there, but for optional ones; or the negative errno of the first that failed, with
 * *e filled. */
int download_files(int dir, struct download *list, size_t n, const struct download_options *o,
	struct err *e) MUST_USE;

#endif
