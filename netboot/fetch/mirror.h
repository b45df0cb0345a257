/* mirror.h - where a distribution's images are published, and who signs them: the `mirror` part of
 * its file in templates/distros.
 *
 * All of it is data. Texts are templates that see base, url, version, channel, board, arch and file;
 * `base` is what an operator's own mirror replaces. Everything lives in the arena that was passed. */
#ifndef SLIPWAY_FETCH_MIRROR_H
#define SLIPWAY_FETCH_MIRROR_H

#include <stdbool.h>

#include "netboot/boot/distro.h"

#define MIRROR_KEYS_MAX 16
#define MIRROR_WORDS_MAX 16

/* How the place that names the newest version is written. */
enum mirror_latest { MIRROR_KEY_VALUES = 1, MIRROR_STREAM };

/* Which part of a stream's metadata is which of our files: "pxe", "kernel". */
struct mirror_artifact {
	const char *format, *name; /* NULL: there is none */
};

struct mirror {
	struct distro_text base; /* no text: an operator must say where his is */
	struct distro_text url;  /* the folder of one version */
	struct distro_text latest, signature, digests;
	enum mirror_latest latest_format;
	const char *latest_key; /* of MIRROR_KEY_VALUES */
	const char *build_key;  /* what a build is called; or NULL */
	const char *build_file; /* in the folder of a version, says which one it is; or NULL */
	const char *platform;   /* of MIRROR_STREAM: "metal" */
	struct mirror_artifact kernel, initrd, rootfs, disk;
	const char *channels[MIRROR_WORDS_MAX + 1]; /* ends in NULL; the first is the usual one */
	const char *arches[MIRROR_WORDS_MAX + 1], *boards[MIRROR_WORDS_MAX + 1]; /* side by side */
	const char *keys[MIRROR_KEYS_MAX + 1]; /* fingerprints of primary keys, ends in NULL */
	const char *keys_from;                 /* how to get them; "" when nobody knows */
	bool expired_keys_are_good;            /* nobody will make new ones */
};

/* What the templates of one fetch are filled with. */
struct mirror_values {
	const char *base; /* NULL: the mirror's own */
	const char *version, *channel, *board, *arch;
};

/* 0, -ENOENT when nobody publishes this distribution, or another negative errno; *e is filled. */
int mirror_read(const struct distro *d, struct mirror *ret, struct err *e) MUST_USE;

/* The base in use, without a slash at its end. */
int mirror_base(struct arena *a, const struct mirror *m, const struct mirror_values *v,
	const char **ret, struct err *e) MUST_USE;

/* Fills one of its texts; `file` may be "". */
int mirror_fill(struct arena *a, const struct mirror *m, const struct mirror_values *v,
	const struct distro_text *text, const char *file, const char **ret, struct err *e) MUST_USE;

/* The mirror's word for an architecture, which may be given as either; NULL when it has none.
 * *ret_arch is our word. */
const char *mirror_board(const struct mirror *m, const char *word, const char **ret_arch);
bool mirror_has_channel(const struct mirror *m, const char *word);

#endif
