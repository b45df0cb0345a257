/* Any Accept header: it names a version, an old one, or none; and a version named alone is found. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "provisioner/config/ignition_version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_p) char *text = xstrndup((const char *)data, size);
	char again[128];
	int minor = ignition_accepted(text);

	assert(minor >= -1 && minor <= 99);
	if (minor >= 0) {
		(void)snprintf(again, sizeof(again),
			"application/vnd.coreos.ignition+json;version=%d.%d.0", minor ? 3 : 2,
			minor); /* always fits */
		assert(ignition_accepted(again) == minor);
	}
	if (ignition_minor(text, size) >= IGNITION_MINOR_FLOOR) {
		ignition_set_minor(text, size, IGNITION_MINOR_NEWEST);
		assert(ignition_minor(text, size) == IGNITION_MINOR_NEWEST);
	}
	return 0;
}
