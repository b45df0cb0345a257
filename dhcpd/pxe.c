#include "dhcpd/pxe.h"

#include <stdio.h>
#include <string.h>

#include "dhcpd/quirk.h"
#include "dhcpd/vendor.h"
#include "provisioner/base/rd.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443
#define FILE_FIELD 127
#define ARCH_DIGITS 5

/* iPXE: 176 "no-pxedhcp" = 1, do not wait for a ProxyDHCP offer. */
static const uint8_t ipxe_no_proxy[] = {0xb0, 1, 1};

/* RFC 5071 section 3. */
static const uint8_t pxelinux_magic[] = {0xf1, 0x00, 0x74, 0x7e};

/* --- who asks --- */

/* Option 93 is a list: the first entry that we know counts. */
static void read_arch(const struct msg *m, struct pxe_client *c)
{
	struct rd list = opts_value(&m->opts, OPT_ARCH);

	c->arch = ARCH_NONE;
	while (list.left > 0) {
		uint16_t number = rd_be16(&list);

		if (c->arch == ARCH_NONE)
			c->arch = number;
		c->row = arch_find(number);
		if (c->row) {
			c->arch = number;
			return;
		}
	}
}

/* "PXEClient:Arch:00007:UNDI:003016": the five digits, or ARCH_NONE. */
static uint16_t arch_of_class(const struct msg *m)
{
	static const char mark[] = "Client:Arch:";
	struct rd class = opts_value(&m->opts, OPT_CLASS);
	uint32_t number = 0;

	while (class.left >= sizeof(mark) - 1 + ARCH_DIGITS &&
		memcmp(class.p, mark, sizeof(mark) - 1) != 0)
		rd_skip(&class, 1);
	if (class.left < sizeof(mark) - 1 + ARCH_DIGITS)
		return ARCH_NONE;
	rd_skip(&class, sizeof(mark) - 1);
	for (size_t i = 0; i < ARCH_DIGITS; i++) {
		uint8_t digit = rd_u8(&class);

		if (digit < '0' || digit > '9')
			return ARCH_NONE;
		number = number * 10 + (digit - '0');
	}
	return number < ARCH_NONE ? (uint16_t)number : ARCH_NONE;
}

/* RFC 3004 wants the class counted by a length; iPXE sends it bare. */
static bool is_ipxe(const struct msg *m)
{
	return opts_has(&m->opts, OPT_IPXE) || opts_begins(&m->opts, OPT_USER_CLASS, "iPXE") ||
	       opts_begins(&m->opts, OPT_USER_CLASS, "\x04iPXE");
}

/* Neither 94 nor 97 is asked for: some ROMs leave them out, and a Raspberry Pi leaves out 60. */
static enum boot_stage stage_of(const struct msg *m, const struct pxe_client *c)
{
	static const char *const classes[] = {"PXEClient", "HTTPClient", "U-Boot"};

	if (is_ipxe(m))
		return STAGE_IPXE;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (opts_begins(&m->opts, OPT_CLASS, classes[i]))
			return STAGE_FIRMWARE;
	return c->arch != ARCH_NONE ? STAGE_FIRMWARE : STAGE_OS;
}

static void apply_quirks(const struct msg *m, struct pxe_client *c)
{
	struct quirk_subject subject = {
		.m = m, .stage = c->stage, .kind = c->row ? c->row->kind : ARCH_IS_ABSENT};
	struct quirks q;

	quirk_find(&subject, &q);
	c->quirks = q.flags;
	c->quirk_rows = q.rows;
	if (q.arch == ARCH_NONE && (q.flags & QUIRK_ARCH_OF_CLASS))
		q.arch = arch_of_class(m);
	if (q.arch != ARCH_NONE) {
		c->arch = q.arch;
		c->row = arch_find(q.arch);
	}
	c->uses_http = (q.flags & QUIRK_HTTP) || (c->row && c->row->kind == ARCH_IS_HTTP);
	if (q.flags & QUIRK_TFTP)
		c->uses_http = false;
}

void pxe_identify(const struct msg *m, struct pxe_client *ret)
{
	struct rd uuid = opts_value(&m->opts, OPT_UUID);

	*ret = (struct pxe_client){.stage = STAGE_OS};
	read_arch(m, ret);
	ret->stage = stage_of(m, ret);
	apply_quirks(m, ret);
	if (uuid.left > 0 && rd_u8(&uuid) == 0) {
		ret->has_uuid = true;
		rd_copy(&uuid, ret->uuid, sizeof(ret->uuid));
	}
}

void pxe_want(struct pxe_client *c, uint32_t quirks)
{
	c->quirks |= quirks;
	if (c->stage == STAGE_FIRMWARE && (c->quirks & QUIRK_IPXE))
		c->stage = STAGE_IPXE;
}

/* --- what it loads --- */

static bool is_url(const char *file)
{
	return strstr(file, "://") != NULL;
}

/* "http://10.10.0.1/path": an address needs no name server, and the port is left out when it is HTTP's own,
 * for some firmware cannot read one. */
static void put_url(const struct message_dhcp_settings *s, bool is_tls, const char *folder,
	const char *name, char ret[static PXE_FILE_SIZE])
{
	unsigned number = is_tls ? s->https_port : s->http_port;
	char address[IPV4_TEXT_SIZE], port[8] = "";

	if (number != (is_tls ? HTTPS_PORT : HTTP_PORT))
		(void)snprintf(port, sizeof(port), ":%u", number);
	(void)snprintf(ret, PXE_FILE_SIZE, "http%s://%s%s/%s%s", is_tls ? "s" : "",
		ipv4_text(s->server.addr, address), port, folder, name);
}

/* iPXE's URL: Debian's knows no TLS. */
static void put_script_url(const struct message_dhcp_settings *s, char ret[static PXE_FILE_SIZE])
{
	put_url(s, /* is_tls= */ false, "", "boot.ipxe", ret);
}

static void tell(struct pxe_told *ret, const char *text)
{
	(void)snprintf(ret->note, sizeof(ret->note), "%s", text);
}

static void tell_no_loader(const struct pxe_client *c, struct pxe_told *ret)
{
	if (c->row)
		(void)snprintf(ret->note, sizeof(ret->note), "no boot file for %s: %s",
			c->row->name, c->row->lack);
	else if (c->arch == ARCH_NONE)
		tell(ret, "names no architecture: no boot file for it");
	else
		(void)snprintf(ret->note, sizeof(ret->note),
			"architecture %u is not known: no boot file for it", (unsigned)c->arch);
}

/* The node's own loader, or NULL when it has none that this firmware can load. */
static const char *loader_of_node(const struct pxe_ask *a, struct pxe_told *ret)
{
	bool is_unified = strcmp(a->node_file, BOOT_FILE_UNIFIED) == 0;

	if (!a->node_file[0])
		return NULL;
	if (is_unified && a->client->uses_http) {
		put_url(a->settings, a->settings->https_port != 0, "", BOOT_UNIFIED_PATH + 1,
			ret->file);
		return ret->file;
	}
	if (!is_unified && (a->client->uses_http || !is_url(a->node_file)))
		return a->node_file;
	tell(ret, is_unified ? "its boot-file is a unified kernel image, which only UEFI HTTP boot "
			       "loads: gave "
			       "it the usual one"
			     : "its boot-file is a URL, which PXE firmware can not load: gave it "
			       "the usual "
			       "one");
	return NULL;
}

static void choose_loader(const struct pxe_ask *a, struct pxe_told *ret)
{
	const struct pxe_client *c = a->client;
	const char *file = loader_of_node(a, ret);

	if (!file && c->row)
		file = c->row->loader;
	if (!file) {
		tell_no_loader(c, ret);
		return;
	}
	if (a->is_looping && !c->uses_http) {
		put_script_url(a->settings, ret->file);
		tell(ret, "asked for its boot loader again and again: gave it the boot script");
		return;
	}
	if (c->uses_http && !is_url(file))
		put_url(a->settings, a->settings->https_port != 0, "firmware/", file, ret->file);
	else if (file != ret->file)
		(void)snprintf(ret->file, sizeof(ret->file), "%s", file);
}

/* --- how it is told --- */

static bool is_wanted(const struct msg *request, uint8_t code)
{
	struct rd wanted = opts_value(&request->opts, OPT_WANTED);

	return wanted.left > 0 && memchr(wanted.p, code, wanted.left);
}

/* Both places: old ROMs read only the header, others only option 67, whose NUL some need and none minds. */
static void put_file(
	const struct pxe_client *c, const struct msg *request, struct msg *reply, const char *file)
{
	size_t len = strlen(file);
	bool fits = len <= FILE_FIELD;
	bool is_asked = is_wanted(request, OPT_BOOT_FILE) || c->uses_http ||
			(c->quirks & QUIRK_BOOT_OPTIONS);

	if (fits)
		(void)snprintf(reply->file, sizeof(reply->file), "%s", file);
	if (!fits || (is_asked && !(c->quirks & QUIRK_HEADER_ONLY)))
		opts_put(&reply->opts, OPT_BOOT_FILE, file, len + 1);
}

static void put_tftp_server(
	const struct pxe_client *c, const struct msg *request, struct msg *reply, uint32_t server)
{
	bool is_asked = is_wanted(request, OPT_TFTP_SERVER) || (c->quirks & QUIRK_BOOT_OPTIONS);
	char text[IPV4_TEXT_SIZE];

	reply->siaddr = server;
	if (is_asked && !(c->quirks & QUIRK_HEADER_ONLY))
		opts_put_text(&reply->opts, OPT_TFTP_SERVER, ipv4_text(server, text));
	if (is_wanted(request, OPT_TFTP_SERVERS)) /* RFC 5859 */
		opts_put_u32(&reply->opts, OPT_TFTP_SERVERS, server);
}

/* RFC 5071: only for who asks, which is pxelinux. */
static void put_pxelinux(
	const struct message_dhcp_settings *s, const struct msg *request, struct msg *reply)
{
	if (is_wanted(request, OPT_PXELINUX_MAGIC))
		opts_put(&reply->opts, OPT_PXELINUX_MAGIC, pxelinux_magic, sizeof(pxelinux_magic));
	if (s->pxelinux_config[0] && is_wanted(request, OPT_PXELINUX_CONFIG))
		opts_put_text(&reply->opts, OPT_PXELINUX_CONFIG, s->pxelinux_config);
	if (s->pxelinux_prefix[0] && is_wanted(request, OPT_PXELINUX_PREFIX))
		opts_put_text(&reply->opts, OPT_PXELINUX_PREFIX, s->pxelinux_prefix);
	if (s->pxelinux_reboot_s && is_wanted(request, OPT_PXELINUX_REBOOT))
		opts_put_u32(&reply->opts, OPT_PXELINUX_REBOOT, s->pxelinux_reboot_s);
}

/* How PXE firmware is to read a reply. EDK2 takes the boot file of a plain one at once; with option 60 and
 * 43.6 = 8 too, but with 60 alone it asks port 4011 first. An old BIOS ROM without 60 and 43 looks for
 * boot servers by broadcast. An offer beside another server's counts only with option 60, and many a
 * UEFI ignores one with 43.6 but goes to port 4011. */
enum manner { MANNER_PLAIN = 1, MANNER_DIRECT, MANNER_PORT_4011, MANNER_RASPBERRY };

static enum manner manner_of(const struct pxe_ask *a)
{
	const struct pxe_client *c = a->client;
	bool is_bios = !c->row || c->row->kind == ARCH_IS_BIOS;
	const struct {
		bool holds;
		enum manner manner;
	} rules[] = {
		{a->way == PXE_ON_PORT, MANNER_PORT_4011}, /* who asks there reads nothing else */
		{c->quirks & QUIRK_NO_CLASS, MANNER_PLAIN},
		{c->quirks & QUIRK_RASPBERRY, MANNER_RASPBERRY},
		{c->quirks & QUIRK_PORT_4011, MANNER_PORT_4011},
		{c->quirks & QUIRK_CLASS, MANNER_DIRECT},
		{a->way == PXE_BESIDE, is_bios ? MANNER_DIRECT : MANNER_PORT_4011},
		{c->row && is_bios, MANNER_DIRECT},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].holds)
			return rules[i].manner;
	return MANNER_PLAIN;
}

static void put_manner(const struct pxe_ask *a, struct msg *reply)
{
	enum manner manner = manner_of(a);

	if (manner != MANNER_PLAIN)
		opts_put_text(&reply->opts, OPT_CLASS, "PXEClient");
	if (a->client->quirks & QUIRK_NO_VENDOR)
		return;
	if (manner == MANNER_DIRECT)
		vendor_put_direct(reply);
	else if (manner == MANNER_RASPBERRY)
		vendor_put_raspberry(reply);
}

static void put_classes(const struct pxe_ask *a, const struct msg *request, struct msg *reply)
{
	const struct pxe_client *c = a->client;

	if (c->stage == STAGE_IPXE && a->way == PXE_IN_LEASE)
		opts_put(&reply->opts, OPT_IPXE, ipxe_no_proxy, sizeof(ipxe_no_proxy));
	else if (c->stage == STAGE_IPXE)
		opts_put_text(&reply->opts, OPT_CLASS, "PXEClient");
	else if (c->uses_http) /* UEFI refuses the offer without it */
		opts_put_text(&reply->opts, OPT_CLASS, "HTTPClient");
	else
		put_manner(a, reply);
	if (a->way == PXE_ON_PORT)
		vendor_put_boot_item(request, reply);
}

void pxe_answer(const struct pxe_ask *ask, const struct msg *request, struct msg *reply,
	struct pxe_told *ret)
{
	const struct pxe_client *c = ask->client;

	*ret = (struct pxe_told){.file = ""};
	if (c->stage == STAGE_OS)
		return;
	opts_copy(&reply->opts, OPT_UUID, &request->opts);
	put_pxelinux(ask->settings, request, reply);
	if (c->stage == STAGE_IPXE)
		put_script_url(ask->settings, ret->file);
	else
		choose_loader(ask, ret);
	/* A Raspberry Pi is told of no file: it knows its own. */
	if (ret->file[0] == '\0' && !(c->quirks & QUIRK_RASPBERRY))
		return;
	put_tftp_server(c, request, reply, ask->settings->server.addr);
	put_classes(ask, request, reply);
	if (ret->file[0] != '\0')
		put_file(c, request, reply, ret->file);
}
