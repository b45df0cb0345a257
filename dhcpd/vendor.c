#include "dhcpd/vendor.h"

enum { TAG_PAD = 0, TAG_BOOT_ITEM = 71, TAG_END = 255 };

#define BOOT_ITEM_LEN 4 /* type and layer */

static const uint8_t direct[] = {6, 1, 8, TAG_END};

/* 6: by broadcast and multicast no other server; 10: the prompt "PXE", no time to wait; 9: the menu. */
static const uint8_t raspberry[] = "\x06\x01\x03\x0a\x04\x00PXE\x09\x14\x00\x00\x11"
				   "Raspberry Pi Boot\xff";

void vendor_put_direct(struct msg *reply)
{
	opts_put(&reply->opts, OPT_VENDOR, direct, sizeof(direct));
}

void vendor_put_raspberry(struct msg *reply)
{
	opts_put(&reply->opts, OPT_VENDOR, raspberry, sizeof(raspberry) - 1);
}

void vendor_put_boot_item(const struct msg *request, struct msg *reply)
{
	struct rd tags = opts_value(&request->opts, OPT_VENDOR);

	while (rd_ok(&tags) && tags.left > 0) {
		uint8_t tag = rd_u8(&tags);

		if (tag == TAG_PAD)
			continue;
		if (tag == TAG_END)
			return;
		struct rd value = rd_slice(&tags, rd_u8(&tags));
		if (tag != TAG_BOOT_ITEM || value.left != BOOT_ITEM_LEN)
			continue;
		uint8_t wire[2 + BOOT_ITEM_LEN + 1];
		struct wr w = wr_init(wire, sizeof(wire));
		wr_u8(&w, TAG_BOOT_ITEM);
		wr_u8(&w, BOOT_ITEM_LEN);
		wr_bytes(&w, value.p, BOOT_ITEM_LEN);
		wr_u8(&w, TAG_END);
		opts_put(&reply->opts, OPT_VENDOR, wire, w.len);
		return;
	}
}
