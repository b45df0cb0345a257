/* schema_parts.h - rows and macros that the files of the schema share. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_SCHEMA_PARTS_H
#define SLIPWAY_CLUSTER_SCHEMA_PARTS_H

#include <stdint.h>

#include "provisioner/cluster/schema.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS (86400 * SECOND_MS)

extern const struct schema_section schema_route;
extern const struct schema_word schema_bond_modes[], schema_lacp_rates[], schema_hash_policies[];

/* The rows are laid out to be read as a table. */
/* clang-format off */
#define END {.key = NULL}

/* Rows that are no key; AT() is the section's own. */
#define SELF {.key = "(self)", .type = SCHEMA_SELF, AT(doc), .doc = "The map itself."}
#define SETTINGS {.key = "(settings)", .type = SCHEMA_SETTINGS, AT(said), .section = &schema_settings, \
	.doc = "Any setting."}

/* AT() is that of struct cluster_bond. */
#define BOND_KEYS                                                                                  \
	{.key = "mode", .type = SCHEMA_ENUM, AT(mode), .preset = "active-backup",                  \
		.words = schema_bond_modes, .doc = "Bonding mode. 802.3ad needs LACP on the switch."},    \
	{.key = "miimon", .type = SCHEMA_DURATION, AT(miimon_ms), .preset = "100ms", .min = 1,     \
		.max = 10 * SECOND_MS, .doc = "How often the link of each member is looked at."},  \
	{.key = "lacp-rate", .type = SCHEMA_ENUM, AT(lacp_fast), .preset = "fast",                 \
		.words = schema_lacp_rates, .doc = "How often LACPDUs are asked for: fast is every second."}, \
	{.key = "hash-policy", .type = SCHEMA_WORD, AT(hash_policy), .preset = "layer3+4",         \
		.words = schema_hash_policies, .doc = "What spreads the traffic over the members."}
/* clang-format on */

#endif
