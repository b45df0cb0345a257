#include "provisioner/nodes/observe.h"

#include <stdio.h>
#include <string.h>

#include "dhcpd/arch.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"

#define SAFE_SIZE 200
#define LONG_S 15      /* on a port that works, firmware and iPXE have their address in less */
#define WAITED_MS 1000 /* less is not worth a word */
#define TLS_TROUBLE "boot HTTP by TLS: "
#define DHCP_REQUEST 3
#define DHCP_ACK 5

static const char *stage_text(uint8_t stage)
{
	switch ((enum boot_stage)stage) {
	case STAGE_FIRMWARE:
		return "firmware";
	case STAGE_IPXE:
		return "iPXE";
	case STAGE_OS:
		return "operating system";
	}
	return "client";
}

/* RFC 4578 2.3 gives no byte order; clients send SMBIOS's own, whose first three fields are little-endian. */
static void keep_uuid(struct machine *m, const struct message_exchange *x)
{
	const uint8_t *u = x->uuid;

	if (!x->has_uuid)
		return;
	(void)snprintf(m->uuid, sizeof(m->uuid),
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[3], u[2],
		u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		u[15]);
}

static bool boots(const struct message_exchange *x)
{
	return x->stage == STAGE_FIRMWARE || x->stage == STAGE_IPXE;
}

/* A machine is of one kind: what its firmware did not say, or cannot, is not forgotten for that. */
static void keep_arch(struct machine *m, const struct message_exchange *x)
{
	const struct arch *row = boots(x) ? arch_find(x->arch) : NULL;

	if (row && row->image)
		m->arch = row->image;
}

/* `words`: how it came by the address. */
static void has_address(struct nodes *t, struct machine *m, const struct message_exchange *x,
	const char *words, int64_t now_ms)
{
	char addr[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE], file[SAFE_SIZE] = "", quirks[SAFE_SIZE] = "";
	char asked[32] = "";

	if (boots(x) && x->secs >= LONG_S)
		(void)snprintf(asked, sizeof(asked), ", after asking for %u s", x->secs);
	if (boots(x))
		(void)nodes_step(t, m, STEP_ADDRESS, /* begins_boot= */ true, now_ms);
	if (x->boot_file[0])
		(void)log_safe(file, sizeof(file), x->boot_file, strlen(x->boot_file));
	if (x->quirks[0])
		(void)log_safe(quirks, sizeof(quirks), x->quirks, strlen(x->quirks));
	nodes_event(t, m, now_ms, "address", STORE_INFO, "%s %s %s through %s%s%s%s%s%s%s",
		stage_text(x->stage), words, ipv4_text(x->address, addr), mac_text(&x->mac, mac),
		asked, file[0] ? ", loads " : "", file, quirks[0] ? " (quirks: " : "", quirks,
		quirks[0] ? ")" : "");
}

static bool has_tls_trouble(const struct machine *m)
{
	return strncmp(m->trouble, TLS_TROUBLE, strlen(TLS_TROUBLE)) == 0;
}

/* Firmware without any CA, as EDK2 leaves the factory, fails at an https:// URL before it has sent us a byte. That it
 * asks for an address anew is all there is to see. */
static void looks_untrusting(
	struct nodes *t, struct machine *m, const struct message_exchange *x, int64_t now_ms)
{
	bool is_told = x->stage == STAGE_FIRMWARE && strncmp(x->boot_file, "https://", 8) == 0;

	if (is_told && m->told_https && m->life.step == STEP_ADDRESS && !has_tls_trouble(m))
		nodes_trouble(t, m, now_ms, "tls",
			TLS_TROUBLE "it was told an https:// URL before, and did not come for it: "
				    "most likely no CA is enrolled in its firmware");
	m->told_https = is_told;
}

static void leased(
	struct nodes *t, struct machine *m, const struct message_exchange *x, int64_t now_ms)
{
	nodes_set_address(t, m, x->address);
	has_address(t, m, x, "has", now_ms);
	looks_untrusting(t, m, x, now_ms);
}

/* A machine takes an address of another DHCP server (mode proxy). The office's other machines do as well;
 * of them only this is of interest, that nobody else holds that address any more. */
static void taken_of_other(struct nodes *t, const struct message_exchange *x, int64_t now_ms)
{
	struct machine *m = x->node[0] ? nodes_by_key(t, x->node) : nodes_by_mac(t, &x->mac);
	char note[SAFE_SIZE];

	if (!m && !boots(x)) {
		if (x->address)
			nodes_take_address(t, NULL, &x->mac, x->address);
		return;
	}
	m = nodes_meet_node(t, x->node, &x->mac, now_ms);
	keep_uuid(m, x);
	keep_arch(m, x);
	if (x->address) {
		nodes_take_address(t, m, &x->mac, x->address);
		has_address(t, m, x, "takes from another server", now_ms);
	}
	if (x->note[0])
		nodes_trouble(t, m, now_ms, "dhcp", "%s: %s", stage_text(x->stage),
			log_safe(note, sizeof(note), x->note, strlen(x->note)));
}

/* Port 4011: the machine has its address, and says itself which; nothing here goes by that. */
static void asked_port_4011(
	struct nodes *t, struct machine *m, const struct message_exchange *x, int64_t now_ms)
{
	char file[SAFE_SIZE];

	nodes_event(t, m, now_ms, "pxe", STORE_INFO, "%s asked port 4011 what to boot: %s",
		stage_text(x->stage),
		x->boot_file[0] ? log_safe(file, sizeof(file), x->boot_file, strlen(x->boot_file))
				: "nothing");
}

void observe_exchange(struct nodes *t, const struct message_exchange *x, int64_t now_ms)
{
	char note[SAFE_SIZE];

	if (x->by_other) {
		taken_of_other(t, x, now_ms);
		return;
	}
	struct machine *m = nodes_meet_node(t, x->node, &x->mac, now_ms);
	keep_uuid(m, x);
	keep_arch(m, x);
	if (x->hostname[0])
		(void)log_safe(m->hostname, sizeof(m->hostname), x->hostname, strlen(x->hostname));
	if (x->reply == DHCP_ACK && x->address)
		leased(t, m, x, now_ms);
	else if (x->reply == DHCP_ACK && x->request == DHCP_REQUEST)
		asked_port_4011(t, m, x, now_ms);
	/* Of an offer the ACK will say the same once more. */
	if ((x->reply == 0 || x->reply == DHCP_ACK) && x->note[0])
		nodes_trouble(t, m, now_ms, "dhcp", "%s: %s", stage_text(x->stage),
			log_safe(note, sizeof(note), x->note, strlen(x->note)));
}

static bool is_unified(const struct message_transfer *x)
{
	return x->protocol == PROTOCOL_HTTP && strcmp(x->name, BOOT_UNIFIED_PATH) == 0;
}

static enum step step_of_file(
	const struct message_transfer *x, const struct observe_image *image, struct machine *m)
{
	bool is_tftp = x->protocol == PROTOCOL_TFTP;
	const char *images = image->folder + is_tftp; /* TFTP's names begin without a slash */
	size_t folder = strlen(images);

	if (strncmp(x->name, images, folder) == 0) {
		if (strcmp(x->name + folder, image->kernel) == 0)
			return STEP_KERNEL;
		return ++m->initrds_sent >= image->n_initrds ? STEP_INITRD : STEP_KERNEL;
	}
	if (is_unified(x))
		return STEP_INITRD; /* kernel and RAM disk in one */
	if (strncmp(x->name, "/agent/", 7) == 0)
		return STEP_AGENT;
	/* grub.cfg was answered, and told, as the script. */
	if (is_tftp ? !strstr(x->name, "grub.cfg") : strncmp(x->name, "/firmware/", 10) == 0)
		return STEP_LOADER;
	return STEP_NONE;
}

static const char *kind_of_file(
	const struct message_transfer *x, const struct observe_image *image, enum step s)
{
	const char *base = strrchr(x->name, '/');

	if (s == STEP_LOADER || s == STEP_AGENT || s == STEP_NONE)
		return s == STEP_NONE ? "transfer" : step_name(s);
	return is_unified(x) || (base && strcmp(base + 1, image->kernel) == 0) ? "kernel"
									       : "initrd";
}

static void sent(struct nodes *t, struct machine *m, const struct message_transfer *x,
	const struct observe_image *image, const char *name, int64_t now_ms)
{
	enum step s = step_of_file(x, image, m);
	char bytes[HUMAN_SIZE], took[HUMAN_SIZE], waited[HUMAN_SIZE], retries[32] = "";
	bool has_waited = x->waited_ms >= WAITED_MS;

	if (s != STEP_NONE)
		(void)nodes_step(t, m, s, /* begins_boot= */ false, now_ms);
	if (x->retries)
		(void)snprintf(retries, sizeof(retries), ", %u retries", x->retries);
	nodes_event(t, m, now_ms, kind_of_file(x, image, s), STORE_INFO, "%s by %s: %s in %s%s%s%s",
		name, x->protocol == PROTOCOL_TFTP ? "TFTP" : "HTTP", human_bytes(x->bytes, bytes),
		human_duration(x->duration_ms, took), retries,
		has_waited ? ", after waiting for its turn for " : "",
		has_waited ? human_duration(x->waited_ms, waited) : "");
}

void observe_transfer(struct nodes *t, const struct message_transfer *x,
	const struct observe_image *image, int64_t now_ms)
{
	struct machine *m = nodes_at_address(t, x->client);
	char name[SAFE_SIZE], bytes[HUMAN_SIZE], took[HUMAN_SIZE];

	if (!m)
		return; /* a sysadmin's curl, for example */
	(void)log_safe(name, sizeof(name), x->name, strnlen(x->name, sizeof(x->name)));
	/* Files only: what the provisioner rendered is told where it was answered. A HEAD sends nothing. */
	if (x->result == TRANSFER_DONE && x->bytes > 0 &&
		(x->protocol == PROTOCOL_TFTP || strncmp(x->name, "/images/", 8) == 0 ||
			strncmp(x->name, "/firmware/", 10) == 0 || is_unified(x) ||
			strncmp(x->name, "/agent/", 7) == 0))
		sent(t, m, x, image, name, now_ms);
	else if (x->result == TRANSFER_FAILED)
		nodes_event(t, m, now_ms, "transfer", STORE_WARN,
			"%s broke off after %s in %s, %u retries", name,
			human_bytes(x->bytes, bytes), human_duration(x->duration_ms, took),
			x->retries);
}

/* Of interest while it boots, and once in a boot: what runs on a machine may try what it likes, as often as it likes. */
void observe_refused(struct nodes *t, const struct message_refused *x, int64_t now_ms)
{
	struct machine *m = nodes_at_address(t, x->client);
	char why[SAFE_SIZE];

	if (!m || m->life.step >= STEP_CONFIG || has_tls_trouble(m))
		return;
	nodes_trouble(t, m, now_ms, "tls", TLS_TROUBLE "%s",
		log_safe(why, sizeof(why), x->why, strlen(x->why)));
}

void observe_wait(struct nodes *t, const struct message_wait *x, int64_t now_ms)
{
	const struct machine *m = nodes_at_address(t, x->client);
	char name[SAFE_SIZE], expected[HUMAN_SIZE];

	if (!m)
		return;
	(void)log_safe(name, sizeof(name), x->name, strnlen(x->name, sizeof(x->name)));
	nodes_event(t, m, now_ms, "waits", STORE_INFO,
		"waits for its turn to load %s: %u before it%s%s (slipway status shows the queue)",
		name, x->n_ahead, x->expected_ms >= 0 ? ", about " : "",
		x->expected_ms >= 0 ? human_duration(x->expected_ms, expected) : "");
}

void observe_hall(struct nodes *t, const struct message_hall *x, int64_t now_ms)
{
	for (size_t i = 0; i < x->n_rows && i < MESSAGE_HALL_ROWS; i++) {
		struct machine *m = nodes_at_address(t, x->rows[i].client);

		if (m)
			life_hold(&m->life, now_ms);
	}
}
