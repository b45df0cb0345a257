/* The verifier's verdicts, as netboot reads them: what is read is written the same again. */
#include <assert.h>
#include <string.h>

#include "netboot/images/verdicts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(str_done) struct str text = str_init((size_t)8 << 20);
	struct verdicts v, again;
	struct stat st = {.st_ino = 1};

	if (verdicts_read((const char *)data, size, &v) < 0) {
		assert(v.n_files == 0 && v.n_images == 0);
		return 0;
	}
	verdicts_write(&v, &text);
	assert(verdicts_read(str_text(&text), text.len, &again) == 0);
	assert(again.n_files == v.n_files && again.n_images == v.n_images);
	for (size_t i = 0; i < v.n_files; i++)
		assert(memcmp(&v.files[i].identity, &again.files[i].identity,
			       sizeof(v.files[i].identity)) == 0);
	assert(verdicts_of(&v, "lab/1/vmlinuz", &st) >= VERDICT_PENDING);
	verdicts_done(&v);
	verdicts_done(&again);
	return 0;
}
