/* slot.h - what belongs to one boot, in artefacts that are otherwise served as they were rendered.
 *
 * A template gets a stand-in of the very length of the real text, made of characters that every
 * emitter leaves alone; serving replaces it byte for byte, so lengths and offsets stay. */
#ifndef SLIPWAY_GENERATION_SLOT_H
#define SLIPWAY_GENERATION_SLOT_H

#include <stddef.h>

#define SLOT_JOIN_TOKEN "slot_join_token____________________________"
#define SLOT_BOOT_NONCE "slot_boot_nonce_________________"

/* The one slot whose text may be of any length: scripts hold no offsets. */
#define SLOT_REASON "slot_reason_of_refusal"

/* How often `slot` stands in the text. */
size_t slot_count(const char *text, size_t len, const char *slot);

/* Replaces each of them by `value`, which must be as long. */
void slot_fill(char *text, size_t len, const char *slot, const char *value);

#endif
