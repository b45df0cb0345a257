#include "netboot/tftp/window.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "netboot/tftp/source.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define SEGMENTS_MAX 64           /* what every kernel with UDP_SEGMENT takes at once */
#define SEGMENTED_BYTES_MAX 65000 /* of one such message: an IP packet's 64 KiB, headers and all */
#define AHEAD_MAX 192             /* blocks: of 512 bytes they fill the room */

struct tftp_window {
	bool is_unsegmented; /* the kernel has refused UDP_SEGMENT */
	const void *owner;   /* of the packets; also the last one to send anything */
	uint64_t first;      /* the block in the first packet */
	uint32_t n;          /* packets that are there, one behind the other */
	struct iovec iov[AHEAD_MAX];
	uint8_t packets[TFTP_WINDOW_BYTES_MAX + TFTP_WINDOW_BLOCKS_MAX * TFTP_DATA_HEAD];
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

bool tftp_window_is_of(const struct tftp_window *w, const void *owner)
{
	return w->owner == owner;
}

uint64_t tftp_blocks_offset(const struct tftp_transfer *t, const struct tftp_send *blocks)
{
	return (blocks->first - 1) * t->blksize;
}

size_t tftp_blocks_len(const struct tftp_transfer *t, const struct tftp_send *blocks)
{
	return (size_t)(blocks->n - 1) * t->blksize +
	       tftp_block_len(t, blocks->first + blocks->n - 1);
}

static size_t packet_size(const struct tftp_transfer *t)
{
	return TFTP_DATA_HEAD + (size_t)t->blksize;
}

/* How many packets there is room for, and blocks to fill them. */
static uint32_t most_from(
	const struct tftp_window *w, const struct tftp_transfer *t, uint64_t first)
{
	uint64_t left = t->last - first + 1;
	size_t room = sizeof(w->packets) / packet_size(t);

	if (room > AHEAD_MAX)
		room = AHEAD_MAX;
	return left < room ? (uint32_t)left : (uint32_t)room;
}

/* Packets with a head and nothing in them yet. */
static void lay_out(
	struct tftp_window *w, const struct tftp_transfer *t, const struct tftp_send *blocks)
{
	for (uint32_t i = 0; i < blocks->n; i++) {
		uint8_t *packet = w->packets + i * packet_size(t);
		uint64_t block = blocks->first + i;

		tftp_data_head_encode(packet, tftp_wire_block(t, block));
		w->iov[i] = (struct iovec){packet + TFTP_DATA_HEAD, tftp_block_len(t, block)};
	}
}

/* Reads at least the blocks that are wanted, and as many as there is room for when this transfer was the last one to
 * send too: nobody else is in need of the room. */
static int read_ahead(
	struct tftp_window *w, const struct tftp_outgoing *out, const struct tftp_send *wanted)
{
	const struct tftp_transfer *t = out->transfer;
	struct tftp_send all = *wanted;

	if (w->owner == out->owner)
		all.n = most_from(w, t, wanted->first);
	w->owner = out->owner;
	w->first = wanted->first;
	w->n = 0;
	lay_out(w, t, &all);
	ssize_t got = tftp_source_read(out->source, tftp_blocks_offset(t, wanted),
		tftp_blocks_len(t, wanted), w->iov, (int)wanted->n, (int)all.n);
	if (got < 0)
		return (int)got;
	w->n = (size_t)got == tftp_blocks_len(t, &all) ? all.n : (uint32_t)got / t->blksize;
	assert(w->n >= wanted->n);
	return 0;
}

static bool has(const struct tftp_window *w, const struct tftp_outgoing *out,
	const struct tftp_send *blocks)
{
	return w->owner == out->owner && blocks->first >= w->first &&
	       blocks->first + blocks->n <= w->first + w->n;
}

static ssize_t send_packet(const struct tftp_outgoing *out, const uint8_t *packet, size_t len)
{
	return sendto(out->fd, packet, len, MSG_DONTWAIT, (const struct sockaddr *)out->to,
		sizeof(*out->to));
}

/* Packets one behind the other, for the kernel to cut up. */
static ssize_t send_segmented(const struct tftp_outgoing *out, uint8_t *packets, size_t len)
{
	uint16_t segment = (uint16_t)packet_size(out->transfer);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(segment))];
	} control = {0};
	struct sockaddr_in to = *out->to;
	struct iovec iov = {packets, len};
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	return sendmsg(out->fd, &m, MSG_DONTWAIT);
}

/* As many of the `left` bytes of packets as one call takes: how many bytes those were. A kernel that can not cut them
 * up (or a path whose device can not) says so at the first one, and is not asked again. */
static size_t send_some(
	struct tftp_window *w, const struct tftp_outgoing *out, uint8_t *packets, size_t left)
{
	size_t size = packet_size(out->transfer);
	size_t room = SEGMENTED_BYTES_MAX / size < SEGMENTS_MAX ? SEGMENTED_BYTES_MAX / size * size
								: SEGMENTS_MAX * size;
	size_t len = left < room ? left : room;

	if (len > size && !w->is_unsegmented) {
		if (send_segmented(out, packets, len) >= 0)
			return len;
		if (errno == EINVAL || errno == EIO || errno == EOPNOTSUPP || errno == ENOPROTOOPT)
			w->is_unsegmented = true;
	}
	len = left < size ? left : size;
	/* One that can not be sent is lost like any other; a full buffer ends it for now. */
	return send_packet(out, packets, len) < 0 && errno == EAGAIN ? left : len;
}

int tftp_window_send(
	struct tftp_window *w, const struct tftp_outgoing *out, const struct tftp_send *blocks)
{
	const struct tftp_transfer *t = out->transfer;
	size_t left = blocks->n * (size_t)TFTP_DATA_HEAD + tftp_blocks_len(t, blocks);

	if (!has(w, out, blocks)) {
		int rc = read_ahead(w, out, blocks);

		if (rc < 0)
			return rc;
	}
	uint8_t *packets = w->packets + (size_t)(blocks->first - w->first) * packet_size(t);
	while (left > 0) {
		size_t sent = send_some(w, out, packets, left);

		packets += sent;
		left -= sent;
	}
	return 0;
}
