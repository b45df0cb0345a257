/* window.h - blocks of a file on their way out: read ahead, and sent in as few system calls as can be.
 *
 * One per process, shared by all transfers. A window leaves in one sendmsg() that the kernel cuts into
 * packets (UDP_SEGMENT); a kernel or path that does not can has them one by one. What is read beyond
 * a window is kept for the same transfer's next one, so that a transfer without windows costs two system
 * calls a block. */
#ifndef SLIPWAY_TFTP_WINDOW_H
#define SLIPWAY_TFTP_WINDOW_H

#include <netinet/in.h>
#include <stdbool.h>

#include "netboot/tftp/transfer.h"

struct tftp_window;

/* Whose blocks, from where to where. Borrowed for the call; `owner` is only compared. */
struct tftp_outgoing {
	const void *owner;
	const struct tftp_transfer *transfer;
	int file, fd;
	const struct sockaddr_in *to;
};

struct tftp_window *tftp_window_new(void);
void tftp_window_free(struct tftp_window *w);

/* Sends the blocks of *blocks. What a full socket buffer does not take is lost like any other packet. False when the
 * file has become shorter than it was. */
bool tftp_window_send(
	struct tftp_window *w, const struct tftp_outgoing *out, const struct tftp_send *blocks);

/* The owner's file has changed, or the owner is gone. */
void tftp_window_forget(struct tftp_window *w, const void *owner);

#endif
