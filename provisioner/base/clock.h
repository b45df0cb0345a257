/* clock.h - the one time type: int64_t milliseconds.
 *
 * Monotonic time drives every timeout and is passed into whatever decides. Wall-clock time is only
 * for leases and events on disk and for what a person reads. */
#ifndef SLIPWAY_BASE_CLOCK_H
#define SLIPWAY_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_SIZE 25

int64_t clock_mono_ms(void);

/* Since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

/* The same in microseconds, for records of packets. */
int64_t clock_wall_us(void);

/* "2026-01-31T12:34:56.789Z". */
const char *clock_text(int64_t wall_ms, char buf[static CLOCK_TEXT_SIZE]);

#endif
