#include "provisioner/generation/slot.h"

#include <assert.h>
#include <string.h>

size_t slot_count(const char *text, size_t len, const char *slot)
{
	size_t n = 0, slot_len = strlen(slot);

	for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), slot, slot_len));
		at += slot_len)
		n++;
	return n;
}

void slot_fill(char *text, size_t len, const char *slot, const char *value)
{
	size_t slot_len = strlen(slot);

	assert(strlen(value) == slot_len);
	for (char *at = text; (at = memmem(at, len - (size_t)(at - text), slot, slot_len));
		at += slot_len)
		memcpy(at, value, slot_len);
}

void slot_replace(
	const char *text, size_t len, const char *slot, const char *value, struct str *out)
{
	size_t slot_len = strlen(slot);
	const char *end = text + len, *found;

	for (; (found = memmem(text, (size_t)(end - text), slot, slot_len));
		text = found + slot_len) {
		str_addn(out, text, (size_t)(found - text));
		str_add(out, value);
	}
	str_addn(out, text, (size_t)(end - text));
}
