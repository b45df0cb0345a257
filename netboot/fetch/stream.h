/* stream.h - Fedora CoreOS's stream metadata: which release is the newest, where its files are, and
 * their sha256. Reads text that may be anything; what it gives is bounded and printable. */
#ifndef SLIPWAY_FETCH_STREAM_H
#define SLIPWAY_FETCH_STREAM_H

#include "netboot/images/manifest.h"

#define STREAM_BYTES_MAX ((size_t)4 << 20)

struct stream;

struct stream_file {
	char url[MANIFEST_SOURCE_SIZE];
	char signature[MANIFEST_SOURCE_SIZE]; /* "" for none */
	char sha256[MANIFEST_SHA256_SIZE];
};

/* Parses it and finds architectures.BOARD.artifacts.PLATFORM. NULL with *e filled. */
struct stream *stream_open(
	const char *text, size_t len, const char *board, const char *platform, struct err *e);
void stream_close(struct stream *s);

/* The newest release. 0, or -EBADMSG when it can not be a version. */
int stream_release(
	const struct stream *s, char ret[static IMAGE_VERSION_SIZE], struct err *e) MUST_USE;

/* formats.FORMAT.NAME. 0, -ENOENT, or -EBADMSG. */
int stream_file(const struct stream *s, const char *format, const char *name,
	struct stream_file *ret, struct err *e) MUST_USE;

#endif
