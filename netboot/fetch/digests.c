#include "netboot/fetch/digests.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SECTION "# SHA512 HASH"
#define HEX_LEN 128

static int take_sum(const char *line, char ret[static DIGEST_HEX_SIZE], bool is_found)
{
	char sum[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < HEX_LEN; i++) {
		if (!isxdigit((unsigned char)line[i]))
			return -EBADMSG;
		sum[i] = (char)tolower((unsigned char)line[i]);
	}
	sum[HEX_LEN] = '\0';
	if (is_found && strcmp(sum, ret) != 0)
		return -EBADMSG;
	memcpy(ret, sum, sizeof(sum));
	return 0;
}

int digests_find(const char *text, size_t len, const char *name, char ret[static DIGEST_HEX_SIZE])
{
	char found[DIGEST_HEX_SIZE] = "";
	bool is_section = false, is_found = false;
	size_t name_len = strlen(name);

	for (const char *end = text + len, *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((newline ? newline : end) - text);

		next = newline ? newline + 1 : end;
		if (line > 0 && text[0] == '#') {
			is_section = line == sizeof(SECTION) - 1 &&
				     memcmp(text, SECTION, sizeof(SECTION) - 1) == 0;
			continue;
		}
		/* A name that only ends in ours is another file. */
		if (!is_section || line != HEX_LEN + 2 + name_len || text[HEX_LEN] != ' ' ||
			memcmp(text + line - name_len, name, name_len) != 0)
			continue;
		int rc = take_sum(text, found, is_found);
		if (rc < 0)
			return rc;
		is_found = true;
	}
	if (!is_found)
		return -ENOENT;
	memcpy(ret, found, sizeof(found));
	return 0;
}
