#include "provisioner/base/human.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "provisioner/base/mem.h"

const char *human_bytes(uint64_t bytes, char buf[static HUMAN_SIZE])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double v = (double)bytes / 1024;
	size_t u = 0;

	if (bytes < 1024) {
		(void)snprintf(buf, HUMAN_SIZE, "%u B", (unsigned)bytes);
		return buf;
	}
	for (; v >= 1024 && u + 1 < ARRAY_LEN(units); u++)
		v /= 1024;
	(void)snprintf(buf, HUMAN_SIZE, "%.1f %s", v, units[u]);
	return buf;
}

const char *human_duration(int64_t ms, char buf[static HUMAN_SIZE])
{
	int64_t s = ms / 1000;

	if (ms < 0)
		(void)snprintf(buf, HUMAN_SIZE, "-");
	else if (ms < 1000)
		(void)snprintf(buf, HUMAN_SIZE, "%d ms", (int)ms);
	else if (s < 60)
		(void)snprintf(buf, HUMAN_SIZE, "%.1f s", (double)ms / 1000);
	else if (s < 3600)
		(void)snprintf(buf, HUMAN_SIZE, "%dm%02ds", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		(void)snprintf(buf, HUMAN_SIZE, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
	else
		(void)snprintf(
			buf, HUMAN_SIZE, "%" PRId64 "d%02dh", s / 86400, (int)(s / 3600 % 24));
	return buf;
}
