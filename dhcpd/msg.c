#include "dhcpd/msg.h"

#define MAGIC_COOKIE 0x63825363
#define SNAME_LEN 64
#define FILE_LEN 128
#define OPTIONS_AT 240 /* header and cookie */
#define IP_UDP_HEADERS 28
#define DATAGRAM_MIN 576 /* RFC 2131 section 2: what every client must take */

static const char *const type_names[] = {
	"?", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"};

const char *dhcp_type_name(unsigned type)
{
	return type < ARRAY_LEN(type_names) ? type_names[type] : type_names[0];
}

static void read_text(struct rd field, char *to, size_t len)
{
	rd_copy(&field, to, len);
	to[len] = '\0';
}

/* RFC 2131, RFC 4390: who the client is must follow from chaddr, or from its identifier. */
static bool names_a_client(const struct msg *m)
{
	if (m->hlen > MSG_HW_MAX || (m->htype == 0 && m->hlen != 0))
		return false;
	return m->hlen > 0 || opts_has(&m->opts, OPT_CLIENT_ID);
}

enum msg_result msg_decode(const void *data, size_t len, struct msg *ret)
{
	struct rd r = rd_init(data, len);
	struct msg *m = ret;

	m->op = rd_u8(&r);
	m->htype = rd_u8(&r);
	m->hlen = rd_u8(&r);
	m->hops = rd_u8(&r);
	m->xid = rd_be32(&r);
	m->secs = rd_be16(&r);
	m->flags = rd_be16(&r);
	m->ciaddr = rd_be32(&r);
	m->yiaddr = rd_be32(&r);
	m->siaddr = rd_be32(&r);
	m->giaddr = rd_be32(&r);
	rd_copy(&r, m->chaddr, sizeof(m->chaddr));
	struct rd sname = rd_slice(&r, SNAME_LEN);
	struct rd file = rd_slice(&r, FILE_LEN);
	uint32_t cookie = rd_be32(&r);

	if (!rd_ok(&r))
		return MSG_MALFORMED;
	if (m->op != BOOTP_REQUEST)
		return MSG_NOT_REQUEST;
	m->opts = (struct opts){0};
	if (cookie == MAGIC_COOKIE && opts_decode(r, file, sname, &m->opts) < 0)
		return MSG_MALFORMED;
	if (!names_a_client(m))
		return MSG_BAD_HARDWARE;
	read_text(sname, m->sname, SNAME_LEN);
	read_text(file, m->file, FILE_LEN);
	return opts_has(&m->opts, OPT_TYPE) ? MSG_OK : MSG_BOOTP;
}

size_t msg_size_limit(const struct msg *request)
{
	size_t limit = opts_u16(&request->opts, OPT_MAX_SIZE);

	if (!opts_has(&request->opts, OPT_TYPE))
		return MSG_SIZE_MIN; /* RFC 951: the vendor area has 64 bytes */
	if (limit < DATAGRAM_MIN)
		limit = DATAGRAM_MIN;
	limit -= IP_UDP_HEADERS;
	return limit < MSG_SIZE_MAX ? limit : MSG_SIZE_MAX;
}

/* The text up to its NUL and zeros behind it: a fixed field. */
static void write_text(struct wr *w, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '\0')
		n++;
	wr_bytes(w, text, n);
	wr_fill(w, 0, len - n);
}

void msg_encode(const struct msg *m, struct rd wanted, size_t limit, struct wr *w)
{
	size_t start = w->len;

	wr_u8(w, m->op);
	wr_u8(w, m->htype);
	wr_u8(w, m->hlen);
	wr_u8(w, m->hops);
	wr_be32(w, m->xid);
	wr_be16(w, m->secs);
	wr_be16(w, m->flags);
	wr_be32(w, m->ciaddr);
	wr_be32(w, m->yiaddr);
	wr_be32(w, m->siaddr);
	wr_be32(w, m->giaddr);
	wr_bytes(w, m->chaddr, sizeof(m->chaddr));
	write_text(w, m->sname, SNAME_LEN);
	write_text(w, m->file, FILE_LEN);
	wr_be32(w, MAGIC_COOKIE);
	opts_encode(&m->opts, wanted, limit > OPTIONS_AT ? limit - OPTIONS_AT : 0, w);
	if (wr_ok(w) && w->len - start < MSG_SIZE_MIN)
		wr_fill(w, OPT_PAD, MSG_SIZE_MIN - (w->len - start));
}
