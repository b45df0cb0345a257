/* load.h - what programs share that make load, or a bound for it: their end, and the file that transfers are compared with. */
#ifndef SLIPWAY_BENCH_LOAD_H
#define SLIPWAY_BENCH_LOAD_H

#include <stdint.h>

/* Says what failed and why (errno), and ends the program. */
_Noreturn void load_die(const char *what);

/* The whole file in memory, until the program ends. */
const uint8_t *load_file(const char *path, uint64_t *ret_size);

#endif
