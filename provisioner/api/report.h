/* report.h - what a node says of itself in a join or a heartbeat, made harmless. Pure.
 *
 * The sender is who it says it is, but its software may be anybody's: every member may be missing, of
 * another type, or too long; text comes out printable. */
#ifndef SLIPWAY_API_REPORT_H
#define SLIPWAY_API_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define REPORT_FACTS_MAX ((size_t)48 << 10)

/* The text of a member that is a text of at most `max` bytes, else NULL. Borrowed from `object`. */
const char *report_text(const json_t *object, const char *key, size_t max);

/* The generation that the node says it runs, at most `max`; 0 when it says none. */
int64_t report_generation(const json_t *object, int64_t max);

/* Member "boot_id" as printable text; `ret` stays as it is when it is missing or does not fit. */
void report_boot_id(const json_t *object, char *ret, size_t size);

/* Member "facts" as JSON in ASCII, which the caller frees; NULL when it is no object or larger than
 * REPORT_FACTS_MAX. */
char *report_facts(const json_t *join);

/* The node stands in the masters' etcd. */
bool report_is_registered(const json_t *beat);

/* "" when all is well with it, else what is not. */
void report_health(const json_t *beat, char *ret, size_t size);

#endif
