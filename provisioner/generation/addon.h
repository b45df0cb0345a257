/* addon.h - one add-on, as its templates/addons/NAME/addon.yaml describes it. Pure.
 *
 * An add-on is something that nodes run beside their system: data that names what else it needs, its
 * parameters, and the templates that make its files and units. templates/README.md says how one is
 * written. Everything lives in the arena that was passed. */
#ifndef SLIPWAY_GENERATION_ADDON_H
#define SLIPWAY_GENERATION_ADDON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"
#include "templates/engine/engine.h"

enum addon_type {
	ADDON_TEXT = 1, /* one printable line, not empty */
	ADDON_BOOL,
	ADDON_NUMBER,   /* min, max */
	ADDON_DURATION, /* stays as written; min and max are durations too */
	ADDON_ENUM,     /* one of `words` */
	ADDON_ADDRESS,
	ADDON_NET,    /* 10.2.0.0/16 */
	ADDON_HOST,   /* a host name or an IPv4 address */
	ADDON_PATH,   /* absolute */
	ADDON_URL,    /* http:// or https:// */
	ADDON_SHA256, /* 64 hex digits */
	ADDON_IMAGE,  /* a container image with its tag or digest */
	ADDON_LIST,   /* of such lines */
	ADDON_MAP     /* whatever the operator writes */
};

#define ADDON_NAMES_MAX 64
#define ADDON_PARAMETERS_MAX 64

/* A word of a list, where it stands. */
struct addon_name {
	const char *text;
	struct mark at;
};

struct addon_names {
	struct addon_name *items;
	size_t n;
};

struct addon_parameter {
	struct mark at;
	const char *name; /* as in cluster.yaml: log-max-size */
	const char *key;  /* as in templates: log_max_size */
	enum addon_type type;
	const char *doc;
	const struct doc_node *preset; /* NULL: it has none */
	bool required, cluster_wide;   /* cluster_wide: one role can't have another value */
	int64_t min, max;              /* milliseconds for a duration */
	struct addon_names words;
};

struct addon {
	struct mark at;
	const char *name, *key; /* load-balancer, and load_balancer in templates */
	const char *title, *doc;
	struct addon_names needs;     /* which the role must list too; before this one */
	struct addon_names brings;    /* which come along, before this one */
	struct addon_names after;     /* before this one if they are there */
	struct addon_names conflicts; /* which the role must not have */
	struct addon_names distros;   /* none: all */
	struct addon_names secrets;   /* what it may want; its secrets.yaml says what it does */
	struct addon_names refuse;    /* templates: one that renders to text says what is wrong */
	struct addon_parameter *parameters;
	size_t n_parameters;
};

/* Its file's name stands in errors and is kept, as is its own. 0, or -EINVAL with at least one error added. */
int addon_read(struct arena *a, const char *name, const struct template_source *file,
	struct addon *ret, struct err_list *errors) MUST_USE;

bool addon_names_has(const struct addon_names *names, const char *text);
const struct addon_parameter *addon_parameter_find(const struct addon *a, const char *name);

/* "a duration such as 90s" */
const char *addon_type_text(enum addon_type type);

#endif
