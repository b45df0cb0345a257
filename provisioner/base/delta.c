#include "provisioner/base/delta.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/rd.h"

#define BLOCK 16 /* as many equal bytes make it worth a step */
#define SLOTS_MIN 64
#define VARINT_BITS 7
#define VARINT_MORE 0x80
#define VARINT_BYTES_MAX 5

static uint64_t load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A block's place in a table of `n_slots`, a power of two (Fibonacci hashing of its two words). */
static size_t slot_of(const char *p, size_t n_slots)
{
	uint64_t h = load(p) * UINT64_C(0x9e3779b97f4a7c15) ^
		     (load(p + sizeof(uint64_t)) + 1) * UINT64_C(0xc2b2ae3d27d4eb4f);

	return (size_t)(h >> 32) & (n_slots - 1);
}

void delta_base_init(struct delta_base *b, const char *text, size_t len)
{
	size_t n_slots = SLOTS_MIN;

	while (n_slots < len)
		n_slots *= 2;
	*b = (struct delta_base){.text = text,
		.len = len,
		.slots = xcalloc(n_slots, sizeof(*b->slots)),
		.n_slots = n_slots};
	for (size_t at = 0; at + BLOCK <= len; at++) {
		uint32_t *slot = &b->slots[slot_of(text + at, n_slots)];

		if (*slot == 0) /* the first of equal blocks: texts mostly go on where they were */
			*slot = (uint32_t)at + 1;
	}
}

void delta_base_done(struct delta_base *b)
{
	free(b->slots);
	*b = (struct delta_base){.text = NULL};
}

static size_t same_ahead(const char *a, const char *b, size_t max)
{
	size_t n = 0;

	while (n + sizeof(uint64_t) <= max && load(a + n) == load(b + n))
		n += sizeof(uint64_t);
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

static size_t same_behind(const char *a, const char *b, size_t max)
{
	size_t n = 0;

	while (n < max && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n])
		n++;
	return n;
}

static void add_varint(struct str *out, size_t v)
{
	for (; v >= VARINT_MORE; v >>= VARINT_BITS)
		str_addc(out, (char)(unsigned char)(v | VARINT_MORE));
	str_addc(out, (char)(unsigned char)v);
}

static void add_step(
	struct str *out, const char *added, size_t n_added, size_t from, size_t n_copied)
{
	add_varint(out, n_added);
	str_addn(out, added, n_added);
	add_varint(out, n_copied);
	add_varint(out, from);
}

/* Where in the base the bytes at text[at] stand too, or SIZE_MAX. `diagonal` is where they would if only bytes of
 * equal number had been replaced since the last step. */
static size_t find(const struct delta_base *b, const char *text, size_t at, size_t diagonal)
{
	if (diagonal + BLOCK <= b->len && memcmp(b->text + diagonal, text + at, BLOCK) == 0)
		return diagonal;
	uint32_t slot = b->slots[slot_of(text + at, b->n_slots)];

	if (slot == 0 || memcmp(b->text + slot - 1, text + at, BLOCK) != 0)
		return SIZE_MAX;
	return slot - 1;
}

void delta_write(const struct delta_base *b, const char *text, size_t len, struct str *out)
{
	size_t done = 0, at = 0, diagonal = 0;

	while (at + BLOCK <= len && str_ok(out)) {
		size_t from = find(b, text, at, diagonal);

		if (from == SIZE_MAX) {
			at++;
			diagonal++;
			continue;
		}
		size_t back = at - done < from ? at - done : from;
		size_t room = len - at < b->len - from ? len - at : b->len - from;

		back = same_behind(text + at, b->text + from, back);
		size_t n = same_ahead(text + at, b->text + from, room);
		add_step(out, text + done, at - back - done, from - back, back + n);
		done = at += n;
		diagonal = from + n;
	}
	if (done < len)
		add_step(out, text + done, len - done, 0, 0);
}

static size_t read_varint(struct rd *r)
{
	size_t v = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
		uint8_t byte = rd_u8(r);

		v |= (size_t)(byte & (VARINT_MORE - 1)) << (i * VARINT_BITS);
		if (!(byte & VARINT_MORE))
			return v;
	}
	r->err = true;
	return 0;
}

int delta_read(const char *base, size_t base_len, const void *delta, size_t len, struct str *out)
{
	struct rd r = rd_init(delta, len);

	while (rd_ok(&r) && r.left > 0) {
		struct rd added = rd_slice(&r, read_varint(&r));
		size_t n = read_varint(&r), from = read_varint(&r);

		if (!rd_ok(&r) || from > base_len || n > base_len - from)
			return -EBADMSG;
		str_addn(out, (const char *)added.p, added.left);
		str_addn(out, base + from, n);
	}
	return rd_ok(&r) && str_ok(out) ? 0 : -EBADMSG;
}
