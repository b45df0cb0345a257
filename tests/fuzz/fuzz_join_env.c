/* The settings of the join agent: a file that anything on the node may have written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netboot/join/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct env env = {0};
	struct err e = {0};
	int rc = env_parse("join.env", (const char *)data, size, &env, &e);

	if (rc == 0)
		rc = env_check(&env, &e);
	if (rc == 0 && (!env.address || !env.port || !env.node[0] ||
			       strlen(env.token) >= sizeof(env.token)))
		abort();
	if (rc < 0 && !e.msg[0])
		abort();
	return 0;
}
