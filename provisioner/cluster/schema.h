/* schema.h - every key of cluster.yaml is one row: name, type, where it goes, default, sentence.
 *
 * load.c walks the rows; the reference page and the man page are printed from them, so a key can be
 * neither undocumented nor unchecked. What may I write in cluster.yaml? schema.c. */
#ifndef SLIPWAY_CLUSTER_SCHEMA_H
#define SLIPWAY_CLUSTER_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_type {
	SCHEMA_LABEL = 1,    /* const char *: a DNS label */
	SCHEMA_HOSTNAME,     /* const char *: labels with dots */
	SCHEMA_TEXT,         /* const char *: one printable line, of at most max bytes */
	SCHEMA_FILE_NAME,    /* const char *: a relative path without ".." */
	SCHEMA_BOOT_FILE,    /* const char *: such a path, or a URL of an IPv4 address */
	SCHEMA_INTERFACE,    /* const char *: a network interface's name */
	SCHEMA_ETCD_KEY,     /* const char *: starts with '/', does not end in one */
	SCHEMA_HOST,         /* const char *: an IPv4 address or a host name */
	SCHEMA_PATH,         /* const char *: an absolute path */
	SCHEMA_USER,         /* const char *: the name of a user or group */
	SCHEMA_PASSWD,       /* const char *: the hash of a password */
	SCHEMA_SSH_KEY,      /* const char *: a line of authorized_keys */
	SCHEMA_KERNEL_ARG,   /* const char *: one argument of a kernel */
	SCHEMA_TIMEZONE,     /* const char *: a name of the zone database */
	SCHEMA_WINDOW,       /* const char *: a time of the week */
	SCHEMA_ADDRESS,      /* uint32_t */
	SCHEMA_NET,          /* struct ipv4_net */
	SCHEMA_RANGE,        /* struct ipv4_range */
	SCHEMA_DURATION,     /* int64_t, milliseconds; min and max are in milliseconds */
	SCHEMA_NUMBER,       /* uint32_t; min, max */
	SCHEMA_BOOL,         /* bool */
	SCHEMA_ENUM,         /* uint32_t: one of `words` */
	SCHEMA_WORD,         /* const char *: one of `words` */
	SCHEMA_FLAGS,        /* uint32_t: a list of `words`, whose values are bits */
	SCHEMA_IMAGE,        /* struct cluster_image */
	SCHEMA_TEXT_LIST,    /* struct text_list, of texts of the type `item` */
	SCHEMA_ADDRESS_LIST, /* struct ipv4_list, at most max items */
	SCHEMA_MAC_LIST,     /* struct mac_list, one MAC or a list, at most max items */
	SCHEMA_CLIENT_ID,    /* struct byte_list, folded */
	SCHEMA_OPTION,       /* struct byte_list: text, hex:.. or addresses */
	SCHEMA_UUID,         /* struct uuid, folded */
	SCHEMA_HOSTS,    /* pointer to struct cluster_host and uint32_t count: name -> address */
	SCHEMA_TREE,     /* const struct doc_node *: a map whose keys are the operator's, of at most
	                        max values when that is not 0 */
	SCHEMA_ADDONS,   /* struct cluster_addon_list: names, or a name with its parameters */
	SCHEMA_REGISTRY, /* const char *: where container images come from, HOST[:PORT][/PATH] */
	SCHEMA_SELF, /* const struct doc_node *: no key, but the whole map that holds the keys */
	SCHEMA_SETTINGS, /* struct cluster_said: no key, but all those of schema_settings */
	SCHEMA_SECTION,  /* a struct in place; its keys in `section` */
	SCHEMA_OPTIONAL, /* pointer to such a struct, NULL when absent */
	SCHEMA_NAMED,    /* pointer and uint32_t count behind it: a map, name -> section */
	SCHEMA_ITEMS     /* pointer and uint32_t count behind it: a list of sections */
};

/* What becomes of a setting that several levels name. */
enum schema_merge {
	MERGE_NEAREST, /* the one nearest to the node counts; sections are merged key by key */
	MERGE_ADD,     /* lists: all of them, the widest first */
	MERGE_BY_NAME, /* lists of sections: the nearest of each `name` */
	MERGE_KEYS     /* maps: the nearest of each key, maps inside it likewise */
};

struct schema_word {
	const char *text;
	uint32_t value;
};

struct schema_section;

struct schema_key {
	const char *key;
	enum schema_type type;
	size_t offset; /* into the section's struct */
	bool required;
	const char *preset; /* the default as one would write it, or NULL */
	int64_t min, max;
	const struct schema_word *words; /* ENUM, FLAGS, a DURATION's other words: ends in {NULL} */
	const struct schema_section *section;
	enum schema_type item; /* TEXT_LIST; 0 is SCHEMA_TEXT */
	enum schema_merge merge;
	const char *doc; /* one sentence */
};

/* A key that is no more, and what to write instead. */
struct schema_gone {
	const char *key, *advice;
};

struct schema_section {
	size_t size;                    /* of the struct, which starts with a struct mark */
	size_t name_offset;             /* NAMED: where the name goes */
	const struct schema_key *keys;  /* ends in {NULL} */
	const struct schema_gone *gone; /* NULL, or ends in {NULL} */
	const char *doc;
};

extern const struct schema_section schema_cluster;

/* What stands at the top, in a role and in a node: see settings.h. */
extern const struct schema_section schema_settings;

/* True for rows that are no key: their value is the map itself. */
bool schema_is_whole(const struct schema_key *k);

/* The type in words: "a duration such as 90s, 10m or 12h". */
const char *schema_type_text(enum schema_type type);

#endif
