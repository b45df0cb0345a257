/* units.h - how systemd says its units are: two commands' output, read.
 *
 * Pure; health.h runs the commands. Unit names come from whoever writes units on the node: only what
 * systemd.unit(5) allows in a name gets through, and only so many. */
#ifndef SLIPWAY_JOIN_UNITS_H
#define SLIPWAY_JOIN_UNITS_H

#include <stdbool.h>
#include <stddef.h>

#define UNITS_MAX 32
#define UNITS_NAME_SIZE 128

struct units {
	char failed[UNITS_MAX][UNITS_NAME_SIZE];
	size_t n;
	const char *
		system; /* "running", "degraded", "starting", "maintenance", "stopping", "unknown" */
};

/* `systemctl list-units --failed --plain --no-legend` into ret->failed. */
void units_read_failed(const char *text, size_t len, struct units *ret);

/* `systemctl is-system-running` into ret->system. */
void units_read_system(const char *text, size_t len, struct units *ret);

#endif
