#include "provisioner/base/rd.h"

#include <string.h>

struct rd rd_init(const void *data, size_t len)
{
	return (struct rd){.p = data, .left = len};
}

bool rd_ok(const struct rd *r)
{
	return !r->err;
}

/* The next `n` bytes, or NULL with the error latched. */
static const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *at = r->p;

	if (r->err || n > r->left) {
		r->err = true;
		return NULL;
	}
	if (n > 0)
		r->p += n;
	r->left -= n;
	return at;
}

uint8_t rd_u8(struct rd *r)
{
	const uint8_t *at = rd_take(r, 1);

	return at ? at[0] : 0;
}

uint16_t rd_be16(struct rd *r)
{
	const uint8_t *at = rd_take(r, 2);

	return at ? (uint16_t)((unsigned)at[0] << 8 | at[1]) : 0;
}

uint32_t rd_be32(struct rd *r)
{
	const uint8_t *at = rd_take(r, 4);

	return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
		  : 0;
}

void rd_copy(struct rd *r, void *to, size_t n)
{
	const uint8_t *at = rd_take(r, n);

	if (n == 0)
		return;
	if (at)
		memcpy(to, at, n);
	else
		memset(to, 0, n);
}

void rd_skip(struct rd *r, size_t n)
{
	(void)rd_take(r, n); /* a failure is latched in the reader */
}

struct rd rd_slice(struct rd *r, size_t n)
{
	const uint8_t *at = rd_take(r, n);

	if (r->err)
		return (struct rd){.err = true};
	return rd_init(at, n);
}

const char *rd_cstr(struct rd *r)
{
	const uint8_t *nul = r->err || r->left == 0 ? NULL : memchr(r->p, 0, r->left);

	if (!nul) {
		r->err = true;
		return "";
	}
	return (const char *)rd_take(r, (size_t)(nul - r->p) + 1);
}
