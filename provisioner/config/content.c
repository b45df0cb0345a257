#include "provisioner/config/content.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "provisioner/config/cloudconfig.h"

/* Above this size base64 (4/3) is much shorter than percent-encoded text (up to 3). */
#define LEGIBLE_MAX ((size_t)64 << 10)
#define UNPACK_STEP ((size_t)16 << 10)
#define MEMORY_LEVEL 9             /* zlib.h: the fastest */
#define GZIP_ONLY (16 + MAX_WBITS) /* zlib.h: no other format is detected */

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *hit = c ? strchr(digits, c) : NULL;

	return hit ? (int)(hit - digits) : -1;
}

int content_decode_base64(
	struct arena *a, const char *text, size_t len, const char **ret, size_t *ret_len)
{
	char *out = arena_alloc(a, len / 4 * 3 + 4, 1);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t bits = 0;

	if (!out)
		return -E2BIG;
	for (size_t i = 0; i < len; i++) {
		int v = base64_value(text[i]);

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=' && digits % 4 + pads >= 2 && digits % 4 + pads < 4) {
			pads++;
			continue;
		}
		if (v < 0 || pads > 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		if (++digits % 4 != 1)
			out[n++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff);
	}
	if ((digits + pads) % 4 != 0)
		return -EINVAL;
	*ret = out;
	*ret_len = n;
	return 0;
}

/* One step of unpacking into `out`: 0 to go on, 1 at the end of the file, or a negative errno. */
static int unpack_step(z_stream *z, struct str *out)
{
	char chunk[UNPACK_STEP];

	z->next_out = (Bytef *)chunk;
	z->avail_out = sizeof(chunk);
	int rc = inflate(z, Z_NO_FLUSH);
	if (rc != Z_OK && rc != Z_STREAM_END)
		return -EINVAL; /* Z_BUF_ERROR among them: the file ends too early */
	str_addn(out, chunk, sizeof(chunk) - z->avail_out);
	if (!str_ok(out))
		return -E2BIG;
	if (rc == Z_STREAM_END &&
		z->avail_in > 0) /* the next member, as Go's and GNU's readers do */
		return inflateReset(z) == Z_OK ? 0 : -EINVAL;
	return rc == Z_STREAM_END;
}

int content_unpack(struct arena *a, const char *data, size_t len, const char **ret, size_t *ret_len)
{
	AUTO(str_done) struct str out = str_init(CONTENT_UNPACKED_MAX);
	AUTO(free_p) Bytef *copy = xcalloc(len + 1, 1); /* zlib's pointer is not const */
	z_stream z = {.next_in = copy, .avail_in = (uInt)len};
	int rc = 0;

	if (len > UINT32_MAX || inflateInit2(&z, GZIP_ONLY) != Z_OK)
		return -EINVAL;
	memcpy(copy, data, len);
	while (rc == 0)
		rc = unpack_step(&z, &out);
	(void)inflateEnd(&z); /* frees; there is nothing to learn from it */
	if (rc < 0)
		return rc;
	*ret_len = out.len;
	*ret = arena_strndup(a, str_text(&out), out.len);
	return *ret ? 0 : -E2BIG;
}

/* The length of the UTF-8 sequence at `p` (Unicode table 3-7), or 0. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool content_is_text(const char *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(p + i, len - i);

		if (n == 0 || p[i] == 0x7f || (p[i] < 0x20 && !strchr("\t\n\r", p[i])) || p[i] == 0)
			return false;
		i += n;
	}
	return true;
}

void content_add_data_url(struct str *out, const char *data, size_t len)
{
	bool slot = memmem(data, len, CLOUDCONFIG_SLOT, strlen(CLOUDCONFIG_SLOT)) != NULL;

	if (content_is_text(data, len) && (len <= LEGIBLE_MAX || slot)) {
		str_add(out, "data:,");
		str_add_percent(out, data, len);
	} else {
		str_add(out, "data:;base64,");
		str_add_base64(out, data, len);
	}
}

void content_add_packed(struct str *out, const char *data, size_t len)
{
	AUTO(free_p) Bytef *copy = xcalloc(len + 1, 1);
	z_stream z = {.next_in = copy, .avail_in = (uInt)len};

	memcpy(copy, data, len);
	if (len > UINT32_MAX || deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_ONLY,
					MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		out->err = true;
		return;
	}
	size_t room = deflateBound(&z, len);
	AUTO(free_p) Bytef *packed = xcalloc(room, 1);
	z.next_out = packed;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END)
		str_add_base64(out, packed, z.total_out);
	else
		out->err = true;
	(void)deflateEnd(&z); /* frees; there is nothing to learn from it */
}
