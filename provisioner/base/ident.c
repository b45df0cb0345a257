#include "provisioner/base/ident.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/parse.h"

/* Found in the field, as one writes them. */
static const struct uuid dummies[] = {
	{{0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00,
		0x09}},
	{{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xde, 0xef, 0xaa, 0xbb,
		0xcc}},
	{{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
		0xef}},
	{{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55,
		0x55}},
};

int uuid_parse(const char *text, struct uuid *ret)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	struct uuid u = {{0}};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(form); i++) { /* with the NUL */
		int digit = parse_hex_digit(text[i]);

		if (form[i] == 'x' ? digit < 0 : text[i] != form[i])
			return -EINVAL;
		if (form[i] == 'x') {
			u.b[n / 2] = (uint8_t)(u.b[n / 2] << 4 | digit);
			n++;
		}
	}
	*ret = u;
	return 0;
}

struct uuid uuid_folded(const struct uuid *u)
{
	static const uint8_t from[UUID_LEN] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	struct uuid swapped;

	for (size_t i = 0; i < UUID_LEN; i++)
		swapped.b[i] = u->b[from[i]];
	return memcmp(u, &swapped, sizeof(*u)) <= 0 ? *u : swapped;
}

bool uuid_is_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool uuid_is_useful(const struct uuid *u)
{
	struct uuid folded = uuid_folded(u);
	size_t same = 0;

	while (same < UUID_LEN && u->b[same] == u->b[0])
		same++;
	if (same == UUID_LEN)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(dummies); i++) {
		struct uuid dummy = uuid_folded(&dummies[i]);

		if (uuid_is_equal(&folded, &dummy))
			return false;
	}
	return true;
}

struct rd client_id_folded(struct rd id)
{
	if (id.left > 2 && id.p[0] == 0)
		rd_skip(&id, 1);
	return id;
}
