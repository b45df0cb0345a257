/* manifest.json: what is read is legal, and is read the same again after it was written. */
#include <assert.h>
#include <string.h>

#include "netboot/images/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct manifest first, second;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(str_done) struct str text = str_init((size_t)4 << 20);
	struct err e = {.msg = ""};

	if (manifest_read("m", (const char *)data, size, &first, &e) < 0) {
		assert(e.msg[0]);
		return 0;
	}
	for (size_t i = 0; i < first.n_files; i++)
		assert(image_file_is_legal(first.files[i].name) &&
			strlen(first.files[i].sha256) == MANIFEST_SHA256_SIZE - 1);
	manifest_write(&first, &text);
	assert(str_ok(&text));
	assert(manifest_read("m", str_text(&text), text.len, &second, &e) == 0);
	assert(memcmp(&first, &second, sizeof(first)) == 0);
	return 0;
}
