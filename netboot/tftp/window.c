#include "netboot/tftp/window.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/mem.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define SEGMENTS_MAX 64           /* what every kernel with UDP_SEGMENT takes at once */
#define SEGMENTED_BYTES_MAX 65000 /* of one such message: an IP packet's 64 KiB, headers and all */

struct tftp_window {
	bool is_unsegmented; /* the kernel has refused UDP_SEGMENT */
	const void *owner;   /* of `data`; also the last one to send anything */
	uint64_t offset;     /* of data[0] in its file */
	size_t len;
	uint8_t heads[TFTP_WINDOW_BLOCKS_MAX][TFTP_DATA_HEAD];
	struct iovec iov[TFTP_WINDOW_BLOCKS_MAX][2];
	uint8_t data[TFTP_WINDOW_BYTES_MAX];
};

struct tftp_window *tftp_window_new(void)
{
	return xcalloc(1, sizeof(struct tftp_window));
}

void tftp_window_free(struct tftp_window *w)
{
	free(w);
}

void tftp_window_forget(struct tftp_window *w, const void *owner)
{
	if (w->owner == owner)
		w->owner = NULL;
}

/* Reads at least `want` bytes from `offset` on, and as much as there is room for when this transfer was the last one
 * to send too: nobody else is in need of the room. */
static bool read_ahead(
	struct tftp_window *w, const struct tftp_outgoing *out, uint64_t offset, size_t want)
{
	size_t most = w->owner == out->owner ? sizeof(w->data) : want;

	assert(want <= sizeof(w->data));
	w->owner = out->owner;
	w->offset = offset;
	w->len = 0;
	while (w->len < want) {
		ssize_t n =
			pread(out->file, w->data + w->len, most - w->len, (off_t)(offset + w->len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		w->len += (size_t)n;
	}
	return true;
}

/* The file's bytes from `offset` on; NULL when there are fewer than `want`. */
static uint8_t *fetch(
	struct tftp_window *w, const struct tftp_outgoing *out, uint64_t offset, size_t want)
{
	bool is_there = w->owner == out->owner && offset >= w->offset &&
			offset - w->offset <= w->len && w->len - (offset - w->offset) >= want;

	if (!is_there && !read_ahead(w, out, offset, want))
		return NULL;
	return w->data + (offset - w->offset);
}

static ssize_t send_blocks(struct tftp_window *w, const struct tftp_outgoing *out, uint32_t first,
	uint32_t n, bool is_segmented)
{
	uint16_t segment = (uint16_t)(TFTP_DATA_HEAD + out->transfer->blksize);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(segment))];
	} control = {0};
	struct sockaddr_in to = *out->to;
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = w->iov[first],
		.msg_iovlen = 2 * n,
	};

	if (is_segmented) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	}
	return sendmsg(out->fd, &m, MSG_DONTWAIT);
}

/* As many blocks as one message takes. A kernel that can not cut it up (or a path whose device can not) says so
 * at the first one, and is not asked again. */
static uint32_t send_some(
	struct tftp_window *w, const struct tftp_outgoing *out, uint32_t first, uint32_t left)
{
	uint32_t room = SEGMENTED_BYTES_MAX / (TFTP_DATA_HEAD + out->transfer->blksize);
	uint32_t n = left < room ? left : room;

	if (n > SEGMENTS_MAX)
		n = SEGMENTS_MAX;
	if (n > 1 && !w->is_unsegmented) {
		if (send_blocks(w, out, first, n, /* is_segmented= */ true) >= 0)
			return n;
		if (errno == EINVAL || errno == EIO || errno == EOPNOTSUPP || errno == ENOPROTOOPT)
			w->is_unsegmented = true;
	}
	/* One that can not be sent is lost like any other; a full buffer ends it for now. */
	if (send_blocks(w, out, first, 1, /* is_segmented= */ false) < 0 && errno == EAGAIN)
		return left;
	return 1;
}

bool tftp_window_send(
	struct tftp_window *w, const struct tftp_outgoing *out, const struct tftp_send *blocks)
{
	const struct tftp_transfer *t = out->transfer;
	uint64_t last = blocks->first + blocks->n - 1;
	size_t bytes = (size_t)(blocks->n - 1) * t->blksize + tftp_block_len(t, last);
	uint8_t *data = fetch(w, out, (blocks->first - 1) * t->blksize, bytes);

	if (!data)
		return false;
	for (uint32_t i = 0; i < blocks->n; i++) {
		uint64_t block = blocks->first + i;

		tftp_data_head_encode(w->heads[i], tftp_wire_block(t, block));
		w->iov[i][0] = (struct iovec){w->heads[i], TFTP_DATA_HEAD};
		w->iov[i][1] =
			(struct iovec){data + (size_t)i * t->blksize, tftp_block_len(t, block)};
	}
	for (uint32_t i = 0; i < blocks->n;)
		i += send_some(w, out, i, blocks->n - i);
	return true;
}
