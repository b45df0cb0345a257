/* window.h - blocks of a file on their way out: read ahead, and sent in as few system calls as can be.
 *
 * One per process, shared by all transfers. Blocks are read right into packets that lie one behind the other, so that a
 * window leaves in one call, which the kernel cuts up (UDP_SEGMENT); a kernel or path that does not can has them one
 * by one. What is read beyond a window is kept for the same transfer's next one, so that a transfer without windows
 * costs two system calls a block. */
#ifndef SLIPWAY_TFTP_WINDOW_H
#define SLIPWAY_TFTP_WINDOW_H

#include <netinet/in.h>
#include <stdbool.h>

#include "netboot/tftp/transfer.h"
#include "provisioner/base/mem.h"

struct tftp_source;
struct tftp_window;

/* Whose blocks, from where to where. Borrowed for the call; `owner` is only compared. */
struct tftp_outgoing {
	const void *owner;
	const struct tftp_transfer *transfer;
	struct tftp_source *source;
	int fd;
	const struct sockaddr_in *to;
};

struct tftp_window *tftp_window_new(void);
void tftp_window_free(struct tftp_window *w);

/* Sends the blocks of *blocks. What a full socket buffer does not take is lost like any other packet. 0; nothing was sent: -EAGAIN
 * when they must be loaded first, -EIO when the file has become shorter than it was or can not be read. */
int tftp_window_send(struct tftp_window *w, const struct tftp_outgoing *out,
	const struct tftp_send *blocks) MUST_USE;

/* Where in the file *blocks begin, and how many bytes they are. */
uint64_t tftp_blocks_offset(const struct tftp_transfer *t, const struct tftp_send *blocks);
size_t tftp_blocks_len(const struct tftp_transfer *t, const struct tftp_send *blocks);

/* Has `owner` been the last one to send? */
bool tftp_window_is_of(const struct tftp_window *w, const void *owner);

/* The owner's file has changed, or the owner is gone. */
void tftp_window_forget(struct tftp_window *w, const void *owner);

#endif
