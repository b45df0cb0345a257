/* slot.h - what belongs to one boot or one server, in artefacts that are otherwise served as they were rendered.
 *
 * A template gets a stand-in of the very length of the real text, made of characters that every
 * emitter leaves alone; serving replaces it byte for byte, so lengths and offsets stay. */
#ifndef SLIPWAY_GENERATION_SLOT_H
#define SLIPWAY_GENERATION_SLOT_H

#include <stddef.h>

#include "provisioner/base/str.h"

#define SLOT_JOIN_TOKEN "slot_join_token____________________________"
#define SLOT_BOOT_NONCE "slot_boot_nonce_________________"

/* Of the join agent that this server hands out: an upgrade renders nothing anew. */
#define SLOT_AGENT_SHA256 "slot_agent_sha256_______________________________________________"

/* Slots whose text may be of any length: what they stand in holds no offsets. */
#define SLOT_REASON "slot_reason_of_refusal"
#define SLOT_GENERATION "slot_number_of_generation"

/* How often `slot` stands in the text. */
size_t slot_count(const char *text, size_t len, const char *slot);

/* Replaces each of them by `value`, which must be as long. */
void slot_fill(char *text, size_t len, const char *slot, const char *value);

/* Adds the text to *out with `value` in place of each of them. */
void slot_replace(
	const char *text, size_t len, const char *slot, const char *value, struct str *out);

#endif
