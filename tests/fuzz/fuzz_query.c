/* The query of a script request: whatever it is, what comes out fits and is what was promised. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/generation/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"mac", "serial", "m", ""};
	char *query = malloc(size + 1), tiny[3], ret[128];

	assert(query);
	if (size > 0)
		memcpy(query, data, size);
	query[size] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (query_get(query, keys[i], ret, sizeof(ret)))
			assert(strlen(ret) > 0 && strlen(ret) < sizeof(ret) &&
				strlen(ret) <= strlen(query));
		if (query_get(query, keys[i], tiny, sizeof(tiny)))
			assert(strlen(tiny) <= 2 && strncmp(tiny, ret, 2) == 0);
	}
	free(query);
	return 0;
}
