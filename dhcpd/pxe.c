#include "dhcpd/pxe.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/rd.h"

#define BIOS_LOADER "undionly.kpxe"
#define X64_LOADER "snponly.efi"
#define HTTP_PORT 80
#define FILE_FIELD 127
#define LOOP_MAX 3
#define LOOP_WINDOW_MS 60000

/* RFC 4578 calls 7 EFI byte code and 9 x86-64; the field has it the other way round, so both get the
 * x86-64 loader. Debian's ipxe package has loaders for x86-64 only. */
static const struct pxe_arch archs[] = {
	{0, "x86 BIOS", BIOS_LOADER, false, true},
	{1, "NEC PC98", NULL, false, true},
	{2, "Itanium", NULL, false, false},
	{3, "DEC Alpha", NULL, false, false},
	{4, "Arc x86", NULL, false, false},
	{5, "Intel Lean Client", NULL, false, false},
	{6, "x86 UEFI", NULL, false, false},
	{7, "x86-64 UEFI", X64_LOADER, false, false},
	{8, "Xscale UEFI", NULL, false, false},
	{9, "x86-64 UEFI", X64_LOADER, false, false},
	{10, "ARM 32-bit UEFI", NULL, false, false},
	{11, "ARM 64-bit UEFI", NULL, false, false},
	{12, "PowerPC Open Firmware", NULL, false, false},
	{13, "PowerPC ePAPR", NULL, false, false},
	{14, "POWER OPAL", NULL, false, false},
	{15, "x86 UEFI HTTP", NULL, true, false},
	{16, "x86-64 UEFI HTTP", X64_LOADER, true, false},
	{17, "x86-64 UEFI HTTP", X64_LOADER, true, false},
	{18, "ARM 32-bit UEFI HTTP", NULL, true, false},
	{19, "ARM 64-bit UEFI HTTP", NULL, true, false},
	{20, "x86 BIOS HTTP", NULL, true, false},
	{21, "ARM 32-bit U-Boot", NULL, false, false},
	{22, "ARM 64-bit U-Boot", NULL, false, false},
	{23, "ARM 32-bit U-Boot HTTP", NULL, true, false},
	{24, "ARM 64-bit U-Boot HTTP", NULL, true, false},
	{25, "RISC-V 32-bit UEFI", NULL, false, false},
	{26, "RISC-V 32-bit UEFI HTTP", NULL, true, false},
	{27, "RISC-V 64-bit UEFI", NULL, false, false},
	{28, "RISC-V 64-bit UEFI HTTP", NULL, true, false},
	{29, "RISC-V 128-bit UEFI", NULL, false, false},
	{30, "RISC-V 128-bit UEFI HTTP", NULL, true, false},
	{31, "s390 basic", NULL, false, false},
	{32, "s390 extended", NULL, false, false},
	{33, "MIPS 32-bit UEFI", NULL, false, false},
	{34, "MIPS 64-bit UEFI", NULL, false, false},
	{35, "Sunway 32-bit UEFI", NULL, false, false},
	{36, "Sunway 64-bit UEFI", NULL, false, false},
	{37, "LoongArch 32-bit UEFI", NULL, false, false},
	{38, "LoongArch 32-bit UEFI HTTP", NULL, true, false},
	{39, "LoongArch 64-bit UEFI", NULL, false, false},
	{40, "LoongArch 64-bit UEFI HTTP", NULL, true, false},
	{41, "Raspberry Pi", NULL, false, false},
};

/* PXE 2.1 section 2.2.3, tag 6: bit 3 set, take the boot file named and look for no other server. */
static const uint8_t vendor_bios[] = {6, 1, 8, OPT_END};

/* A boot menu (tag 9) with this one text is what its ROM looks for; tag 10 is the prompt. Nothing may pad
 * the value. */
static const uint8_t vendor_raspberry[] = "\x06\x01\x03\x0a\x04\x00PXE\x09\x14\x00\x00\x11"
					  "Raspberry Pi Boot\xff";

/* draft-ietf-dhc-pxelinux and iPXE: 176 "no-pxedhcp" = 1, do not wait for a ProxyDHCP offer. */
static const uint8_t ipxe_no_proxy[] = {0xb0, 1, 1};

/* Firmware that does not behave as its class does, recognised by the first bytes of its MAC. */
struct pxe_quirk {
	const char *name;
	uint8_t oui[3];
	uint16_t claims; /* the architecture that it claims, wrongly */
	const uint8_t *vendor;
	size_t vendor_len;
};

#define RASPBERRY(a, b, c)                                                                   \
	{                                                                                    \
		"Raspberry Pi", {a, b, c}, 0, vendor_raspberry, sizeof(vendor_raspberry) - 1 \
	}

static const struct pxe_quirk quirks[] = {
	RASPBERRY(0xb8, 0x27, 0xeb),
	RASPBERRY(0xdc, 0xa6, 0x32),
	RASPBERRY(0xe4, 0x5f, 0x01),
	RASPBERRY(0x28, 0xcd, 0xc1),
	RASPBERRY(0xd8, 0x3a, 0xdd),
	RASPBERRY(0x2c, 0xcf, 0x67),
};

static const struct pxe_arch *arch_find(uint16_t arch)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++)
		if (archs[i].arch == arch)
			return &archs[i];
	return NULL;
}

/* Option 93 is a list: the first entry that we know counts. */
static void read_arch(const struct msg *m, struct pxe_client *c)
{
	struct rd list = opts_value(&m->opts, OPT_ARCH);

	c->arch = PXE_ARCH_NONE;
	while (list.left > 0) {
		uint16_t arch = rd_be16(&list);

		if (c->arch == PXE_ARCH_NONE)
			c->arch = arch;
		c->row = arch_find(arch);
		if (c->row) {
			c->arch = arch;
			return;
		}
	}
}

/* RFC 3004 wants the class counted by a length; iPXE sends it bare. */
static bool is_ipxe(const struct msg *m)
{
	return opts_has(&m->opts, OPT_IPXE) || opts_begins(&m->opts, OPT_USER_CLASS, "iPXE") ||
	       opts_begins(&m->opts, OPT_USER_CLASS, "\x04iPXE");
}

static const struct pxe_quirk *quirk_find(const struct msg *m, uint16_t arch)
{
	for (size_t i = 0; i < ARRAY_LEN(quirks); i++)
		if (m->hlen == MAC_LEN && quirks[i].claims == arch &&
			memcmp(m->chaddr, quirks[i].oui, sizeof(quirks[i].oui)) == 0)
			return &quirks[i];
	return NULL;
}

void pxe_identify(const struct msg *m, struct pxe_client *ret)
{
	struct rd uuid = opts_value(&m->opts, OPT_UUID);
	bool asks_http = opts_begins(&m->opts, OPT_CLASS, "HTTPClient");

	*ret = (struct pxe_client){.stage = STAGE_OS};
	read_arch(m, ret);
	/* Neither 94 nor 97 is asked for: some ROMs leave them out, and a Raspberry Pi leaves out 60. */
	if (asks_http || opts_begins(&m->opts, OPT_CLASS, "PXEClient") ||
		ret->arch != PXE_ARCH_NONE)
		ret->stage = STAGE_FIRMWARE;
	if (is_ipxe(m))
		ret->stage = STAGE_IPXE;
	if (ret->stage == STAGE_FIRMWARE)
		ret->quirk = quirk_find(m, ret->arch);
	ret->uses_http = asks_http || (ret->row && ret->row->uses_http);
	if (uuid.left > 0 && rd_u8(&uuid) == 0) {
		ret->has_uuid = true;
		rd_copy(&uuid, ret->uuid, sizeof(ret->uuid));
	}
}

static bool is_url(const char *file)
{
	return strstr(file, "://") != NULL;
}

/* "http://10.10.0.1/path", with the port only when it is not HTTP's own: some firmware cannot read one. */
static void put_url(const struct message_dhcp_settings *s, const char *folder, const char *name,
	char ret[static 256])
{
	char address[IPV4_TEXT_SIZE], port[8] = "";

	if (s->http_port != HTTP_PORT)
		(void)snprintf(port, sizeof(port), ":%u", (unsigned)s->http_port);
	(void)snprintf(ret, 256, "http://%s%s/%s%s", ipv4_text(s->server.addr, address), port,
		folder, name);
}

static const char *choose_loader(const struct pxe_ask *a, char ret_file[static 256])
{
	const struct pxe_client *c = a->client;
	const char *file = a->node_file[0] ? a->node_file : c->row ? c->row->loader : NULL;

	ret_file[0] = '\0';
	if (c->quirk && !a->node_file[0])
		return c->quirk->name;
	if (!file)
		return c->row ? "there is no boot loader for this architecture"
			      : "client architecture is not known: no boot file";
	if (a->is_looping && !c->uses_http) {
		put_url(a->settings, "", "boot.ipxe", ret_file);
		return "asked for its boot loader again and again: gave it the boot script";
	}
	if (c->uses_http && !is_url(file))
		put_url(a->settings, "firmware/", file, ret_file);
	else
		(void)snprintf(ret_file, 256, "%s", file);
	return NULL;
}

/* Both places: old ROMs read only the header, others only option 67, whose NUL some need and none minds. */
static void put_file(const struct msg *request, struct msg *reply, const char *file)
{
	struct rd wanted = opts_value(&request->opts, OPT_WANTED);
	size_t len = strlen(file);
	bool fits = len <= FILE_FIELD;

	if (fits)
		(void)snprintf(reply->file, sizeof(reply->file), "%s", file);
	if (!fits || (wanted.left > 0 && memchr(wanted.p, OPT_BOOT_FILE, wanted.left)) ||
		opts_begins(&request->opts, OPT_CLASS, "HTTPClient"))
		opts_put(&reply->opts, OPT_BOOT_FILE, file, len + 1);
}

static void put_tftp_server(const struct msg *request, struct msg *reply, uint32_t server)
{
	struct rd wanted = opts_value(&request->opts, OPT_WANTED);
	char text[IPV4_TEXT_SIZE];

	reply->siaddr = server;
	if (wanted.left > 0 && memchr(wanted.p, OPT_TFTP_SERVER, wanted.left))
		opts_put_text(&reply->opts, OPT_TFTP_SERVER, ipv4_text(server, text));
}

/* The options by which firmware knows that an offer is meant for it. UEFI gets neither 60 nor 43: it then
 * takes the boot file at once, and 60 without 43 would send it to port 4011 first. */
static void put_classes(const struct pxe_client *c, struct msg *reply)
{
	if (c->stage == STAGE_IPXE) {
		opts_put(&reply->opts, OPT_IPXE, ipxe_no_proxy, sizeof(ipxe_no_proxy));
		return;
	}
	if (c->uses_http) {
		opts_put_text(&reply->opts, OPT_CLASS, "HTTPClient");
		return;
	}
	if (c->quirk)
		opts_put(&reply->opts, OPT_VENDOR, c->quirk->vendor, c->quirk->vendor_len);
	else if (c->row && c->row->is_bios)
		opts_put(&reply->opts, OPT_VENDOR, vendor_bios, sizeof(vendor_bios));
	if (c->row && c->row->is_bios)
		opts_put_text(&reply->opts, OPT_CLASS, "PXEClient");
}

const char *pxe_answer(const struct pxe_ask *ask, const struct msg *request, struct msg *reply,
	char ret_file[static 256])
{
	const struct pxe_client *c = ask->client;
	const char *note = NULL;

	ret_file[0] = '\0';
	if (c->stage == STAGE_OS)
		return NULL;
	opts_copy(&reply->opts, OPT_UUID, &request->opts);
	if (c->stage == STAGE_IPXE)
		put_url(ask->settings, "", "boot.ipxe", ret_file);
	else
		note = choose_loader(ask, ret_file);
	if (ret_file[0] == '\0' && !c->quirk)
		return note;
	put_tftp_server(request, reply, ask->settings->server.addr);
	put_classes(c, reply);
	if (ret_file[0] != '\0')
		put_file(request, reply, ret_file);
	return note;
}

static size_t loop_slot(const struct mac *m)
{
	return (size_t)(m->b[3] * 31 * 31 + m->b[4] * 31 + m->b[5]) % PXE_LOOP_SLOTS;
}

bool pxe_loops_count(struct pxe_loops *l, const struct mac *mac, int64_t now_ms)
{
	size_t i = loop_slot(mac);

	if (!mac_is_equal(&l->slots[i].mac, mac) ||
		now_ms - l->slots[i].since_ms > LOOP_WINDOW_MS) {
		l->slots[i].mac = *mac;
		l->slots[i].n = 0;
		l->slots[i].since_ms = now_ms;
	}
	if (l->slots[i].n > LOOP_MAX)
		return true;
	l->slots[i].n++;
	return l->slots[i].n > LOOP_MAX;
}

void pxe_loops_forget(struct pxe_loops *l, const struct mac *mac)
{
	size_t i = loop_slot(mac);

	if (mac_is_equal(&l->slots[i].mac, mac))
		l->slots[i].n = 0;
}
