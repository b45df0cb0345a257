/* generation.h - everything served to nodes, rendered and checked as one.
 *
 * generation_build() renders every artefact of every node from one cluster.yaml, or reports why it
 * can not, with places; nothing half-built ever gets out. A generation is immutable and has a number
 * and a hash. What belongs to one boot stands in it as slots (slot.h). */
#ifndef SLIPWAY_GENERATION_H
#define SLIPWAY_GENERATION_H

#include <stdint.h>

#include "netboot/boot/distro.h"
#include "provisioner/base/err.h"
#include "provisioner/generation/context.h"
#include "provisioner/generation/sources.h"

struct cluster;
struct etcd_seed_key;

struct artefact {
	const char *data; /* NUL-terminated */
	size_t len;
};

struct node_artefacts {
	const struct cluster_node *node;
	struct artefact cloud_config; /* as the template rendered it */
	struct artefact config;       /* what the node's OS reads: Ignition or cloud-config */
	struct artefact script;       /* what iPXE runs */
	struct artefact grub;         /* what GRUB reads */
	struct artefact secrets;      /* what the join API may hand it: words, one a line */
	struct distro_plan plan;
};

struct generation {
	int64_t number;
	char hash[65]; /* sha256 over all artefacts, hex */
	enum config_kind config_kind;
	struct arena *arena;
	struct arena *cluster_arena;
	const struct cluster *cluster;           /* in cluster_arena */
	struct node_artefacts *nodes;            /* in the order of cluster->nodes */
	struct artefact first_script;            /* /boot.ipxe */
	struct artefact wait_script;             /* for strangers */
	struct artefact refusal;                 /* says why, in its slot, a machine gets nothing */
	struct artefact wait_grub, refusal_grub; /* the same for GRUB */
	struct etcd_seed_key *seed_keys;         /* what etcd is to hold from the start */
	size_t n_seed_keys;
};

struct generation_inputs {
	const struct cluster *cluster;
	struct sources sources;
	int images_dir; /* -1: do not look whether the image is there */
	struct context_facts facts;
	int64_t last_number;   /* of the generation before, 0 for none */
	const char *last_hash; /* "" for none: an equal one keeps its number */
};

/* 0 and *ret, which the caller frees; or -EINVAL with `errors` filled. Takes `cluster_arena`, which
 * holds inputs->cluster, on success only. */
int generation_build(const struct generation_inputs *in, struct arena *cluster_arena,
	struct generation **ret, struct err_list *errors) MUST_USE;
void generation_free(struct generation *g);

const struct node_artefacts *generation_node(const struct generation *g, const char *name);

/* The script that says why; the caller frees. Needs no file: what is served was read when built. */
char *generation_refusal(const struct artefact *refusal, const char *reason, size_t *ret_len);

#endif
