/* human.h - sizes, durations and ages as a person reads them: "8.1 MiB", "1.2 s", "3m". */
#ifndef SLIPWAY_BASE_HUMAN_H
#define SLIPWAY_BASE_HUMAN_H

#include <stdint.h>

#define HUMAN_SIZE 24

/* "512 B", "8.1 MiB". */
const char *human_bytes(uint64_t bytes, char buf[static HUMAN_SIZE]);

/* "35 ms", "1.2 s", "2m05s", "3h10m", "4d02h". */
const char *human_duration(int64_t ms, char buf[static HUMAN_SIZE]);

#endif
