#include "netboot/fetch/version_txt.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int take_value(const char *value, size_t len, char *ret, size_t size)
{
	if (len > 0 && value[len - 1] == '\r')
		len--;
	if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
		value++;
		len -= 2;
	}
	if (len == 0 || len >= size || value[0] == ' ' || value[len - 1] == ' ')
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] > 0x7e)
			return -EINVAL;
	memcpy(ret, value, len);
	ret[len] = '\0';
	return 0;
}

int version_txt_get(const char *text, size_t len, const char *key, char *ret, size_t size)
{
	size_t key_len = strlen(key);
	AUTO(free_p) char *value = xcalloc(1, size);
	bool is_found = false;

	for (const char *end = text + len, *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((newline ? newline : end) - text);

		next = newline ? newline + 1 : end;
		if (line <= key_len || memcmp(text, key, key_len) != 0 || text[key_len] != '=')
			continue;
		int rc = take_value(text + key_len + 1, line - key_len - 1, value, size);
		if (rc < 0)
			return rc;
		if (is_found && strcmp(ret, value) != 0)
			return -EINVAL;
		memcpy(ret, value, strlen(value) + 1);
		is_found = true;
	}
	return is_found ? 0 : -ENOENT;
}
