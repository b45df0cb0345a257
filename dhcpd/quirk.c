#include "dhcpd/quirk.h"

#include <stdio.h>
#include <string.h>

#define ARCH_RASPBERRY 41
#define FLAGS_UNDEFINED (0xffff & ~BOOTP_BROADCAST)
#define OUI_LEN 3
#define OUIS_MAX 8

/* A row matches when all that it names is so. What it does not name may be anything. */
struct row {
	const char *name;
	const char *class;    /* what option 60 begins with */
	const char *uuid;     /* what option 97 begins with, behind its type */
	unsigned stages;      /* bits 1 << enum boot_stage */
	unsigned kinds;       /* bits of enum arch_kind */
	uint32_t behaviour;   /* enum quirk_flag; 0: it is only worth knowing */
	uint16_t arch;        /* it is this one; 0: as it claims */
	uint16_t header_bits; /* any of these is set in `flags` */
	uint8_t ouis[OUIS_MAX][OUI_LEN];
	uint8_t n_ouis;
	uint8_t htype, hlen;
	uint8_t type;  /* option 53 */
	uint8_t lacks; /* this option */
	bool has_ciaddr, has_swapped_secs;
};

#define FIRMWARE (1u << STAGE_FIRMWARE)

static const struct row rows[] = {
	/* Claims to be an x86 BIOS, and leaves out option 60 in its REQUEST. Its ROM boots from whoever
	 * sends the menu entry "Raspberry Pi Boot", and asks the DHCP server for files, not siaddr. */
	{.name = "Raspberry Pi",
		.stages = FIRMWARE,
		.kinds = ARCH_IS_ABSENT | ARCH_IS_BIOS | ARCH_IS_OTHER,
		.ouis = {{0xb8, 0x27, 0xeb}, {0xdc, 0xa6, 0x32}, {0xe4, 0x5f, 0x01},
			{0x28, 0xcd, 0xc1}, {0xd8, 0x3a, 0xdd}, {0x2c, 0xcf, 0x67}},
		.n_ouis = 6,
		.behaviour = QUIRK_RASPBERRY | QUIRK_OWN_SERVER_ID,
		.arch = ARCH_RASPBERRY},
	/* The same with a MAC that is not known: its boot ROM's UUID begins with "RPi4" or "RPi5". */
	{.name = "Raspberry Pi",
		.stages = FIRMWARE,
		.kinds = ARCH_IS_ABSENT | ARCH_IS_BIOS | ARCH_IS_OTHER,
		.uuid = "RPi",
		.behaviour = QUIRK_RASPBERRY | QUIRK_OWN_SERVER_ID,
		.arch = ARCH_RASPBERRY},
	/* Takes the first OFFER, and reads the boot file from the header only. */
	{.name = "U-Boot",
		.stages = FIRMWARE,
		.class = "U-Boot",
		.behaviour = QUIRK_HEADER_ONLY | QUIRK_NO_CLASS},
	/* UEFI HTTP boot refuses an offer without a URL, whatever architecture it names. */
	{.name = "HTTP boot without an HTTP architecture",
		.stages = FIRMWARE,
		.kinds = ARCH_IS_ABSENT | ARCH_IS_BIOS | ARCH_IS_UEFI | ARCH_IS_OTHER,
		.class = "HTTPClient",
		.behaviour = QUIRK_HTTP},
	/* After HTTP boot has failed, some go on with PXE and the architecture of before. */
	{.name = "PXE with an HTTP architecture",
		.stages = FIRMWARE,
		.kinds = ARCH_IS_HTTP,
		.class = "PXEClient",
		.behaviour = QUIRK_TFTP},
	/* "PXEClient:Arch:00007:UNDI:003016" says it as well. Option 93 of an odd length is none. */
	{.name = "no option 93",
		.stages = FIRMWARE,
		.lacks = OPT_ARCH,
		.behaviour = QUIRK_ARCH_OF_CLASS},
	/* ROMs that ask for nothing read options 66 and 67 all the same. */
	{.name = "no option 55",
		.stages = FIRMWARE,
		.lacks = OPT_WANTED,
		.behaviour = QUIRK_BOOT_OPTIONS},
	/* RFC 4578 demands it; nothing of ours depends on it but the UUID shown. */
	{.name = "no option 97", .stages = FIRMWARE, .lacks = OPT_UUID},
	/* EDK2 built with SendGUID: 16 bytes that no Ethernet header can name. */
	{.name = "system GUID as hardware address",
		.htype = MSG_HTYPE_ETHERNET,
		.hlen = MSG_HW_MAX,
		.behaviour = QUIRK_BROADCAST},
	/* RFC 4390: no hardware address in the header, so nothing that a unicast could go to. */
	{.name = "InfiniBand", .htype = MSG_HTYPE_INFINIBAND, .behaviour = QUIRK_BROADCAST},
	/* RFC 2855, the same. */
	{.name = "IEEE 1394", .htype = MSG_HTYPE_IEEE1394, .behaviour = QUIRK_BROADCAST},
	/* RFC 2131 section 2: bits that must be zero, and that mean nothing to a server. */
	{.name = "undefined header flags", .header_bits = FLAGS_UNDEFINED},
	/* RFC 2131 table 5: ciaddr is zero in DISCOVER. It is not looked at. */
	{.name = "ciaddr in DISCOVER", .type = DHCP_DISCOVER, .has_ciaddr = true},
	/* The timeline tells how long a machine has been asking, for a switch port that was dead meanwhile. */
	{.name = "secs in the wrong byte order", .has_swapped_secs = true},
};

_Static_assert(ARRAY_LEN(rows) <= 32, "struct quirks has a bit for each row");

/* Nobody has asked for exactly so many times 256 seconds, but one second swapped is such a number. */
static bool has_swapped_secs(const struct msg *m)
{
	return m->secs >= 0x0100 && (m->secs & 0xff) == 0;
}

uint16_t quirk_secs(const struct msg *m)
{
	return has_swapped_secs(m) ? m->secs >> 8 : m->secs;
}

static bool has_oui(const struct msg *m, const struct row *r)
{
	for (size_t i = 0; i < r->n_ouis; i++)
		if (m->hlen == MAC_LEN && memcmp(m->chaddr, r->ouis[i], OUI_LEN) == 0)
			return true;
	return r->n_ouis == 0;
}

static bool has_header(const struct msg *m, const struct row *r)
{
	return (r->htype == 0 || m->htype == r->htype) && (r->hlen == 0 || m->hlen == r->hlen) &&
	       (r->header_bits == 0 || (m->flags & r->header_bits)) &&
	       (!r->has_ciaddr || m->ciaddr != 0) && (!r->has_swapped_secs || has_swapped_secs(m));
}

static bool has_uuid(const struct msg *m, const char *prefix)
{
	struct rd value = opts_value(&m->opts, OPT_UUID);
	size_t n = strlen(prefix);

	rd_skip(&value, 1);
	return value.left >= n && memcmp(value.p, prefix, n) == 0;
}

static bool has_options(const struct msg *m, const struct row *r)
{
	return (r->type == 0 || opts_u8(&m->opts, OPT_TYPE) == r->type) &&
	       (r->lacks == 0 || !opts_has(&m->opts, r->lacks)) &&
	       (!r->class || opts_begins(&m->opts, OPT_CLASS, r->class)) &&
	       (!r->uuid || has_uuid(m, r->uuid));
}

void quirk_find(const struct quirk_subject *s, struct quirks *ret)
{
	*ret = (struct quirks){.arch = ARCH_NONE};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		if ((r->stages && !(r->stages & 1u << s->stage)) ||
			(r->kinds && !(r->kinds & s->kind)) || !has_oui(s->m, r) ||
			!has_header(s->m, r) || !has_options(s->m, r))
			continue;
		ret->rows |= UINT32_C(1) << i;
		ret->flags |= r->behaviour;
		if (r->arch != 0)
			ret->arch = r->arch;
	}
}

const char *quirk_text(uint32_t matched, char *ret, size_t size)
{
	const char *last = "";
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!(matched >> i & 1) || strcmp(last, rows[i].name) == 0)
			continue;
		int n = snprintf(ret + len, size - len, "%s%s", len ? ", " : "", rows[i].name);
		if (n < 0 || (size_t)n >= size - len)
			break; /* cut: a line for a person */
		len += (size_t)n;
		last = rows[i].name;
	}
	return ret;
}
