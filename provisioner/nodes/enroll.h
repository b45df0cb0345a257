/* enroll.h - which node an unknown machine becomes, with enroll: open. Pure.
 *
 * A machine is its network cards: a card whose machine has the UUID of a node is another card of that node, and so is
 * one that has the UUID of another candidate. Useless UUIDs count for nothing. The name comes of the MAC, role and
 * address of the first entry of enroll-as that has an address left in the machine's network. Who takes the decision
 * into the cluster, and how, is publish_enroll.h. */
#ifndef SLIPWAY_NODES_ENROLL_H
#define SLIPWAY_NODES_ENROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/ident.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"

#define ENROLL_BATCH_MAX 128 /* candidates at a time */
#define ENROLL_NAME_SIZE 64
#define ENROLL_WHY_SIZE 128
#define ENROLL_SERIAL_SIZE 64
#define ENROLL_TEXT_MAX 1024 /* of a node's file */

/* A network card that asked for its boot script, and what is known of its machine. */
struct enroll_candidate {
	struct mac mac;
	struct uuid uuid;                /* folded; zeros: not known */
	uint32_t address;                /* what it holds now, which tells its network */
	char serial[ENROLL_SERIAL_SIZE]; /* "": not known */
};

struct enroll_list {
	const struct enroll_candidate *items;
	size_t n; /* ENROLL_BATCH_MAX at most */
};

enum enroll_kind {
	ENROLL_NEW = 1, /* becomes node `node` */
	ENROLL_CARD,    /* becomes another MAC of node `node` */
	ENROLL_REFUSED  /* goes on waiting: `why` */
};

struct enroll_verdict {
	enum enroll_kind kind;
	char node[ENROLL_NAME_SIZE];
	char why[ENROLL_WHY_SIZE];
};

/* A node as its file is to say it. */
struct enroll_row {
	char name[ENROLL_NAME_SIZE], role[ENROLL_NAME_SIZE];
	struct mac macs[CLUSTER_NODE_MACS_MAX];
	uint32_t n_macs;
	struct uuid uuid; /* folded; zeros: none */
	uint32_t address;
	const struct cluster_node
		*before; /* it is in the cluster already, with fewer MACs; or NULL */
};

struct enroll_plan {
	struct enroll_row rows[ENROLL_BATCH_MAX]; /* files to write */
	size_t n_rows;
	struct enroll_verdict verdicts[ENROLL_BATCH_MAX]; /* of each candidate */
};

/* Borrows all. Fills *ret, which is large. */
void enroll_decide(
	const struct cluster *c, const struct enroll_list *list, struct enroll_plan *ret);

/* An enrolled node as it stands in the cluster, whose file was never edited if enroll_text() of this is the file. */
struct enroll_row enroll_row_of(const struct cluster_node *n);

/* The file of a node. */
void enroll_text(const struct enroll_row *row, struct str *ret);

#endif
