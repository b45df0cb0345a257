#include "provisioner/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(clockid_t id)
{
	struct timespec t = {0};

	(void)clock_gettime(id, &t); /* can not fail for the two clocks used here */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return now_ms(CLOCK_REALTIME);
}

int64_t clock_wall_us(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_REALTIME, &t); /* can not fail */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const char *clock_text(int64_t wall_ms, char buf[static CLOCK_TEXT_SIZE])
{
	int64_t ms = wall_ms % 1000;
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm = {0};
	char to_seconds[20] = "";

	if (ms < 0) { /* before 1970 */
		ms += 1000;
		s--;
	}
	if (!gmtime_r(&s, &tm) ||
		strftime(to_seconds, sizeof(to_seconds), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		(void)snprintf(to_seconds, sizeof(to_seconds), "?");
	(void)snprintf(buf, CLOCK_TEXT_SIZE, "%s.%03uZ", to_seconds, (unsigned)ms % 1000);
	return buf;
}
