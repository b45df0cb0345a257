#include "provisioner/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/str.h"

#define LINE_MAX_BYTES 1024
#define RATE_MS 1000

static struct {
	const char *process;
	enum log_level level;
	bool journal;
} sink = {.process = "slipway", .level = LOG_LEVEL_INFO};

static const struct {
	enum log_level level;
	const char *name;
} levels[] = {
	{LOG_LEVEL_ERROR, "error"},
	{LOG_LEVEL_WARN, "warn"},
	{LOG_LEVEL_INFO, "info"},
	{LOG_LEVEL_DEBUG, "debug"},
};

void log_init(const char *process, enum log_level level)
{
	sink.process = process;
	sink.level = level;
	sink.journal = getenv("JOURNAL_STREAM") != NULL;
}

enum log_level log_level(void)
{
	return sink.level;
}

int log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*ret = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static const char *level_name(enum log_level level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].level == level)
			return levels[i].name;
	return "?";
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], when[CLOCK_TEXT_SIZE];
	size_t len;
	va_list ap;
	int n;

	if (level > sink.level)
		return;
	if (sink.journal)
		n = snprintf(line, sizeof(line), "<%d>%s: ", level, sink.process);
	else
		n = snprintf(line, sizeof(line), "%s %-5s %s: ", clock_text(clock_wall_ms(), when),
			level_name(level), sink.process);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= sizeof(line) - 1)
		len = sizeof(line) - 2;

	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - 1 - len, fmt, ap);
	va_end(ap);
	len += n < 0 ? 0 : (size_t)n;
	if (len >= sizeof(line) - 1) {
		len = sizeof(line) - 2; /* too long: cut, and show it */
		memcpy(line + len - 3, "...", 3);
	}
	str_defang(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nowhere left to complain to */
}

bool log_rate_allows(struct log_rate *r, int64_t now_ms, unsigned *ret_held)
{
	if (now_ms < r->next_ms) {
		r->held++;
		return false;
	}
	*ret_held = r->held;
	r->held = 0;
	r->next_ms = now_ms + RATE_MS;
	return true;
}

const char *log_safe(char *buf, size_t size, const void *data, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = data;
	size_t len = 0;

	if (size == 0)
		return "";
	for (size_t i = 0; i < n && len + 5 <= size; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\' && p[i] != '"') {
			buf[len++] = (char)p[i];
			continue;
		}
		buf[len++] = '\\';
		buf[len++] = 'x';
		buf[len++] = hex[p[i] >> 4];
		buf[len++] = hex[p[i] & 15];
	}
	buf[len] = '\0';
	return buf;
}
