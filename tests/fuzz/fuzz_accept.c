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
	/* What is no version alone stays what it was. */
	char config[] = "{\"ignition\":{\"version\":\"3.3.0\"}}";
	int rc = ignition_fit(config, sizeof(config) - 1, text);
	unsigned given = ignition_minor(config, sizeof(config) - 1);
	assert(rc == 0 ? given >= 3 && given <= IGNITION_MINOR_NEWEST : given == 3 && minor < 3);
	assert(ignition_minor(text, size) <= 9);
	return 0;
}
