#include "dhcpd/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/log.h"

#define SAFE_SIZE 80 /* of a name that a machine gives itself */
#define XID_AT 4     /* RFC 2131 figure 1 */

/* A text that is being written; what does not fit is left out. */
struct line {
	char *to;
	size_t size, len;
};

static struct line line_of(char *to, size_t size)
{
	to[0] = '\0';
	return (struct line){.to = to, .size = size};
}

static void PRINTF_LIKE(2, 3) add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(l->to + l->len, l->size - l->len, fmt, ap);
	va_end(ap);
	l->len += n < 0 ? 0 : (size_t)n < l->size - l->len ? (size_t)n : l->size - l->len - 1;
}

static void add_address(struct line *l, const char *before, uint32_t address)
{
	char text[IPV4_TEXT_SIZE];

	if (address != 0)
		add(l, "%s%s", before, ipv4_text(address, text));
}

static void add_safe(struct line *l, const char *before, struct rd value)
{
	char safe[SAFE_SIZE];

	if (value.left > 0)
		add(l, "%s\"%s\"", before, log_safe(safe, sizeof(safe), value.p, value.left));
}

void describe_ends(
	uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port, struct message_frame *ret)
{
	char from[IPV4_TEXT_SIZE], to[IPV4_TEXT_SIZE];

	(void)snprintf(ret->ends, sizeof(ret->ends), "%s.%u > %s.%u", ipv4_text(src, from),
		src_port, ipv4_text(dst, to), dst_port);
}

void describe_request(const struct msg *m, struct message_frame *ret)
{
	struct line l = line_of(ret->text, sizeof(ret->text));
	uint32_t wanted = opts_u32(&m->opts, OPT_ADDRESS);

	ret->address = m->ciaddr ? m->ciaddr : wanted;
	add(&l, "%s xid 0x%08x", dhcp_type_name(opts_u8(&m->opts, OPT_TYPE)), m->xid);
	add_address(&l, " has ", m->ciaddr);
	add_address(&l, " wants ", wanted);
	add_address(&l, " of ", opts_u32(&m->opts, OPT_SERVER));
	add_address(&l, " by relay ", m->giaddr);
	if (opts_has(&m->opts, OPT_ARCH))
		add(&l, " arch %u", opts_u16(&m->opts, OPT_ARCH));
	add_safe(&l, " class ", opts_value(&m->opts, OPT_CLASS));
	add_safe(&l, " user class ", opts_value(&m->opts, OPT_USER_CLASS));
	add_safe(&l, " name ", opts_value(&m->opts, OPT_HOSTNAME));
	if (m->secs)
		add(&l, " secs %u", m->secs);
}

void describe_garbage(size_t len, struct message_frame *ret)
{
	(void)snprintf(ret->text, sizeof(ret->text), "%zu bytes", len);
}

static void add_stage(struct line *l, const struct message_exchange *x)
{
	static const char *const names[] = {[STAGE_FIRMWARE] = "firmware", [STAGE_IPXE] = "iPXE"};

	if (x->stage < ARRAY_LEN(names) && names[x->stage])
		add(l, " for %s", names[x->stage]);
}

/* What an answer grants, and what there is to know of it. */
static void add_grant(struct line *l, const struct message_exchange *x)
{
	add_address(l, " ", x->address);
	add_stage(l, x);
	if (x->lease_s == UINT32_MAX)
		add(l, ", for ever");
	else if (x->lease_s > 0)
		add(l, ", lease %u s", x->lease_s);
	if (x->boot_file[0])
		add_safe(l, ", boot file ",
			rd_init(x->boot_file, strnlen(x->boot_file, sizeof(x->boot_file))));
	if (x->note[0])
		add(l, " (%.*s)", (int)sizeof(x->note) - 1, x->note);
}

void describe_decision(const struct decision *d, struct message_frame *ret)
{
	struct line l = line_of(ret->verdict, sizeof(ret->verdict));
	const char *text = counter_text(d->what);

	if (d->has_reply) {
		add(&l, "%s", dhcp_type_name(d->exchange.reply));
		add_grant(&l, &d->exchange);
		return;
	}
	add(&l, "%s%s", d->commit || d->probe ? "" : "dropped: ", text);
	add_address(&l, ": ", d->probe);
	if (d->exchange.note[0] && strcmp(d->exchange.note, text) != 0)
		add(&l, " (%.*s)", (int)sizeof(d->exchange.note) - 1, d->exchange.note);
}

void describe_drop(enum counter why, struct message_frame *ret)
{
	(void)snprintf(ret->verdict, sizeof(ret->verdict), "dropped: %s", counter_text(why));
}

void describe_reply(
	const struct message_exchange *x, const void *bytes, size_t len, struct message_frame *ret)
{
	struct line text = line_of(ret->text, sizeof(ret->text));
	struct line verdict = line_of(ret->verdict, sizeof(ret->verdict));
	struct rd r = rd_init(bytes, len);

	rd_skip(&r, XID_AT);
	ret->address = x->address;
	add(&text, "%s xid 0x%08x", dhcp_type_name(x->reply), rd_be32(&r));
	add(&verdict, "%s", dhcp_type_name(x->reply));
	add_grant(&verdict, x);
}
