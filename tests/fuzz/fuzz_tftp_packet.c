/* Packets to port 69 and to a transfer's port: whatever comes, names stay clean and an OACK fits. */
#include <assert.h>
#include <string.h>

#include "netboot/tftp/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tftp_request r;
	enum tftp_opcode opcode;
	uint16_t value;
	char name[TFTP_NAME_SIZE];
	uint8_t packet[TFTP_REPLY_MAX];

	if (tftp_reply_decode(data, size, &opcode, &value))
		assert(opcode == TFTP_ACK || opcode == TFTP_ERROR);
	if (tftp_request_decode(data, size, &r) < 0)
		return 0;
	assert(strlen(r.name) < sizeof(r.name));
	assert(!r.options.blksize ||
		(r.options.blksize >= TFTP_BLKSIZE_MIN && r.options.blksize <= TFTP_BLKSIZE_MAX));
	assert(r.options.windowsize <= UINT16_MAX && r.options.timeout_s <= UINT8_MAX &&
		r.options.rollover <= 1);
	assert(tftp_oack_encode(packet, &r.options, UINT64_MAX) <= sizeof(packet));
	if (tftp_name_clean(r.name, name) == 0) {
		assert(name[0] != '/' && name[0] != '\0' && strlen(name) <= strlen(r.name));
		assert(!strchr(name, '\\') && !strstr(name, "//") && !strstr(name, "/../"));
		assert(strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0);
	}
	return 0;
}
