/* pxe.h - what kind of boot client asks, and which boot file it gets.
 *
 * A machine asks several times during one boot: its firmware (PXE 2.1, RFC 4578, or UEFI HTTP boot), then
 * iPXE, then the OS. Each request is judged by what it says itself, never by what the same MAC said
 * before. arch.h knows the boot loader of each architecture, quirk.h the firmware that needs other
 * words than its kind; here both come together. Pure. */
#ifndef SLIPWAY_DHCPD_PXE_H
#define SLIPWAY_DHCPD_PXE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/arch.h"
#include "dhcpd/msg.h"
#include "dhcpd/pxe_loop.h"
#include "provisioner/messages/messages.h"
#include "provisioner/messages/quirks.h"

struct pxe_client {
	enum boot_stage stage;
	uint16_t arch;          /* the first known one of option 93; ARCH_NONE without any */
	const struct arch *row; /* NULL when no architecture was named or it is not known */
	uint32_t quirks;        /* enum quirk_flag, of the firmware and of the node */
	uint32_t quirk_rows;    /* which quirks of the firmware: quirk_text() */
	bool uses_http;
	bool has_uuid;
	uint8_t uuid[16];
};

/* By what the request says alone. */
void pxe_identify(const struct msg *m, struct pxe_client *ret);

/* Adds the quirks that cluster.yaml gives this node. */
void pxe_want(struct pxe_client *c, uint32_t quirks);

/* Where the answer goes: an OFFER or ACK that grants an address, a ProxyDHCP offer beside another server's,
 * or the answer to port 4011. */
enum pxe_way { PXE_IN_LEASE = 1, PXE_BESIDE, PXE_ON_PORT };

struct pxe_ask {
	const struct message_dhcp_settings *settings;
	const struct pxe_client *client;
	const char *node_file; /* the node's own boot loader instead of the table's, or "" */
	enum pxe_way way;
	bool is_looping; /* has asked for its loader too often: give it the script */
};

#define PXE_FILE_SIZE 256
#define PXE_NOTE_SIZE 128

/* What the client was told, and what a person should know of it; "" for nothing. */
struct pxe_told {
	char file[PXE_FILE_SIZE];
	char note[PXE_NOTE_SIZE];
};

/* Adds boot file, next server and the options that go with them to a reply to `request`. */
void pxe_answer(const struct pxe_ask *ask, const struct msg *request, struct msg *reply,
	struct pxe_told *ret);

#endif
