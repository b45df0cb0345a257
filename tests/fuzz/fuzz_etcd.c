/* Everything that may come from the other end of an etcd connection. The first byte says what the
 * answer is to. */
#include <stdlib.h>
#include <string.h>

#include "provisioner/etcd/codec.h"
#include "provisioner/etcd/codec2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was accepted must be whole: text where it says so, with a NUL behind it. */
static void touch(const struct etcd_reply *r)
{
	for (size_t i = 0; i < r->n_kvs; i++)
		if (r->kvs[i].key[r->kvs[i].key_len] != '\0' ||
			r->kvs[i].value[r->kvs[i].value_len] != '\0')
			abort();
}

/* What decodes must encode to the same text again. */
static void round_trip(const char *text, size_t len)
{
	AUTO(free_p) uint8_t *bytes = xcalloc(len + 1, 1);
	AUTO(str_done) struct str again = str_init((size_t)8 << 20);
	size_t n = 0;

	if (codec_base64(text, len, bytes, &n) < 0)
		return;
	str_add_base64(&again, bytes, n);
	if (again.len != len || memcmp(str_text(&again), text, len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free_p) struct arena *a = arena_new((size_t)4 << 20);
	struct etcd_reply r = {0};
	const char *path = NULL;
	struct err e = {0};
	int rc = 0;

	if (size == 0)
		return 0;
	const char *text = (const char *)data + 1;
	size_t len = size - 1;
	switch (data[0]) {
	case 'v':
		rc = codec_read_version(text, len, &path, &e);
		break;
	case 'h':
		rc = codec_read_health(text, len, &e);
		break;
	case 'r':
		rc = codec_read_range(a, text, len, &r, &e);
		break;
	case 'c':
		rc = codec_read_create(a, text, len, &r, &e);
		if (rc == 0 && r.created != (r.n_kvs == 0))
			abort();
		break;
	case '2': /* etcd 2: what is created, and what is read */
	case '3':
		rc = codec2_read(a, data[0] == '3', data[0] == '3' ? 200 : 412, text, len, &r, &e);
		break;
	case 'p':
		rc = codec_read_put(a, text, len, &r, &e);
		break;
	case 'd':
		rc = codec_read_delete(a, text, len, &r, &e);
		break;
	case 'e':
		rc = codec_read_error(503, text, len, &e);
		break;
	case '6':
		round_trip(text, len);
		break;
	default:
		break;
	}
	if (rc < 0 && e.msg[0] == '\0')
		abort();
	for (const char *c = e.msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort(); /* the wire's bytes in a log line */
	touch(&r);
	return 0;
}
