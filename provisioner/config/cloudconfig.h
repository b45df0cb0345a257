/* cloudconfig.h - CoreOS cloud-config as one plain model: read, checked, written in other languages.
 *
 * Templates render to cloud-config with underscores in its keys. cloudconfig_read() turns that text
 * into the model and refuses what every target would drop in silence: unknown keys, wrong types,
 * values outside their rules, duplicates. emit.h writes the model in the language of the node's
 * system.
 *
 * Some texts stand for values that only serving knows (a join token). Their names begin with
 * CLOUDCONFIG_SLOT; they reach the output of every emitter letter by letter, so that the server may
 * replace them in place. */
#ifndef SLIPWAY_CONFIG_CLOUDCONFIG_H
#define SLIPWAY_CONFIG_CLOUDCONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define CLOUDCONFIG_MAX ((size_t)1 << 20) /* bytes of text that cloudconfig_read() accepts */
#define CLOUDCONFIG_SLOT "slot_"

/* A value and where it was written. `text` is NULL when the key was not given. */
struct cc_text {
	const char *text; /* NUL-terminated; may hold NULs before that only in cc_file.data */
	size_t len;
	struct mark at;
	bool is_block;  /* written with | or >: its lines stand below `at` */
	bool is_binary; /* tagged !!binary */
};

struct cc_texts {
	struct cc_text *items;
	size_t n;
};

struct cc_user {
	struct cc_text name, passwd, gecos, homedir, primary_group, shell;
	struct cc_text coreos_ssh_import_github, coreos_ssh_import_url;
	struct cc_texts groups, ssh_authorized_keys, coreos_ssh_import_github_users;
	bool no_create_home, no_user_group, system, no_log_init;
};

struct cc_file {
	struct cc_text path, owner, permissions, encoding, content; /* as written */
	struct cc_text data;                                        /* the decoded content */
	bool is_gzip;                                               /* data is a gzip file's */
	uint32_t mode;
};

struct cc_dropin {
	struct cc_text name, content;
};

struct cc_unit {
	struct cc_text name, content, command;
	bool enable, mask, runtime;
	struct {
		struct cc_dropin *items;
		size_t n;
	} drop_ins;
};

/* The parts of `coreos:` that hold settings of one program. Each is an array with one value per row
 * of its table in keys.c, or NULL when not given. */
enum cc_section {
	CC_ETCD,
	CC_ETCD2,
	CC_FLEET,
	CC_FLANNEL,
	CC_LOCKSMITH,
	CC_OEM,
	CC_UPDATE,
	CC_SECTIONS
};

struct cloudconfig {
	struct cc_text hostname, manage_etc_hosts;
	struct cc_texts ssh_authorized_keys;
	struct {
		struct cc_user *items;
		size_t n;
	} users;
	struct {
		struct cc_file *items;
		size_t n;
	} files;
	struct cc_text *sections[CC_SECTIONS];
	struct cc_texts hyphened; /* keys written with hyphens, as they are called today */
	struct {
		struct cc_unit *items;
		size_t n;
	} units;
};

/* Reads and checks cloud-config text. `file` names it in errors. Everything in *ret lives in `a`,
 * which keeps `file` too. 0, -EINVAL with at least one error in `errors`, or -E2BIG likewise. */
int cloudconfig_read(struct arena *a, const char *file, const char *text, size_t len,
	struct cloudconfig **ret, struct err_list *errors) MUST_USE;

/* The first key by which a user's SSH keys would be fetched from the net, or NULL. */
const struct cc_text *cloudconfig_import_of(const struct cc_user *u);

/* Where the first setting of a section was given; line 0 when there is none. */
struct mark cloudconfig_section_at(const struct cloudconfig *c, enum cc_section s);

#endif
