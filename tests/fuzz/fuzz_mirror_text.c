/* What comes from a mirror as text: version.txt, DIGESTS, stream metadata, an answer's head; and what
 * gpgv says of a signature. Each reader gets the whole input. */
#include <assert.h>
#include <string.h>

#include "netboot/fetch/digests.h"
#include "netboot/fetch/response.h"
#include "netboot/fetch/signature.h"
#include "netboot/fetch/stream.h"
#include "netboot/fetch/version_txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_stream(const char *text, size_t size)
{
	struct err e;
	struct stream *s = stream_open(text, size, "x86_64", "metal", &e);
	char release[IMAGE_VERSION_SIZE];
	struct stream_file f;

	if (s && stream_release(s, release, &e) == 0)
		assert(image_word_is_legal(release, sizeof(release)));
	if (s && stream_file(s, "pxe", "kernel", &f, &e) == 0)
		assert(f.url[0] != ' ' && strlen(f.sha256) == 64);
	stream_close(s);
}

static void read_status(const char *text, size_t size)
{
	static const char *const keys[] = {"F88CFEDEFF29A5B4D9523864E25D9AED0593B34A", NULL};
	const struct signature_rules rules = {.fingerprints = keys};
	char signer[MANIFEST_SIGNER_SIZE];
	struct err e = {.msg = ""};

	if (signature_judge(&rules, text, size, signer, &e) == 0)
		assert(strcmp(signer, keys[0]) == 0);
	else
		assert(e.msg[0]);
}

static void read_head(const char *text, size_t size)
{
	struct response r = {.tag = ""};

	for (const char *end = text + size, *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		next = newline ? newline + 1 : end;
		response_line(&r, text, (size_t)(next - text));
	}
	assert(!r.tag[0] || response_tag_is_legal(r.tag));
	assert(!r.has_range || r.has_total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char value[64], sum[DIGEST_HEX_SIZE];

	if (version_txt_get(text, size, "FLATCAR_VERSION", value, sizeof(value)) == 0)
		assert(value[0] && strlen(value) < sizeof(value));
	if (digests_find(text, size, "vmlinuz", sum) == 0)
		assert(strlen(sum) == 128);
	read_stream(text, size);
	read_status(text, size);
	read_head(text, size);
	return 0;
}
