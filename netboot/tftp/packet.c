#include "netboot/tftp/packet.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "provisioner/base/parse.h"
#include "provisioner/base/rd.h"
#include "provisioner/base/wr.h"

#define ERROR_TEXT_MAX 80
#define TEXT_OF_U64 21

static enum tftp_mode mode_of(const char *text)
{
	static const struct {
		const char *text;
		enum tftp_mode mode;
	} modes[] = {
		{"octet", TFTP_MODE_OCTET},
		{"netascii", TFTP_MODE_NETASCII},
		{"mail", TFTP_MODE_MAIL},
	};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcasecmp(text, modes[i].text) == 0)
			return modes[i].mode;
	}
	return TFTP_MODE_UNKNOWN;
}

/* RFC 2347: an option is given once; the first one counts. */
static void take_number(const char *value, uint32_t min, uint32_t max, uint32_t *field)
{
	uint32_t v;

	if (*field == 0 && parse_u32(value, min, max, &v) == 0)
		*field = v;
}

static void take_blksize(struct tftp_options *o, const char *value)
{
	take_number(value, TFTP_BLKSIZE_MIN, TFTP_BLKSIZE_MAX, &o->blksize);
}

static void take_windowsize(struct tftp_options *o, const char *value)
{
	take_number(value, 1, UINT16_MAX, &o->windowsize);
}

static void take_timeout(struct tftp_options *o, const char *value)
{
	take_number(value, 1, UINT8_MAX, &o->timeout_s);
}

static void take_tsize(struct tftp_options *o, const char *value)
{
	(void)value; /* "0" says RFC 2349; whatever it is, the client wants to know the size */
	o->has_tsize = true;
}

static void take_rollover(struct tftp_options *o, const char *value)
{
	uint32_t v;

	if (o->has_rollover || parse_u32(value, 0, 1, &v) < 0)
		return;
	o->has_rollover = true;
	o->rollover = (uint8_t)v;
}

static const struct {
	const char *name;
	void (*take)(struct tftp_options *o, const char *value);
} option_table[] = {
	{"blksize", take_blksize},
	{"windowsize", take_windowsize},
	{"timeout", take_timeout},
	{"tsize", take_tsize},
	{"rollover", take_rollover},
};

static void take_option(struct tftp_options *o, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(option_table); i++) {
		if (strcasecmp(name, option_table[i].name) == 0)
			option_table[i].take(o, value);
	}
}

static struct tftp_options read_options(struct rd *r)
{
	struct tftp_options o = {0};

	while (rd_ok(r) && r->left > 0) {
		const char *name = rd_cstr(r);
		const char *value = rd_cstr(r);

		if (rd_ok(r))
			take_option(&o, name, value);
	}
	return rd_ok(r) ? o : (struct tftp_options){0};
}

int tftp_request_decode(const void *data, size_t len, struct tftp_request *ret)
{
	struct rd r = rd_init(data, len);
	uint16_t opcode = rd_be16(&r);
	const char *name = rd_cstr(&r);
	const char *mode = rd_cstr(&r);

	if (!rd_ok(&r) || (opcode != TFTP_RRQ && opcode != TFTP_WRQ))
		return -EBADMSG;
	if (strlen(name) >= sizeof(ret->name))
		return -EBADMSG;
	*ret = (struct tftp_request){
		.opcode = (enum tftp_opcode)opcode,
		.mode = mode_of(mode),
		.options = read_options(&r),
	};
	memcpy(ret->name, name, strlen(name) + 1);
	return 0;
}

/* One component of a name, `len` bytes. */
static bool is_clean_component(const char *at, size_t len)
{
	if ((len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
			return false;
	}
	return true;
}

int tftp_name_clean(const char *sent, char ret[static TFTP_NAME_SIZE])
{
	char clean[TFTP_NAME_SIZE];
	size_t n = 0;

	while (*sent) {
		size_t len = strcspn(sent, "/\\");

		if (!is_clean_component(sent, len) || n + len + 2 > sizeof(clean))
			return -EACCES;
		if (len > 0 && n > 0)
			clean[n++] = '/';
		memcpy(clean + n, sent, len);
		n += len;
		sent += len + (sent[len] != '\0');
	}
	if (n == 0)
		return -EACCES;
	memcpy(ret, clean, n);
	ret[n] = '\0';
	return 0;
}

bool tftp_reply_decode(
	const void *data, size_t len, enum tftp_opcode *ret_opcode, uint16_t *ret_value)
{
	struct rd r = rd_init(data, len);
	uint16_t opcode = rd_be16(&r);
	uint16_t value = rd_be16(&r);

	if (!rd_ok(&r) || (opcode != TFTP_ACK && opcode != TFTP_ERROR))
		return false;
	*ret_opcode = (enum tftp_opcode)opcode;
	*ret_value = value;
	return true;
}

bool tftp_options_any(const struct tftp_options *o)
{
	return o->blksize || o->windowsize || o->timeout_s || o->has_tsize || o->has_rollover;
}

static void write_option(struct wr *w, const char *name, uint64_t value)
{
	char text[TEXT_OF_U64];
	int n = snprintf(text, sizeof(text), "%" PRIu64, value);

	assert(n > 0 && (size_t)n < sizeof(text));
	wr_cstr(w, name);
	wr_cstr(w, text);
}

size_t tftp_oack_encode(
	uint8_t buf[static TFTP_REPLY_MAX], const struct tftp_options *granted, uint64_t file_size)
{
	struct wr w = wr_init(buf, TFTP_REPLY_MAX);

	wr_be16(&w, TFTP_OACK);
	if (granted->blksize) /* U-Boot on lwIP finds it only as the first one */
		write_option(&w, "blksize", granted->blksize);
	if (granted->has_tsize)
		write_option(&w, "tsize", file_size);
	if (granted->windowsize)
		write_option(&w, "windowsize", granted->windowsize);
	if (granted->timeout_s)
		write_option(&w, "timeout", granted->timeout_s);
	if (granted->has_rollover)
		write_option(&w, "rollover", granted->rollover);
	assert(wr_ok(&w));
	return w.len;
}

size_t tftp_error_encode(uint8_t buf[static TFTP_REPLY_MAX], enum tftp_error code, const char *text)
{
	struct wr w = wr_init(buf, TFTP_REPLY_MAX);

	wr_be16(&w, TFTP_ERROR);
	wr_be16(&w, (uint16_t)code);
	wr_bytes(&w, text, strnlen(text, ERROR_TEXT_MAX));
	wr_u8(&w, 0);
	assert(wr_ok(&w));
	return w.len;
}

void tftp_data_head_encode(uint8_t buf[static TFTP_DATA_HEAD], uint16_t block)
{
	struct wr w = wr_init(buf, TFTP_DATA_HEAD);

	wr_be16(&w, TFTP_DATA);
	wr_be16(&w, block);
}
