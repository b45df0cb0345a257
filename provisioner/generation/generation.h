/* generation.h - everything served to nodes, rendered and checked as one.
 *
 * generation_build() renders every artefact of every node from one cluster.yaml and hands them on node by node, or
 * reports why it can not, with places. publish.h puts them into the archive, whole or not at all; a server opens
 * what was published with generation_open(), and reads from there. A generation is immutable and has a number
 * and a hash. What belongs to one boot, or to this server, stands in it as slots (slot.h). */
#ifndef SLIPWAY_GENERATION_H
#define SLIPWAY_GENERATION_H

#include <stdint.h>

#include "netboot/boot/distro.h"
#include "provisioner/base/err.h"
#include "provisioner/generation/context.h"
#include "provisioner/generation/depends.h"
#include "provisioner/generation/sources.h"
#include "provisioner/store/archive.h"

struct cluster;
struct cluster_image;
struct etcd_seed_key;

struct artefact {
	const char *data; /* NUL-terminated; NULL: none, which is "" */
	size_t len;
};

/* What one node gets; on its way, in memory that goes with the next node. */
struct node_artefacts {
	const struct cluster_node *node;
	struct artefact texts[N_ARTEFACTS];
	struct artefact trace; /* what its rendering has read, and the key over that: depends.h */
	uint8_t key[DEPENDS_KEY_LEN];
};

/* An image that nodes boot. */
struct generation_image {
	const char *distro, *version;
	enum config_kind config;
	const char *kernel, *unified; /* "": it has none */
	const char *initrds[DISTRO_INITRDS_MAX];
	size_t n_initrds;
};

struct generation {
	int64_t number;
	char hash[2 * ARCHIVE_HASH_LEN + 1]; /* over all that it was made from and holds, hex */
	char ca_fingerprint[65]; /* which CA its nodes trust; "" when that was not written down */
	struct arena *arena;
	const struct cluster *cluster;
	struct arena *cluster_arena;     /* NULL: somebody else's */
	struct generation_image *images; /* the cluster's own is the first */
	size_t n_images;
	struct artefact first_script; /* /boot.ipxe */
	struct artefact wait_script;  /* for strangers */
	struct artefact refusal;      /* says why, in its slot, a machine gets nothing */
	/* Say in their slot why a stranger is no node yet (enroll: open), or that it is one and must ask for its
	 * address. An archive of an older slipway has none. */
	struct artefact enroll_script, renew_script;
	struct artefact wait_grub, refusal_grub, enroll_grub, renew_grub; /* the same for GRUB */
	struct artefact addons; /* addon_presets.h; none in one that an older slipway published */
	struct etcd_seed_key *seed_keys; /* what etcd is to hold from the start */
	size_t n_seed_keys;
	struct archive *archive; /* where its nodes' artefacts stand; NULL while it is built */
	char agent_sha256[65];   /* what their slot is filled with */
};

/* --- building ------------------------------------------------------------------------------------- */

struct generation_inputs {
	const struct cluster *cluster;
	struct sources sources;
	int images_dir; /* -1: do not look whether the images are there */
	struct context_facts facts;
};

/* How a node was rendered before. */
struct generation_before {
	const char *trace;
	const uint8_t *key; /* DEPENDS_KEY_LEN */
};

/* Who takes the nodes. All but `arg` may be NULL. */
struct generation_sink {
	void *arg;
	/* False: it was not rendered before. */
	bool (*find)(void *arg, const struct cluster_node *n, struct generation_before *ret);
	int (*keep)(void *arg, const struct cluster_node *n); /* it gets what it got */
	int (*put)(void *arg, const struct node_artefacts *n);
};

/* 0 and *ret, without number, hash and archive; the caller frees it and keeps in->cluster. Or -EINVAL with `errors`
 * filled; or what the sink returned. */
int generation_build(const struct generation_inputs *in, const struct generation_sink *sink,
	struct generation **ret, struct err_list *errors) MUST_USE;

/* --- serving -------------------------------------------------------------------------------------- */

/* Opens a published one. Keeps `a`. 0 and *ret, which the caller frees; or a negative errno with *e filled. */
int generation_open(struct archive *a, const struct archive_generation *which,
	struct generation **ret, struct err *e) MUST_USE;
void generation_free(struct generation *g);

/* Adds what a node gets, its slots filled but for those of one boot. 0, or -ENOENT (no such node), or what
 * archive_text() returns. */
int generation_text(const struct generation *g, const char *node, enum artefact_kind kind,
	struct str *ret) MUST_USE;

/* What is known of an image, or of the one a node boots: NULL if no node boots it. */
const struct generation_image *generation_image(
	const struct generation *g, const struct cluster_image *image);

/* A script that says why, in its slot; the caller frees. */
char *generation_with_reason(const struct artefact *script, const char *reason, size_t *ret_len);

#endif
