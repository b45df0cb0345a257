/* pxe.h - what kind of boot client asks, and which boot file it gets.
 *
 * A machine asks several times during one boot: its firmware (PXE 2.1, RFC 4578, or UEFI HTTP boot), then
 * iPXE, then the OS. Each request is judged by what it says itself, never by what the same MAC said
 * before. The table of architectures (RFC 5970 section 3.3 and IANA's registry) maps option 93 to a
 * boot loader; the quirks of single firmwares are rows beside it. Pure. */
#ifndef SLIPWAY_DHCPD_PXE_H
#define SLIPWAY_DHCPD_PXE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/msg.h"
#include "provisioner/messages/messages.h"

#define PXE_ARCH_NONE 0xffff

struct pxe_arch {
	uint16_t arch; /* option 93 */
	const char *name;
	const char *loader; /* a file in netboot's firmware folder, or NULL: there is none for it */
	bool uses_http;     /* UEFI HTTP boot: wants a URL */
	bool is_bios;       /* wants option 43 with 60 (PXE 2.1); UEFI is better off without both */
};

struct pxe_client {
	enum boot_stage stage;
	uint16_t arch; /* the first known one of option 93; PXE_ARCH_NONE without any */
	const struct pxe_arch *row;    /* NULL when no architecture was named or it is not known */
	const struct pxe_quirk *quirk; /* NULL for firmware that behaves */
	bool uses_http;
	bool has_uuid;
	uint8_t uuid[16];
};

void pxe_identify(const struct msg *m, struct pxe_client *ret);

struct pxe_ask {
	const struct message_dhcp_settings *settings;
	const struct pxe_client *client;
	const char *node_file; /* the node's own boot loader instead of the table's, or "" */
	bool is_looping;       /* has asked for its loader too often: give it the script */
};

/* Adds boot file, next server and the options that go with them to a reply to `request`. Writes what
 * the client is told ("" for nothing) to `ret_file`. Gives what a person should know, or NULL. */
const char *pxe_answer(const struct pxe_ask *ask, const struct msg *request, struct msg *reply,
	char ret_file[static 256]);

/* A machine that asks for its loader again and again within a minute probably has an iPXE that does not say
 * so. A small table of the last askers; equal slots push each other out. */
#define PXE_LOOP_SLOTS 256

struct pxe_loops {
	struct {
		struct mac mac;
		uint8_t n;
		int64_t since_ms;
	} slots[PXE_LOOP_SLOTS];
};

/* Counts one more loader given to `mac`; true when it has got too many. */
bool pxe_loops_count(struct pxe_loops *l, const struct mac *mac, int64_t now_ms);

/* The machine has moved on. */
void pxe_loops_forget(struct pxe_loops *l, const struct mac *mac);

#endif
