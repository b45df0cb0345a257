/* plan.h - what a node's disk gets from a cloud-config, as flat lists: users, files, links, units.
 *
 * The step between the model and Ignition: sections have become drop-ins and files, networkd's
 * units files, commands the enabling of units. Ignition knows no more than these four lists.
 * Borrows the model; what it makes itself lives in the arena. */
#ifndef SLIPWAY_CONFIG_PLAN_H
#define SLIPWAY_CONFIG_PLAN_H

#include "provisioner/config/emit.h"

struct plan_file {
	struct mark at;
	const char *path, *owner; /* owner: "user:group" or NULL */
	const char *data;
	size_t len;
	uint32_t mode;
	bool is_gzip;
};

struct plan_link {
	struct mark at;
	const char *path, *target;
};

struct plan_drop_in {
	const char *name, *text;
};

enum plan_enable { PLAN_LEAVE = 1, PLAN_ENABLE, PLAN_DISABLE };

struct plan_unit {
	struct mark at;
	const char *name, *text; /* text: NULL for a unit of the system's own */
	bool mask, start;        /* start: run it at boot, whatever that takes */
	enum plan_enable enable;
	struct plan_drop_in *drop_ins;
	size_t n_drop_ins, cap;
};

struct plan_user {
	const char *name;
	const struct cc_user *user; /* NULL for core when it is only given keys */
	const char **keys;          /* each once */
	size_t n_keys;
	const char **groups;
	size_t n_groups;
};

struct plan {
	struct arena *arena;
	struct err_list *errors;
	enum config_kind kind;
	struct plan_user *users;
	struct plan_file *files;
	struct plan_link *links;
	struct plan_unit *units;
	size_t n_users, n_files, n_links, n_units;
};

/* Fills *p, whose `arena`, `errors` and `kind` are set. What can not be said is added to `errors`.
 * 0, -EINVAL with errors, or -E2BIG when the arena is full. */
int plan_make(struct plan *p, const struct cloudconfig *c) MUST_USE;

/* For sections.h. Texts are kept. */
#define PLAN_ETCD_MEMBER "etcd-member.service"
void plan_add_file(struct plan *p, struct mark at, const char *path, const char *text);

/* The unit of that name; a new one if there is none yet. */
struct plan_unit *plan_unit(struct plan *p, struct mark at, const char *name);

/* 0, with an error added when the unit has such a drop-in, or -E2BIG: no text, or a full arena. */
int plan_add_drop_in(struct plan *p, struct plan_unit *u, struct mark at, const char *name,
	const char *text) MUST_USE;

#endif
