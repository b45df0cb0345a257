/* bond_plan.h - what has to be done so that a bond stands as it was asked for. Pure: no I/O.
 *
 * Given what is asked for and a picture of the interfaces, the plan is the shortest list of steps;
 * it is empty when all is well, and an error when a step would take something away: a bond that is
 * in use with other settings, a member that belongs elsewhere or carries an address. */
#ifndef SLIPWAY_NET_BOND_PLAN_H
#define SLIPWAY_NET_BOND_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/cluster/cluster.h"

#define BOND_MEMBERS_MAX 16
#define BOND_STEPS_MAX (2 + 3 * BOND_MEMBERS_MAX)

struct link;
struct links;

struct bond_settings {
	const char *name;
	enum bond_mode mode;
	uint32_t miimon_ms;
	bool lacp_fast; /* 802.3ad: a LACPDU a second */
	const char
		*hash_policy; /* 802.3ad and balance-xor: "layer2", "layer3+4", ...; NULL: layer2 */
	const char *const *members;
	size_t n_members;
};

enum bond_step_kind {
	BOND_STEP_CREATE = 1,
	BOND_STEP_CHANGE, /* gives an unused bond the settings: the kernel's module may make a "bond0" */
	BOND_STEP_DOWN, /* `link` down: only so can it become a member */
	BOND_STEP_ENSLAVE,
	BOND_STEP_UP,
};

struct bond_step {
	enum bond_step_kind kind;
	const struct link *link; /* of the picture; NULL: the bond itself */
};

struct bond_plan {
	struct bond_step steps[BOND_STEPS_MAX];
	size_t n;
};

/* The settings in the kernel's numbers (IFLA_BOND_MODE, IFLA_BOND_XMIT_HASH_POLICY). */
uint8_t bond_mode_number(enum bond_mode mode);
int bond_hash_policy_number(const char *name, uint8_t *ret, struct err *e) MUST_USE;
bool bond_mode_has_hash_policy(enum bond_mode mode);

/* Borrows everything; the plan points into `now`. 0; or -EINVAL (settings that no kernel takes),
 * -ENODEV (no such member), -EBUSY (something else uses a name or a member). */
int bond_plan_make(const struct bond_settings *s, const struct links *now, struct bond_plan *ret,
	struct err *e) MUST_USE;

#endif
