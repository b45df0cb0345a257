/* A tar header, and pax records behind it. A file's header that was read can be written again. */
#include <assert.h>
#include <string.h>

#include "netboot/images/tar.h"
#include "netboot/images/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[TAR_BLOCK] = {0}, again[TAR_BLOCK];
	struct tar_entry entry, other;

	memcpy(block, data, size < sizeof(block) ? size : sizeof(block));
	if (tar_read(block, &entry) < 0)
		return 0;
	assert(strlen(entry.name) < sizeof(entry.name));
	assert((entry.type == TAR_OTHER) == (entry.what != NULL));
	if (size > sizeof(block) &&
		tar_read_pax((const char *)data + sizeof(block), size - sizeof(block), &entry) < 0)
		return 0;
	const char *name = unpack_name(entry.name);
	assert(!name || (!strchr(name, '/') && name[0] != '.'));
	if (name && tar_write(name, entry.size, 0, again) == 0) {
		assert(tar_read(again, &other) == 0 && other.type == TAR_FILE);
		assert(strcmp(other.name, name) == 0 && other.size == entry.size);
	}
	return 0;
}
