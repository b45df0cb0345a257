/* transfer.h - one TFTP transfer as a pure state machine: a packet or a timeout in, blocks to send
 * out.
 *
 * No socket, no file, no clock. Blocks are counted in 64 bits from 1; their 16-bit numbers exist
 * only in tftp_wire_block(). Invariant: acked <= sent <= acked + windowsize, sent <= last.
 *
 * Only the timer sends a block twice (RFC 1123 4.2.3.1, "Sorcerer's Apprentice"), with one
 * exception for windows (RFC 7440): an ACK that stops short of what was sent reports a gap, and the
 * window starts again behind it. Clients also acknowledge blocks that they get twice; taking that
 * for a gap would make each repetition call for the next, so such an ACK is told apart. */
#ifndef SLIPWAY_TFTP_TRANSFER_H
#define SLIPWAY_TFTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netboot/tftp/packet.h"

#define TFTP_WINDOW_BLOCKS_MAX 64
#define TFTP_WINDOW_BYTES_MAX ((uint32_t)96 << 10) /* what a socket's send buffer takes at once */

enum tftp_state {
	TFTP_RUNNING,
	TFTP_FINISHED,    /* the client has everything and said so */
	TFTP_UNCONFIRMED, /* everything was sent; only the last ACK is missing */
	TFTP_STOPPED,     /* the client sent ERROR: how firmware ends a tsize request */
	TFTP_TIMED_OUT,
	TFTP_UNREADABLE, /* the file has become shorter than it was, or can not be read */
};

struct tftp_transfer {
	struct tftp_options granted;
	uint64_t file_size;
	uint32_t blksize, windowsize;
	uint64_t last; /* the final block: shorter than blksize, perhaps empty */
	uint64_t acked, sent;
	uint64_t repeat_from; /* an ACK of an earlier block, repeated, means nothing */
	uint64_t sent_before; /* the last block sent before the window was sent again */
	bool in_doubt;        /* the next short ACK may say what the client had before that */
	bool oack_unanswered; /* the client has yet to answer our OACK */
	bool heard;           /* the client has answered at all: its address is no lie */
	bool repeated;        /* the window was sent twice: its ACK says nothing about time */
	uint64_t held_from;   /* blocks from here on are to be sent once they are there; 0: none */
	unsigned tries;       /* timeouts since the last progress */
	unsigned retries;     /* blocks or OACKs sent again, all told */
	int64_t sent_ms, heard_ms, progress_ms, deadline_ms; /* monotonic */
	int64_t rtt_ms, rtt_dev_ms; /* smoothed; rtt_ms < 0 before the first measure */
};

/* What to put on the wire now: the OACK, or `n` blocks from `first` on, or nothing. */
struct tftp_send {
	bool oack;
	uint64_t first;
	uint32_t n;
};

/* Begins a transfer: grants at most what was asked and fills *ret_send with the first packet.
 * `blksize_max` is what the path takes unfragmented. */
void tftp_transfer_init(struct tftp_transfer *t, const struct tftp_options *asked,
	uint64_t file_size, uint32_t blksize_max, int64_t now_ms, struct tftp_send *ret_send);

/* A packet came from the client; what makes no sense is ignored. */
enum tftp_state tftp_transfer_packet(struct tftp_transfer *t, const void *data, size_t len,
	int64_t now_ms, struct tftp_send *ret_send);

/* deadline_ms has passed. */
enum tftp_state tftp_transfer_timeout(
	struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret_send);

/* What was to be sent is not at hand yet. Until tftp_transfer_resume() says what to send then, nothing is: neither the timer
 * nor the client's asking again makes it come sooner. Only a client that says nothing any more ends it. */
void tftp_transfer_hold(struct tftp_transfer *t, const struct tftp_send *todo);
void tftp_transfer_asked_again(
	struct tftp_transfer *t, int64_t now_ms); /* the client is still there */
void tftp_transfer_resume(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret_send);

/* A block's number on the wire, its length, and how many bytes the client has confirmed. */
uint16_t tftp_wire_block(const struct tftp_transfer *t, uint64_t block);
uint32_t tftp_block_len(const struct tftp_transfer *t, uint64_t block);
uint64_t tftp_bytes_acked(const struct tftp_transfer *t);

#endif
