/* life.h - where a machine stands on its way from power-on to ready. Pure.
 *
 *   waiting                                    an unknown machine: the operator decides
 *   accepted -> booting -> configured -> joined -> ready
 *                  ^------------- stalled (with why) --------'
 *
 * What is seen of a machine is a step; each step leads to a state and may take only so long until
 * the next. A machine that boots again starts over; steps that come out of order (a second NIC asks
 * for an address while the kernel loads) never move it backwards within one boot; only a machine
 * that says of itself that it is not well any more falls back. */
#ifndef SLIPWAY_NODES_LIFE_H
#define SLIPWAY_NODES_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum node_state {
	NODE_WAITING = 1,
	NODE_ACCEPTED,
	NODE_BOOTING,
	NODE_CONFIGURED,
	NODE_JOINED,
	NODE_READY,
	NODE_STALLED
};

/* In the order of a boot. */
enum step {
	STEP_NONE,
	STEP_ADDRESS,    /* firmware or boot loader holds a lease */
	STEP_LOADER,     /* the boot loader was sent */
	STEP_SCRIPT,     /* iPXE asked what to do and was told */
	STEP_KERNEL,     /* kernel sent */
	STEP_INITRD,     /* all of the initial RAM disks sent */
	STEP_CONFIG,     /* Ignition or cloud-config sent */
	STEP_AGENT,      /* the join agent was fetched */
	STEP_JOINED,     /* its certificate was issued */
	STEP_REGISTERED, /* it stands in the masters' etcd */
	STEP_READY,
	N_STEPS
};

struct life {
	enum node_state state;
	int64_t since_ms; /* wall clock: of the state */
	enum step step;   /* the last good step of this boot */
	int64_t step_ms;  /* wall clock: of that step */
	int64_t seen_ms;  /* wall clock: of the last sign of life */
	int64_t held_ms;  /* wall clock: until then we kept it waiting; 0: we did not */
};

/* What a step changed. */
struct life_change {
	bool new_boot; /* this step began a boot */
	bool new_step; /* the machine got further than it was */
	bool new_state;
};

/* Begins a life: accepted for a node of cluster.yaml, waiting for a stranger. */
struct life life_begin(bool is_known, int64_t now_ms);

/* `begins_boot`: the step can only be seen at the start of a boot (a lease for firmware or iPXE, or
 * its script). */
struct life_change life_step(struct life *l, enum step s, bool begins_boot, int64_t now_ms);

/* Back to `s` when the machine had got further; true when it had. */
bool life_fall(struct life *l, enum step s, int64_t now_ms);

/* It waits for us: the limit of its next step begins now. */
void life_hold(struct life *l, int64_t now_ms);

/* Looks whether the next step is overdue; if so the machine is stalled, *ret_why says after what
 * and what to look at, and true is returned. */
bool life_check(struct life *l, int64_t now_ms, const char **ret_why);

const char *node_state_name(enum node_state s);
const char *step_name(enum step s);

/* By name, as stored; an unknown name gives NODE_ACCEPTED and STEP_NONE. */
enum node_state node_state_of(const char *name);
enum step step_of(const char *name);

#endif
