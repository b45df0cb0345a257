/* networkd.h - files of systemd-networkd taken apart: section, key and value, each with its line.
 *
 * The syntax is systemd.syntax(7)'s: comments begin a line with # or ;, a backslash at a line's end
 * continues it, blanks around key and value do not count. Nothing is known here of what a key
 * means: see ifaces.h. */
#ifndef SLIPWAY_CONFIG_NETWORKD_H
#define SLIPWAY_CONFIG_NETWORKD_H

#include "provisioner/config/cloudconfig.h"

#define NETWORKD_ENTRIES_MAX 512 /* of one file, its drop-ins included */

struct networkd_entry {
	const char *section, *key, *value;
	unsigned nth; /* the number of its section in the file: [Route] may come often */
	struct mark at;
};

struct networkd_file {
	const char *name; /* "10-bond0.netdev" */
	struct mark at;
	struct networkd_entry *entries;
	size_t n;
	unsigned n_sections;
};

/* Adds the entries of a text, of the file itself or of a drop-in. What is no such text is told in
 * `errors`. 0, -EINVAL, or -E2BIG when there are too many or the arena is full. */
int networkd_parse(struct arena *a, const struct cc_text *text, struct networkd_file *f,
	struct err_list *errors) MUST_USE;

#endif
