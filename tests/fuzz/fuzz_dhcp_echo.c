/* Whole IPv4 packets as the raw ICMP socket hands them over. */
#include <assert.h>

#include "dhcpd/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t from = 0, again = 0;

	for (uint32_t id = 0; id <= UINT16_MAX; id += 0x1234)
		if (icmp_read_answer(data, size, (uint16_t)id, &from))
			assert(icmp_read_answer(data, size, (uint16_t)id, &again) && from == again);
	return 0;
}
