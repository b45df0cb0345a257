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

/* In every way of an answer: iPXE never gets its own binary, HTTP firmware gets a URL or nothing. */
static void boot(const struct msg *m, uint32_t wanted)
{
	static const struct message_dhcp_settings settings = {
		.server = {0x0a4d0001, 24}, .http_port = 8080, .pxelinux_reboot_s = 1};
	struct pxe_client client;
	struct pxe_told told;

	pxe_identify(m, &client);
	pxe_want(&client, wanted);
	for (enum pxe_way way = PXE_IN_LEASE; way <= PXE_ON_PORT; way++) {
		struct pxe_ask ask = {
			.settings = &settings, .client = &client, .node_file = "", .way = way};
		struct msg reply = {.op = BOOTP_REPLY};

		pxe_answer(&ask, m, &reply, &told);
		if (client.stage == STAGE_IPXE)
			assert(strcmp(told.file, "http://10.77.0.1:8080/boot.ipxe") == 0);
		if (client.stage == STAGE_OS)
			assert(told.file[0] == '\0' && told.note[0] == '\0');
		if (client.uses_http && told.file[0])
			assert(strncmp(told.file, "http://", 7) == 0);
		if (client.stage == STAGE_FIRMWARE)
			assert(told.file[0] || told.note[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arrival from = {.src_port = 67, .dst_port = DHCP_SERVER_PORT};
	uint8_t bytes[4096];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct msg m, back;
	struct relay_info relay;

	if (msg_decode(data, size, &m) != MSG_OK)
		return 0;
	boot(&m, 0);
	boot(&m, size > 0 ? data[size - 1] * UINT32_C(0x9e3779b9) : 0);
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
