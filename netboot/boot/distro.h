/* distro.h - one operating system that nodes can boot: a file of templates/distros, read.
 *
 * File names and kernel arguments in it are templates; distro_plan() fills them in for one node.
 * Everything lives in the arena that was passed. */
#ifndef SLIPWAY_NETBOOT_BOOT_DISTRO_H
#define SLIPWAY_NETBOOT_BOOT_DISTRO_H

#include <stdbool.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"
#include "provisioner/config/emit.h"
#include "templates/engine/value.h"

#define DISTRO_INITRDS_MAX 8

/* A text with the place it stands at. */
struct distro_text {
	const char *text; /* NULL: not given */
	struct mark at;
};

struct distro {
	const char *name, *title;
	enum config_kind config; /* what it reads at its first boot */
	struct distro_text kernel, rootfs, unified;
	struct distro_text initrds[DISTRO_INITRDS_MAX];
	size_t n_initrds;
	const struct distro_text *args;
	size_t n_args;
	struct distro_text disk; /* the image for an installation to disk */
	const struct doc_node
		*root; /* all of the file, for who reads more of it (fetch/mirror.h) */
};

/* What a plan depends on. */
struct distro_input {
	const char *version;    /* as in cluster.yaml; see distro_split_version() */
	const char *config_url; /* where the node finds its configuration */
	const char *image_url;  /* folder of the image on this server, no slash at its end */
	const char *console;    /* "ttyS0,115200n8", or "" */
};

/* What one node loads. */
struct distro_plan {
	const char *kernel;
	const char *initrds[DISTRO_INITRDS_MAX];
	size_t n_initrds;
	const char *rootfs;  /* "" for none */
	const char *unified; /* likewise; the site's own unified kernel image */
	const char *disk;    /* likewise; no node loads it over the network to boot */
	const char *args;    /* joined with blanks */
};

/* Reads a distro file; `file` names it in errors and is kept. 0, or -EINVAL with *e. */
int distro_read(struct arena *a, const char *file, const char *text, size_t len, struct distro *ret,
	struct err *e) MUST_USE;

/* Fills the templates in. 0, or a negative errno with *e at the line of the distro file. */
int distro_plan(struct arena *a, const struct distro *d, const struct distro_input *in,
	struct distro_plan *ret, struct err *e) MUST_USE;

/* An image for another architecture than x86_64 says so at the end of its version:
 * "42.20250803.3.0-aarch64". Gives the distribution's own version, in the arena, and the
 * architecture. */
void distro_split_version(
	struct arena *a, const char *label, const char **ret_version, const char **ret_arch);

/* That architecture alone: "x86_64" or "aarch64", constant. */
const char *distro_arch(const char *label);

/* For who reads more of the file: a text, and the filling in of one, as above. */
int distro_take_text(const struct doc_node *n, const char *what, struct distro_text *ret,
	struct err *e) MUST_USE;
int distro_fill(struct arena *a, const struct distro_text *t, struct value globals,
	const char **ret, struct err *e) MUST_USE;

#endif
