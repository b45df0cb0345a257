/* option.h - DHCP options: what this server knows of them, and sets of their values.
 *
 * A `struct opts` holds the values of one message, each in one piece: options split by RFC 3396 are
 * joined on the way in and split on the way out. Decoding refuses what lies about its length and
 * enforces the legal lengths of the option table; a value is read only through opts_*(), which
 * never look past its end. Plain data: copied by assignment, owns no memory. */
#ifndef SLIPWAY_DHCPD_OPTION_H
#define SLIPWAY_DHCPD_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/rd.h"
#include "provisioner/base/wr.h"

enum {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ROUTERS = 3,
	OPT_DNS = 6,
	OPT_HOSTNAME = 12,
	OPT_DOMAIN = 15,
	OPT_BROADCAST = 28,
	OPT_VENDOR = 43,
	OPT_ADDRESS = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_WANTED = 55,
	OPT_MESSAGE = 56,
	OPT_MAX_SIZE = 57,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_CLASS = 60,
	OPT_CLIENT_ID = 61,
	OPT_TFTP_SERVER = 66,
	OPT_BOOT_FILE = 67,
	OPT_USER_CLASS = 77,
	OPT_RAPID_COMMIT = 80,
	OPT_RELAY = 82,
	OPT_ARCH = 93,
	OPT_UNDI = 94,
	OPT_UUID = 97,
	OPT_SUBNET_SELECTION = 118,
	OPT_TFTP_SERVERS = 150,
	OPT_IPXE = 175,
	OPT_PXELINUX_MAGIC = 208,
	OPT_PXELINUX_CONFIG = 209,
	OPT_PXELINUX_PREFIX = 210,
	OPT_PXELINUX_REBOOT = 211,
	OPT_END = 255,
};

#define OPTS_BYTES_MAX 1536 /* more than a frame of 1500 bytes can carry */

struct opts {
	bool has[256];
	uint16_t at[256], len[256];
	uint16_t used;
	uint8_t bytes[OPTS_BYTES_MAX];
};

/* Reads the options of a request from its fields, in the order of RFC 3396 section 7: options, then
 * file and sname as far as option 52 says that they carry options. `options` begins behind the
 * magic cookie. 0; -EBADMSG for a length that lies or is illegal for its option, -E2BIG for more
 * bytes than OPTS_BYTES_MAX. *ret is to be ignored then. */
int opts_decode(struct rd options, struct rd file, struct rd sname, struct opts *ret) MUST_USE;

/* Values. Absent ones read as 0 or as an empty reader. */
bool opts_has(const struct opts *o, uint8_t code);
uint8_t opts_u8(const struct opts *o, uint8_t code);
uint16_t opts_u16(const struct opts *o, uint8_t code);
uint32_t opts_u32(const struct opts *o, uint8_t code);
struct rd opts_value(const struct opts *o, uint8_t code);

/* True when the value begins with these bytes. */
bool opts_begins(const struct opts *o, uint8_t code, const char *prefix);

/* Adds a value, or replaces the one that is there. What does not fit into OPTS_BYTES_MAX is left
 * out (replies are made by us, and far smaller). */
void opts_put(struct opts *o, uint8_t code, const void *data, size_t len);
void opts_put_u8(struct opts *o, uint8_t code, uint8_t v);
void opts_put_u32(struct opts *o, uint8_t code, uint32_t v);
void opts_put_text(struct opts *o, uint8_t code, const char *text);
void opts_copy(struct opts *o, uint8_t code, const struct opts *from);

/* Writes the options with the final 255: 53, 54, 51, then those of `order` as it says, then the
 * rest by code, and 82 last (RFC 3046 section 2.2). At most `room` bytes: when they are too many,
 * those that no client can do without stay. */
void opts_encode(const struct opts *o, struct rd order, size_t room, struct wr *w);

#endif
