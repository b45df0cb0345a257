#include "dhcpd/option.h"

#include <errno.h>
#include <string.h>

#define FRAGMENT_MAX 255 /* RFC 3396: what one length octet can say */

enum kind { KIND_BYTES = 1, KIND_TEXT, KIND_U8, KIND_U16, KIND_U32, KIND_ADDRESS, KIND_ADDRESSES };

enum when_illegal {
	DROP = 1, /* the packet: who sends this cannot be answered safely */
	IGNORE    /* the option: a machine with odd firmware still gets its address */
};

/* RFC 2132 unless said otherwise. `min` and `max` are bytes, a value is a multiple of `unit`. */
static const struct row {
	uint8_t code;
	enum kind kind;
	uint16_t min, max, unit;
	enum when_illegal when_illegal;
} rows[] = {
	{OPT_MASK, KIND_ADDRESS, 4, 4, 4, IGNORE},
	{OPT_ROUTERS, KIND_ADDRESSES, 4, UINT16_MAX, 4, IGNORE},
	{OPT_DNS, KIND_ADDRESSES, 4, UINT16_MAX, 4, IGNORE},
	{OPT_HOSTNAME, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_DOMAIN, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_BROADCAST, KIND_ADDRESS, 4, 4, 4, IGNORE},
	{OPT_VENDOR, KIND_BYTES, 0, UINT16_MAX, 1, IGNORE},
	{OPT_ADDRESS, KIND_ADDRESS, 4, 4, 4, DROP},
	{OPT_LEASE, KIND_U32, 4, 4, 4, DROP},
	{OPT_OVERLOAD, KIND_U8, 1, 1, 1, DROP},
	{OPT_TYPE, KIND_U8, 1, 1, 1, DROP},
	{OPT_SERVER, KIND_ADDRESS, 4, 4, 4, DROP},
	{OPT_WANTED, KIND_BYTES, 1, UINT16_MAX, 1, IGNORE},
	{OPT_MESSAGE, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_MAX_SIZE, KIND_U16, 2, 2, 2, DROP},
	{OPT_T1, KIND_U32, 4, 4, 4, DROP},
	{OPT_T2, KIND_U32, 4, 4, 4, DROP},
	{OPT_CLASS, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_CLIENT_ID, KIND_BYTES, 2, 255, 1, IGNORE},
	{OPT_TFTP_SERVER, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_BOOT_FILE, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_USER_CLASS, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_RAPID_COMMIT, KIND_BYTES, 0, 0, 1, IGNORE}, /* RFC 4039 */
	{OPT_RELAY, KIND_BYTES, 2, UINT16_MAX, 1, DROP},
	/* RFC 4578. ROMs in the wild get these wrong; none is worth a machine without an address. */
	{OPT_ARCH, KIND_U16, 2, UINT16_MAX, 2, IGNORE},
	{OPT_UNDI, KIND_BYTES, 3, 3, 1, IGNORE},
	{OPT_UUID, KIND_BYTES, 17, 17, 1, IGNORE},
	{OPT_SUBNET_SELECTION, KIND_ADDRESS, 4, 4, 4, IGNORE},        /* RFC 3011 */
	{OPT_TFTP_SERVERS, KIND_ADDRESSES, 4, UINT16_MAX, 4, IGNORE}, /* RFC 5859 */
	{OPT_IPXE, KIND_BYTES, 0, UINT16_MAX, 1, IGNORE},
	/* RFC 5071 */
	{OPT_PXELINUX_MAGIC, KIND_BYTES, 4, 4, 4, IGNORE},
	{OPT_PXELINUX_CONFIG, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_PXELINUX_PREFIX, KIND_TEXT, 1, UINT16_MAX, 1, IGNORE},
	{OPT_PXELINUX_REBOOT, KIND_U32, 4, 4, 4, IGNORE},
};

/* What a reply keeps when not all fits, most needed first. */
static const uint8_t needed[] = {OPT_TYPE, OPT_SERVER, OPT_LEASE, OPT_MASK, OPT_ROUTERS, OPT_CLASS,
	OPT_VENDOR, OPT_UUID, OPT_CLIENT_ID, OPT_IPXE, OPT_BOOT_FILE};

/* Some ROMs look for the message type at the very first place only. */
static const uint8_t head[] = {OPT_TYPE, OPT_SERVER, OPT_LEASE};

/* The next option of one field; false at the field's end, or with the error latched in *r. A
 * missing 255 is tolerated: some ROMs forget it. */
static bool next_option(struct rd *r, uint8_t *ret_code, struct rd *ret_value)
{
	while (rd_ok(r) && r->left > 0) {
		uint8_t code = rd_u8(r);

		if (code == OPT_PAD)
			continue;
		if (code == OPT_END)
			return false;
		*ret_code = code;
		*ret_value = rd_slice(r, rd_u8(r));
		return rd_ok(r);
	}
	return false;
}

/* Option 52 of the options field: 1 file, 2 sname, 3 both carry options; -EBADMSG when it says
 * something else or the field is broken. */
static int read_overload(struct rd r)
{
	uint8_t code;
	struct rd value;
	int overload = 0;

	while (next_option(&r, &code, &value)) {
		if (code != OPT_OVERLOAD)
			continue;
		if (overload != 0 || value.left != 1)
			return -EBADMSG;
		overload = rd_u8(&value);
		if (overload < 1 || overload > 3)
			return -EBADMSG;
	}
	return rd_ok(&r) ? overload : -EBADMSG;
}

static int measure(struct opts *o, struct rd r, bool is_main)
{
	uint8_t code;
	struct rd value;

	while (next_option(&r, &code, &value)) {
		if (code == OPT_OVERLOAD && !is_main)
			continue;
		o->has[code] = true;
		o->len[code] = (uint16_t)(o->len[code] + value.left);
		if (o->used + value.left > OPTS_BYTES_MAX)
			return -E2BIG;
		o->used = (uint16_t)(o->used + value.left);
	}
	return rd_ok(&r) ? 0 : -EBADMSG;
}

static void collect(struct opts *o, struct rd r, bool is_main, uint16_t filled[static 256])
{
	uint8_t code;
	struct rd value;

	while (next_option(&r, &code, &value)) {
		size_t n = value.left;

		if (code == OPT_OVERLOAD && !is_main)
			continue;
		rd_copy(&value, o->bytes + o->at[code] + filled[code], n);
		filled[code] = (uint16_t)(filled[code] + n);
	}
}

/* RFC 2132 section 2: trailing NULs of text are deleted on receipt. */
static void trim_text(struct opts *o, uint8_t code)
{
	while (o->len[code] > 0 && o->bytes[o->at[code] + o->len[code] - 1] == 0)
		o->len[code]--;
}

static int judge_lengths(struct opts *o)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];

		if (!o->has[row->code])
			continue;
		if (row->kind == KIND_TEXT)
			trim_text(o, row->code);
		uint16_t len = o->len[row->code];
		if (len >= row->min && len <= row->max && len % row->unit == 0)
			continue;
		if (row->when_illegal == DROP)
			return -EBADMSG;
		o->has[row->code] = false;
		o->len[row->code] = 0;
	}
	return 0;
}

int opts_decode(struct rd options, struct rd file, struct rd sname, struct opts *ret)
{
	int overload = read_overload(options);
	struct rd fields[3] = {options};
	size_t n_fields = 1;
	uint16_t filled[256] = {0}, at = 0;

	if (overload < 0)
		return overload;
	if (overload & 1)
		fields[n_fields++] = file;
	if (overload & 2)
		fields[n_fields++] = sname;

	*ret = (struct opts){0};
	for (size_t i = 0; i < n_fields; i++) {
		int rc = measure(ret, fields[i], /* is_main= */ i == 0);

		if (rc < 0)
			return rc;
	}
	for (size_t code = 0; code < ARRAY_LEN(ret->at); code++) {
		ret->at[code] = at;
		at = (uint16_t)(at + ret->len[code]);
	}
	for (size_t i = 0; i < n_fields; i++)
		collect(ret, fields[i], /* is_main= */ i == 0, filled);
	return judge_lengths(ret);
}

bool opts_has(const struct opts *o, uint8_t code)
{
	return o->has[code];
}

struct rd opts_value(const struct opts *o, uint8_t code)
{
	return rd_init(o->bytes + o->at[code], o->has[code] ? o->len[code] : 0);
}

uint8_t opts_u8(const struct opts *o, uint8_t code)
{
	struct rd r = opts_value(o, code);

	return rd_u8(&r);
}

uint16_t opts_u16(const struct opts *o, uint8_t code)
{
	struct rd r = opts_value(o, code);

	return rd_be16(&r);
}

uint32_t opts_u32(const struct opts *o, uint8_t code)
{
	struct rd r = opts_value(o, code);

	return rd_be32(&r);
}

bool opts_begins(const struct opts *o, uint8_t code, const char *prefix)
{
	size_t n = strlen(prefix);

	return o->has[code] && o->len[code] >= n && memcmp(o->bytes + o->at[code], prefix, n) == 0;
}

void opts_put(struct opts *o, uint8_t code, const void *data, size_t len)
{
	if (len > (size_t)(OPTS_BYTES_MAX - o->used))
		return;
	o->has[code] = true;
	o->at[code] = o->used;
	o->len[code] = (uint16_t)len;
	if (len > 0)
		memcpy(o->bytes + o->used, data, len);
	o->used = (uint16_t)(o->used + len);
}

void opts_put_u8(struct opts *o, uint8_t code, uint8_t v)
{
	opts_put(o, code, &v, sizeof(v));
}

void opts_put_u32(struct opts *o, uint8_t code, uint32_t v)
{
	uint8_t wire[4];
	struct wr w = wr_init(wire, sizeof(wire));

	wr_be32(&w, v);
	opts_put(o, code, wire, sizeof(wire));
}

void opts_put_text(struct opts *o, uint8_t code, const char *text)
{
	opts_put(o, code, text, strlen(text));
}

void opts_copy(struct opts *o, uint8_t code, const struct opts *from)
{
	if (from->has[code])
		opts_put(o, code, from->bytes + from->at[code], from->len[code]);
}

static size_t encoded_size(const struct opts *o, uint8_t code)
{
	size_t len = o->len[code];
	size_t fragments = len == 0 ? 1 : (len + FRAGMENT_MAX - 1) / FRAGMENT_MAX;

	return len + 2 * fragments;
}

/* Marks `code` as going out when it is there and still fits. */
static void admit(const struct opts *o, uint8_t code, bool goes[static 256], size_t *left)
{
	if (!o->has[code] || goes[code] || encoded_size(o, code) > *left)
		return;
	goes[code] = true;
	*left -= encoded_size(o, code);
}

static void write_option(const struct opts *o, uint8_t code, bool goes[static 256], struct wr *w)
{
	if (!goes[code])
		return;
	goes[code] = false;
	struct rd value = opts_value(o, code);
	do {
		size_t n = value.left < FRAGMENT_MAX ? value.left : FRAGMENT_MAX;
		struct rd part = rd_slice(&value, n);

		wr_u8(w, code);
		wr_u8(w, (uint8_t)n);
		wr_bytes(w, part.p, n);
	} while (value.left > 0);
}

/* The codes that have a value, in order: a dozen, where 256 would be looked at again and again. */
static size_t list_codes(const struct opts *o, uint8_t codes[static 256])
{
	size_t n = 0;

	for (size_t code = OPT_PAD + 1; code < OPT_END; code++)
		if (o->has[code])
			codes[n++] = (uint8_t)code;
	return n;
}

void opts_encode(const struct opts *o, struct rd order, size_t room, struct wr *w)
{
	bool goes[256] = {false};
	uint8_t codes[256];
	size_t n_codes = list_codes(o, codes);
	size_t left = room < 1 ? 0 : room - 1; /* for the 255 */

	admit(o, OPT_RELAY, goes, &left); /* a relay that misses it drops the reply */
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		admit(o, needed[i], goes, &left);
	for (size_t i = 0; i < order.left; i++)
		admit(o, order.p[i], goes, &left);
	for (size_t i = 0; i < n_codes; i++)
		admit(o, codes[i], goes, &left);

	bool has_relay = goes[OPT_RELAY];
	goes[OPT_RELAY] = false;
	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		write_option(o, head[i], goes, w);
	for (size_t i = 0; i < order.left; i++)
		write_option(o, order.p[i], goes, w);
	for (size_t i = 0; i < n_codes; i++)
		write_option(o, codes[i], goes, w);
	goes[OPT_RELAY] = has_relay;
	write_option(o, OPT_RELAY, goes, w);
	wr_u8(w, OPT_END);
}
