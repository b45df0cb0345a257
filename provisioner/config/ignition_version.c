#include "provisioner/config/ignition_version.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define TYPE "application/vnd.coreos.ignition+json"
#define MINOR_MAX 99 /* of a version that we have never heard of */

static const char head[] = IGNITION_HEAD;

/* Where the digit stands; NULL in a text that is not ours. */
static const char *digit_of(const char *text, size_t len)
{
	const char *hole = strstr(head, "%u");
	size_t before = (size_t)(hole - head), after = strlen(hole + 2);

	if (len < before + 1 + after || memcmp(text, head, before) != 0 ||
		memcmp(text + before + 1, hole + 2, after) != 0)
		return NULL;
	return text[before] >= '1' && text[before] <= '9' ? text + before : NULL;
}

unsigned ignition_minor(const char *text, size_t len)
{
	const char *digit = digit_of(text, len);

	return digit ? (unsigned)(*digit - '0') : 0;
}

const char *ignition_media_type(unsigned minor)
{
	static const char *const types[] = {TYPE ";version=3.3.0", TYPE ";version=3.4.0",
		TYPE ";version=3.5.0", TYPE ";version=3.6.0"};

	assert(minor >= IGNITION_MINOR_FLOOR && minor <= IGNITION_MINOR_NEWEST);
	return types[minor - IGNITION_MINOR_FLOOR];
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* "3.4.0" up to a quote, blank, semicolon or comma. -1 when it is no version, 0 when it is not one of
 * specification 3. */
static int minor_of(const char *p)
{
	unsigned parts[3] = {0};

	p += *p == '"';
	for (size_t i = 0; i < 3; i++) {
		size_t n = strspn(p, "0123456789");

		if (n == 0 || n > 2 || (i < 2 && p[n] != '.'))
			return -1;
		for (size_t k = 0; k < n; k++)
			parts[i] = parts[i] * 10 + (unsigned)(p[k] - '0');
		p += n + (i < 2);
	}
	if (*p && !strchr("\" \t;,", *p))
		return -1; /* "3.5.0-experimental" is of a program under development */
	return parts[0] < 3 ? 0 : parts[0] > 3 ? MINOR_MAX : (int)parts[1];
}

/* One media range (RFC 9110 section 12.5.1), which ends at a comma. */
static int range_minor(const char *range)
{
	int minor = -1;

	if (strncasecmp(range, TYPE, strlen(TYPE)) != 0)
		return -1;
	for (const char *p = skip_blanks(range + strlen(TYPE)); *p == ';';) {
		p = skip_blanks(p + 1);
		if (strncasecmp(p, "version=", strlen("version=")) == 0)
			minor = minor_of(p + strlen("version="));
		p += strcspn(p, ";,");
	}
	return minor;
}

int ignition_accepted(const char *accept)
{
	int best = -1;

	while (*accept) {
		int minor = range_minor(skip_blanks(accept));

		best = minor > best ? minor : best;
		accept += strcspn(accept, ",");
		accept += *accept == ',';
	}
	return best;
}

int ignition_fit(char *text, size_t len, const char *accept)
{
	const char *digit = digit_of(text, len);
	int theirs = ignition_accepted(accept);
	unsigned ours = ignition_minor(text, len);

	assert(digit);
	if (theirs < 0) /* curl, or a program that takes what it gets */
		return 0;
	if ((unsigned)theirs < ours)
		return -ENOTSUP;
	unsigned minor =
		(unsigned)theirs < IGNITION_MINOR_NEWEST ? (unsigned)theirs : IGNITION_MINOR_NEWEST;
	text[digit - text] = (char)('0' + minor);
	return 0;
}
