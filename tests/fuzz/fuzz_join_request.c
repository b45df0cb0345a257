/* A node's signing request, as the provisioner gets it: the first bytes of a stranger that reach X.509. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "provisioner/trust/ca.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[CA_KEY_HASH_LEN];
	struct err e = {0};

	if (ca_request_key((const char *)data, size, key, &e) < 0 && !e.msg[0])
		abort();
	return 0;
}
