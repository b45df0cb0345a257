/* packet.h - TFTP packets as plain data: requests read, replies written.
 *
 * RFC 1350 with the option extension (2347) and the options blksize (2348), timeout and tsize
 * (2349), windowsize (7440) and tftp-hpa's `rollover`. Decoding copies what it needs and checks
 * everything; an option that makes no sense is as if it had not been sent. */
#ifndef SLIPWAY_TFTP_PACKET_H
#define SLIPWAY_TFTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define TFTP_PORT 69
#define TFTP_NAME_SIZE 512
#define TFTP_BLKSIZE_DEFAULT 512
#define TFTP_BLKSIZE_MIN 8     /* RFC 2348 */
#define TFTP_BLKSIZE_MAX 65464 /* RFC 2348 */
#define TFTP_DATA_HEAD 4       /* opcode and block number before the data */
#define TFTP_REPLY_MAX 512     /* an OACK or ERROR is never longer */

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_WRQ,
	TFTP_DATA,
	TFTP_ACK,
	TFTP_ERROR,
	TFTP_OACK,
};

enum tftp_error {
	TFTP_ERROR_OTHER = 0,
	TFTP_ERROR_NOT_FOUND = 1,
	TFTP_ERROR_ACCESS = 2,
	TFTP_ERROR_ILLEGAL = 4,
	TFTP_ERROR_UNKNOWN_TID = 5,
	TFTP_ERROR_OPTIONS = 8,
};

enum tftp_mode { TFTP_MODE_OCTET = 1, TFTP_MODE_NETASCII, TFTP_MODE_MAIL, TFTP_MODE_UNKNOWN };

/* What a client asks for, or what it is granted. 0 and false mean: not asked, not granted. */
struct tftp_options {
	uint32_t blksize;    /* bytes */
	uint32_t windowsize; /* blocks */
	uint32_t timeout_s;
	bool has_tsize;
	bool has_rollover;
	uint8_t rollover; /* the block number after 65535: 0 or 1 */
};

struct tftp_request {
	enum tftp_opcode opcode; /* TFTP_RRQ or TFTP_WRQ */
	enum tftp_mode mode;
	char name[TFTP_NAME_SIZE]; /* as sent: hostile text */
	struct tftp_options options;
};

/* Reads a packet that came to port 69. An option list that is cut short counts as no options.
 * 0, or -EBADMSG: not a request, or a name that does not fit. */
int tftp_request_decode(const void *data, size_t len, struct tftp_request *ret) MUST_USE;

/* The file that a name as sent stands for: backslashes become slashes, slashes at the start and
 * double ones go. 0, or -EACCES: empty, a "." or ".." in it, or a control character. */
int tftp_name_clean(const char *sent, char ret[static TFTP_NAME_SIZE]) MUST_USE;

/* Reads a packet that came to a transfer's port. ACK gives its block number, ERROR its code. False
 * for anything else; nothing else is legal there. */
bool tftp_reply_decode(
	const void *data, size_t len, enum tftp_opcode *ret_opcode, uint16_t *ret_value) MUST_USE;

bool tftp_options_any(const struct tftp_options *o);

/* Each gives the length of the packet written to `buf`. */
size_t tftp_oack_encode(
	uint8_t buf[static TFTP_REPLY_MAX], const struct tftp_options *granted, uint64_t file_size);
size_t tftp_error_encode(
	uint8_t buf[static TFTP_REPLY_MAX], enum tftp_error code, const char *text);
void tftp_data_head_encode(uint8_t buf[static TFTP_DATA_HEAD], uint16_t block);

#endif
