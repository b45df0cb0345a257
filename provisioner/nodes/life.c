#include "provisioner/nodes/life.h"

#include <stddef.h>
#include <string.h>

#include "provisioner/base/mem.h"

/* clang-format off */
/* `limit_ms`: how long the next step may take; 0 is for ever. */
static const struct {
	const char *name;
	int64_t limit_ms;
	const char *why;
	enum node_state state;
	bool once; /* said again and again it is still the same news: it does not extend the limit */
} steps[N_STEPS] = {
	[STEP_NONE] = {"none", .state = NODE_ACCEPTED, .limit_ms = 0, .why = ""},
	[STEP_ADDRESS] = {"address", .state = NODE_BOOTING, .limit_ms = 120000,
		.why = "it has an address but fetched no boot loader and no script: look at the boot order, at TFTP "
		"(UDP 69 and high ports) through switches and firewalls, and at its console"},
	[STEP_LOADER] = {"loader", .state = NODE_BOOTING, .limit_ms = 120000,
		.why = "the boot loader was sent but asked for no script: iPXE may lack a driver for this NIC, or a "
		"port without LACP fallback or portfast went down when iPXE took over"},
	[STEP_SCRIPT] = {"script", .state = NODE_BOOTING, .limit_ms = 180000,
		.why = "it has its script but has not fetched the kernel: its console says why"},
	[STEP_KERNEL] = {"kernel", .state = NODE_BOOTING, .limit_ms = 300000,
		.why = "the kernel was sent but not all of the initial RAM disk: look at link errors and MTU"},
	[STEP_INITRD] = {"initrd", .state = NODE_BOOTING, .limit_ms = 300000,
		.why = "kernel and initial RAM disk were sent but no configuration was asked for: the kernel may "
		"have panicked or lack a NIC driver; its console says why"},
	[STEP_CONFIG] = {"config", .state = NODE_CONFIGURED, .limit_ms = 300000,
		.why = "it has its configuration but did not fetch the join agent: Ignition may have refused the "
		"configuration, or the network it sets up does not reach us"},
	[STEP_AGENT] = {"agent", .state = NODE_CONFIGURED, .limit_ms = 120000,
		.why = "the join agent was fetched but has not joined: journalctl -u slipway-join on the node"},
	[STEP_JOINED] = {"joined", .state = NODE_JOINED, .limit_ms = 180000,
		.why = "it joined but is not in the masters' etcd: is etcd up and reachable from it?", .once = true},
	[STEP_REGISTERED] = {"registered", .state = NODE_JOINED, .limit_ms = 180000,
		.why = "it is registered but not healthy: systemctl --failed on the node, and etcd's health",
		.once = true},
	[STEP_READY] = {"ready", .state = NODE_READY, .limit_ms = 45000,
		.why = "its heartbeat stopped: it was switched off, lost its network, or slipway-join died"},
};
/* clang-format on */

static const char *const state_names[] = {
	[NODE_WAITING] = "waiting",
	[NODE_ACCEPTED] = "accepted",
	[NODE_BOOTING] = "booting",
	[NODE_CONFIGURED] = "configured",
	[NODE_JOINED] = "joined",
	[NODE_READY] = "ready",
	[NODE_STALLED] = "stalled",
};

struct life life_begin(bool is_known, int64_t now_ms)
{
	return (struct life){.state = is_known ? NODE_ACCEPTED : NODE_WAITING,
		.since_ms = now_ms,
		.step_ms = now_ms};
}

static void enter(struct life *l, enum node_state state, int64_t now_ms)
{
	l->state = state;
	l->since_ms = now_ms;
}

struct life_change life_step(struct life *l, enum step s, bool begins_boot, int64_t now_ms)
{
	struct life_change change = {0};
	enum node_state before = l->state;

	l->seen_ms = now_ms;
	if (l->state == NODE_WAITING) {
		l->step = s;
		l->step_ms = now_ms;
		return change;
	}
	/* Firmware, then iPXE, each take a lease in one boot: only one past the script is a new one. */
	if (begins_boot &&
		(l->step == STEP_NONE || l->step > STEP_SCRIPT || l->state == NODE_STALLED)) {
		change.new_boot = true;
		l->step = STEP_NONE;
	}
	if (s > l->step) {
		change.new_step = true;
		l->step = s;
	}
	if (s == l->step && (change.new_step || !steps[s].once)) {
		l->step_ms = now_ms;
		if (l->state != steps[s].state)
			enter(l, steps[s].state, now_ms);
	}
	change.new_state = l->state != before;
	return change;
}

bool life_fall(struct life *l, enum step s, int64_t now_ms)
{
	if (l->state == NODE_WAITING || l->step <= s)
		return false;
	l->step = s;
	l->step_ms = now_ms;
	enter(l, steps[s].state, now_ms);
	return true;
}

void life_hold(struct life *l, int64_t now_ms)
{
	l->held_ms = now_ms;
	l->seen_ms = now_ms;
}

bool life_check(struct life *l, int64_t now_ms, const char **ret_why)
{
	int64_t limit_ms = steps[l->step].limit_ms;
	int64_t from_ms = l->held_ms > l->step_ms ? l->held_ms : l->step_ms;

	if (l->state == NODE_WAITING || l->state == NODE_STALLED || limit_ms == 0 ||
		now_ms - from_ms <= limit_ms)
		return false;
	enter(l, NODE_STALLED, now_ms);
	*ret_why = steps[l->step].why;
	return true;
}

const char *node_state_name(enum node_state s)
{
	return state_names[s];
}

const char *step_name(enum step s)
{
	return steps[s].name;
}

enum node_state node_state_of(const char *name)
{
	for (size_t i = NODE_WAITING; i < ARRAY_LEN(state_names); i++)
		if (strcmp(state_names[i], name) == 0)
			return (enum node_state)i;
	return NODE_ACCEPTED;
}

enum step step_of(const char *name)
{
	for (size_t i = 0; i < N_STEPS; i++)
		if (strcmp(steps[i].name, name) == 0)
			return (enum step)i;
	return STEP_NONE;
}
