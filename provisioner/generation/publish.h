/* publish.h - from what the operator wrote to a generation in the archive: whole, or not at all.
 *
 * Runs in a process of its own (daemon/builder.h), which may be killed at any time. A node of which nothing has changed
 * that its rendering reads is not rendered again. */
#ifndef SLIPWAY_GENERATION_PUBLISH_H
#define SLIPWAY_GENERATION_PUBLISH_H

#include <stdbool.h>

#include "provisioner/generation/generation.h"

struct publish_order {
	int config_dir; /* holds cluster.yaml, by this name, and the operator's templates */
	const char *config_name;
	const char *state_dir; /* holds the files of enrolled nodes; NULL: there are none */
	int64_t inputs_of; /* the cluster.yaml of this published generation takes its place; 0: it does not */
	int templates_dir; /* the shipped ones */
	int images_dir;    /* -1: do not look */
	const char *ca_fingerprint;
	bool is_draft;        /* only to be looked at: ARCHIVE_DRAFT */
	const char *by;       /* who wants it */
	int64_t now_ms;       /* by the wall clock */
	int64_t number_above; /* a number that was used before, perhaps in an archive that was lost */
};

struct publish_result {
	struct archive_generation generation; /* the one that is published now, or the draft */
	bool is_new;                          /* false: it was, and nothing has changed */
	int64_t n_rendered;                   /* nodes; the others had nothing to render */
};

/* Reads cluster.yaml and renders it. 0 and *ret, or -EINVAL with `errors` filled, or what the archive returns: then
 * nothing has changed. */
int publish_config(struct archive *a, const struct publish_order *o, struct publish_result *ret,
	struct err_list *errors) MUST_USE;

/* Publishes an old generation again, under a new number. Or with *e filled: -ENOENT, there is none of this number;
 * -EINVAL, its nodes trust another CA than the one of the order, or an image that they boot is gone. */
int publish_again(struct archive *a, int64_t number, const struct publish_order *o,
	struct publish_result *ret, struct err *e) MUST_USE;

struct enroll_verdict;

/* What somebody wants to be published. */
struct publish_wish {
	int64_t again; /* this generation once more; 0: what is on disk now */
	bool is_anew; /* not as it is: its cluster.yaml is rendered again, for the CA that there is now */
	bool is_draft;
	bool only_settles; /* nothing is published: publish_enroll_settle() */
	char by[ARCHIVE_WORD_SIZE];
};

/* What came of it: plain data, to be told to another process. */
struct publish_outcome {
	int rc; /* 0, or a negative errno with `errors` filled */
	struct publish_result result;
	struct err_list errors;
	const struct enroll_verdict
		*verdicts; /* of each machine to be enrolled; NULL: it was not about that */
};

/* What a server must listen on that serves this cluster, as a text to compare: network, ports, TFTP server. */
void publish_listening(const struct cluster *c, char ret[static ARCHIVE_LISTENING_SIZE]);

/* Whether cluster.yaml and its includes, as they are on disk, are others than those a generation was made from; true
 * also when they can not be read. Of the order, only where they are counts. */
bool publish_differs(struct archive *a, int64_t number, const struct publish_order *where);

#endif
