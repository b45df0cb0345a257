/* systemctl's output: unit names are written by whoever writes units. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netboot/join/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct units units;

	units_read_failed((const char *)data, size, &units);
	units_read_system((const char *)data, size, &units);
	if (units.n > UNITS_MAX || !units.system)
		abort();
	for (size_t i = 0; i < units.n; i++)
		for (const char *p = units.failed[i]; *p; p++)
			if (*p <= ' ' || *p > '~' || *p == '"' || *p == '/')
				abort();
	return 0;
}
