/* A UDP payload: decoded, judged as a boot client, written back, and read again alike. */
#include <assert.h>
#include <string.h>

#include "dhcpd/msg.h"
#include "dhcpd/pxe.h"
#include "dhcpd/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct opts *a, const struct opts *b)
{
	for (unsigned code = 1; code < OPT_END; code++) {
		struct rd x = opts_value(a, (uint8_t)code), y = opts_value(b, (uint8_t)code);

		/* Overload says how the message was written, not what it says. */
		if (code == OPT_OVERLOAD)
			continue;
		assert(x.left == y.left);
		assert(x.left == 0 || memcmp(x.p, y.p, x.left) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arrival from = {.src_port = 67, .dst_port = DHCP_SERVER_PORT};
	uint8_t bytes[4096];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct msg m, back;
	struct pxe_client client;
	struct relay_info relay;

	if (msg_decode(data, size, &m) != MSG_OK)
		return 0;
	pxe_identify(&m, &client);
	if (relay_read(&m, &from, &relay) == 0 && m.giaddr == 0)
		assert(relay.link == 0 && relay.server_id == 0 && relay.port == 0);
	assert(msg_size_limit(&m) >= 548 && msg_size_limit(&m) <= MSG_SIZE_MAX);

	m.opts.has[OPT_OVERLOAD] = false;
	msg_encode(&m, opts_value(&m.opts, OPT_WANTED), sizeof(bytes), &w);
	assert(wr_ok(&w) && w.len >= MSG_SIZE_MIN);
	assert(msg_decode(bytes, w.len, &back) == MSG_OK);
	assert(back.xid == m.xid && back.giaddr == m.giaddr && back.flags == m.flags);
	assert(strcmp(back.file, m.file) == 0 && strcmp(back.sname, m.sname) == 0);
	compare(&m.opts, &back.opts);
	return 0;
}
