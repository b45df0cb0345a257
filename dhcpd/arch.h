/* arch.h - the processor architectures of option 93, and the boot loader that each gets.
 *
 * One row for each number of IANA's registry (RFC 4578, RFC 5970 section 3.3). A loader is a file below
 * netboot's firmware folder; where there is none, the row says in words for the node's timeline why
 * not and what to do. Constant data. */
#ifndef SLIPWAY_DHCPD_ARCH_H
#define SLIPWAY_DHCPD_ARCH_H

#include <stdint.h>

#define ARCH_NONE 0xffff

/* Bits, so that a rule can name several. */
enum arch_kind {
	ARCH_IS_ABSENT = 1, /* no option 93, or no number in it that we know */
	ARCH_IS_BIOS = 2,   /* PXE 2.1: wants option 43 with 60; UEFI is better off without both */
	ARCH_IS_UEFI = 4,
	ARCH_IS_HTTP = 8, /* UEFI HTTP boot and the like: wants a URL */
	ARCH_IS_OTHER = 16
};

struct arch {
	uint16_t number;
	enum arch_kind kind;
	const char *name;
	const char *image;  /* what images for it are called: "x86_64", "aarch64", or NULL */
	const char *loader; /* or NULL */
	const char *lack;   /* without a loader: what a person should know */
};

/* The row of a number, or NULL. */
const struct arch *arch_find(uint16_t number);

#endif
