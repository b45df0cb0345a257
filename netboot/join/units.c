#include "netboot/join/units.h"

#include <string.h>

#include "provisioner/base/mem.h"

static size_t word_len(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != ' ' && p[n] != '\t')
		n++;
	return n;
}

static size_t blank_len(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && (p[n] == ' ' || p[n] == '\t'))
		n++;
	return n;
}

/* systemd.unit(5): letters, digits, ":-_.\@", with a dot before the type. */
static bool is_unit_name(const char *p, size_t len)
{
	static const char others[] = ":-_.\\@";

	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			!(c && strchr(others, c)))
			return false;
	}
	return len > 0 && memchr(p, '.', len);
}

/* The name is the first word, or the second behind the bullet that some versions print. */
static void read_line(const char *p, size_t len, struct units *ret)
{
	for (int word = 0; word < 2 && ret->n < UNITS_MAX; word++) {
		size_t blank = blank_len(p, len);

		p += blank;
		len -= blank;
		size_t n = word_len(p, len);
		if (is_unit_name(p, n)) {
			if (n < UNITS_NAME_SIZE) {
				memcpy(ret->failed[ret->n], p, n);
				ret->failed[ret->n++][n] = '\0';
			}
			return;
		}
		p += n;
		len -= n;
	}
}

void units_read_failed(const char *text, size_t len, struct units *ret)
{
	ret->n = 0;
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		read_line(text, line, ret);
		line += end ? 1 : 0;
		text += line;
		len -= line;
	}
}

void units_read_system(const char *text, size_t len, struct units *ret)
{
	static const struct {
		const char *systemd, *ours;
	} rows[] = {
		{"initializing", "starting"},
		{"starting", "starting"},
		{"running", "running"},
		{"degraded", "degraded"},
		{"maintenance", "maintenance"},
		{"stopping", "stopping"},
	};

	while (len > 0 && text[len - 1] == '\n')
		len--;
	ret->system = "unknown";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].systemd) == len && memcmp(text, rows[i].systemd, len) == 0)
			ret->system = rows[i].ours;
}
