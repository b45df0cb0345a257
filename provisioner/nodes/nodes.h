/* nodes.h - all machines: those of cluster.yaml and those that turned up on the wire.
 *
 * A machine is found by any of its MACs or by the address it holds. What is seen of it becomes an
 * event in its timeline, and moves its life on; both are put into the store in batches:
 * nodes_flush() makes them durable. The table owns its machines; a pointer to one is good until the
 * next nodes_meet() or nodes_configure(), which may forget a stranger. */
#ifndef SLIPWAY_NODES_NODES_H
#define SLIPWAY_NODES_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/err.h"
#include "provisioner/nodes/life.h"
#include "provisioner/store/store.h"

struct cluster;
struct cluster_node;
struct nodes;

#define MACHINE_MACS_MAX 8
#define MACHINE_STRANGERS_MAX 4096 /* unknown machines kept; the longest unseen makes room */

struct machine {
	char key[STORE_KEY_SIZE];        /* the node's name; for a stranger its first MAC */
	const struct cluster_node *node; /* NULL: a stranger */
	struct mac macs[MACHINE_MACS_MAX];
	uint32_t n_macs;
	char uuid[37];     /* "" when not known */
	char serial[64];   /* hostile text, printable */
	char hostname[64]; /* as it last called itself in DHCP; the same kind of text, not kept */
	uint32_t address;  /* what it holds now; 0: nothing */
	const char *arch;  /* "x86_64" or "aarch64", as its firmware last said; NULL: not known */
	struct life life;
	int64_t first_seen_ms, last_seen_ms;
	int64_t stored_seen_ms; /* the last_seen_ms that is in the store */
	char boot_id[40];
	int64_t generation; /* served last */
	char *facts;        /* JSON from its agent, or NULL */
	char *waits_for;    /* why it was not enrolled, or NULL; not kept */
	int64_t waits_ms;   /* monotonic: until then it is not looked at again */
	bool registered;    /* in etcd, as its last heartbeat said */
	bool must_register; /* etcd has started anew: its next heartbeat is told to register again */
	char health[160];   /* "" when its last heartbeat said all is well, else what is not */
	unsigned initrds_sent; /* in this boot */
	bool told_https;       /* its firmware was last told an https:// URL; not kept */
	char trouble[160];     /* the last that nodes_trouble() recorded in this boot */
	uint8_t joined_token[32],
		joined_key[32]; /* hashes of its last join, to repeat a lost answer */
	uint32_t words;         /* secrets of its role, as in generation `words_number` */
	int64_t words_number;   /* 0: not looked up yet */
	int64_t given_ms; /* monotonic: when it was last given something that costs signatures */
	bool dirty;
};

/* Called for each event as it is recorded, for live views. */
typedef void nodes_event_fn(void *arg, const struct store_event *e);

/* Reads the machines back. Keeps `store`. 0, or a store error with *e. */
int nodes_open(struct store *store, int64_t now_ms, struct nodes **ret, struct err *e) MUST_USE;
void nodes_free(struct nodes *t);
void nodes_on_event(struct nodes *t, nodes_event_fn *fn, void *arg);

/* Makes the table fit a (new) cluster.yaml: its nodes are known, all others strangers. Keeps `c`
 * until the next call. A stranger whose MAC now belongs to a node becomes that node. */
void nodes_configure(struct nodes *t, const struct cluster *c, int64_t now_ms);

size_t nodes_count(const struct nodes *t);
struct machine *nodes_at(const struct nodes *t, size_t i); /* nodes first, as in cluster.yaml */
struct machine *nodes_by_key(const struct nodes *t, const char *key);
struct machine *nodes_by_mac(const struct nodes *t, const struct mac *mac);
struct machine *nodes_by_address(const struct nodes *t, uint32_t address);

/* The same, or else the node that cluster.yaml gives this address: beside another DHCP server a node boots with one
 * address and then takes the one of cluster.yaml. */
struct machine *nodes_at_address(const struct nodes *t, uint32_t address);

/* The machine with this MAC; a stranger is added when there is none. */
struct machine *nodes_meet(struct nodes *t, const struct mac *mac, int64_t now_ms);

/* The same for a message that is node `name`'s, as DHCP has found out by another mark than the MAC: the
 * node has this MAC too until the next nodes_configure(). A stranger that had it was the node. */
struct machine *nodes_meet_node(
	struct nodes *t, const char *name, const struct mac *mac, int64_t now_ms);

/* The machine holds this address from now on, and nobody else does. */
void nodes_set_address(struct nodes *t, struct machine *m, uint32_t address);

/* Beside another DHCP server (mode proxy): one of the machine's network cards was heard to take this
 * address, and nobody else has it. `m` NULL: somebody who is none of ours took it. */
void nodes_take_address(
	struct nodes *t, struct machine *m, const struct mac *mac, uint32_t address);

/* The machine holds this address: as its lease, or as one of those that it took of another server. */
bool nodes_holds(const struct nodes *t, const struct machine *m, uint32_t address);

/* Adds an event to the machine's timeline. `m` NULL: the provisioner's own. */
void nodes_event(struct nodes *t, const struct machine *m, int64_t now_ms, const char *kind,
	enum store_severity severity, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* The same, of severity warn, unless the machine's last trouble in this boot was this very one: what
 * strangers can cause at will must not push a timeline out of the store. */
void nodes_trouble(struct nodes *t, struct machine *m, int64_t now_ms, const char *kind,
	const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Moves the machine's life on, and tells of a new boot. True when it got further. */
bool nodes_step(struct nodes *t, struct machine *m, enum step s, bool begins_boot, int64_t now_ms);

/* Back to `s`, for a machine that had got further and says that it is not well. */
void nodes_fall(struct machine *m, enum step s, int64_t now_ms);

/* Marks machines whose next step is overdue as stalled, with an event that says why. */
void nodes_check_overdue(struct nodes *t, int64_t now_ms);

/* The wall clock was set by so much: no machine is overdue for that. */
void nodes_clock_set(struct nodes *t, int64_t by_ms);

/* Why this machine is not made a node; `text` NULL: nothing is known to hinder it. */
void nodes_set_waits_for(struct machine *m, const char *text, int64_t until_ms);

void nodes_set_facts(struct machine *m, const char *json);

/* Makes all recorded so far durable. 0 or a store error, which is also logged. */
int nodes_flush(struct nodes *t) MUST_USE;

#endif
