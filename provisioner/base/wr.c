#include "provisioner/base/wr.h"

#include <string.h>

struct wr wr_init(void *buffer, size_t cap)
{
	return (struct wr){.p = buffer, .cap = cap};
}

bool wr_ok(const struct wr *w)
{
	return !w->err;
}

size_t wr_room(const struct wr *w)
{
	return w->err ? 0 : w->cap - w->len;
}

/* Where the next `n` bytes go; NULL when there are none to write or, with the error latched, when
 * they do not fit. */
static uint8_t *wr_claim(struct wr *w, size_t n)
{
	if (w->err || n > w->cap - w->len) {
		w->err = true;
		return NULL;
	}
	if (n == 0)
		return NULL;
	w->len += n;
	return w->p + w->len - n;
}

void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *at = wr_claim(w, 1);

	if (at)
		at[0] = v;
}

void wr_be16(struct wr *w, uint16_t v)
{
	uint8_t *at = wr_claim(w, 2);

	if (!at)
		return;
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

void wr_be32(struct wr *w, uint32_t v)
{
	uint8_t *at = wr_claim(w, 4);

	if (!at)
		return;
	at[0] = (uint8_t)(v >> 24);
	at[1] = (uint8_t)(v >> 16);
	at[2] = (uint8_t)(v >> 8);
	at[3] = (uint8_t)v;
}

void wr_bytes(struct wr *w, const void *data, size_t n)
{
	uint8_t *at = wr_claim(w, n);

	if (at)
		memcpy(at, data, n);
}

void wr_fill(struct wr *w, uint8_t v, size_t n)
{
	uint8_t *at = wr_claim(w, n);

	if (at)
		memset(at, v, n);
}

void wr_cstr(struct wr *w, const char *text)
{
	wr_bytes(w, text, strlen(text) + 1);
}

void wr_patch_be16(struct wr *w, size_t at, uint16_t v)
{
	if (w->err || at > w->len || w->len - at < 2) {
		w->err = true;
		return;
	}
	w->p[at] = (uint8_t)(v >> 8);
	w->p[at + 1] = (uint8_t)v;
}
