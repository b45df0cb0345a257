/* drift.h - what a node needs that runs one generation until it runs another. Pure.
 *
 * A node reads its configuration when it boots, and its boot loader the kernel and its arguments; secrets are fetched
 * by its join agent whenever they are others; what only the boot loader and DHCP are told waits for the next boot by
 * itself. */
#ifndef SLIPWAY_GENERATION_DRIFT_H
#define SLIPWAY_GENERATION_DRIFT_H

#include "provisioner/store/archive.h"

/* In the order of what it takes. */
enum drift { DRIFT_NONE, DRIFT_REAPPLY, DRIFT_REBOOT, DRIFT_UNKNOWN };

/* "nothing", "re-apply", "reboot", "unknown". */
const char *drift_name(enum drift d);

/* Both by enum artefact_kind; 0 for what is not there. */
enum drift drift_between(
	const int64_t from[static N_ARTEFACTS], const int64_t to[static N_ARTEFACTS]);

/* --- of all nodes ---------------------------------------------------------------------------------- */

struct drift_table; /* remembers what it has looked up, until another generation is published */

struct drift_table *drift_table_new(void);
void drift_table_free(struct drift_table *t);

/* What the node needs that got the configuration of generation `runs` last (0: none yet), now that `published` is.
 * DRIFT_UNKNOWN: the archive no longer has what it runs, or can not be read. */
enum drift drift_of_node(struct drift_table *t, struct archive *a, int64_t published,
	const char *node, int64_t runs);

#endif
