/* dhcp_flood - sends prepared DHCP frames again and again, as fast as the server takes them.
 *
 *   dhcp_flood INTERFACE COUNT <FRAMES
 *
 * FRAMES is a sequence of frames, each after its length in two bytes (big-endian). The last one must be a
 * request that is always answered at once: it follows every BURST of the others, and the next burst waits for
 * its answer. So the server sees every frame, and nothing is sent into a full buffer. Each frame
 * is sent with another transaction id; checksums of UDP must therefore be left out. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/parse.h"

#define BURST 64
#define FRAMES_MAX 4096
#define FRAME_MAX 1600
#define XID_AT (14 + 20 + 8 + 4)
#define WAIT_MS 10000

struct flood {
	int fd;
	size_t n;
	uint16_t len[FRAMES_MAX];
	uint8_t frame[FRAMES_MAX][FRAME_MAX];
};

static void die(const char *what)
{
	(void)fprintf(stderr, "dhcp_flood: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void read_frames(struct flood *f)
{
	uint8_t head[2];

	while (f->n < FRAMES_MAX && fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		uint16_t len = (uint16_t)(head[0] << 8 | head[1]);

		if (len > FRAME_MAX || fread(f->frame[f->n], 1, len, stdin) != len)
			die("frames");
		f->len[f->n++] = len;
	}
}

static void open_socket(struct flood *f, const char *interface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface)};

	f->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die(interface);
}

static void put_xid(uint8_t *frame, uint16_t len, uint32_t xid)
{
	uint32_t wire = htonl(xid);

	if (len >= XID_AT + sizeof(wire))
		memcpy(frame + XID_AT, &wire, sizeof(wire));
}

static void send_frame(struct flood *f, size_t i, uint32_t xid)
{
	put_xid(f->frame[i], f->len[i], xid);
	while (send(f->fd, f->frame[i], f->len[i], 0) < 0)
		if (errno != ENOBUFS)
			die("send");
}

/* True when the answer to this transaction has come. */
static bool await(struct flood *f, uint32_t xid)
{
	uint32_t wire = htonl(xid);
	uint8_t bytes[FRAME_MAX];
	struct pollfd p = {.fd = f->fd, .events = POLLIN};

	while (poll(&p, 1, WAIT_MS) == 1) {
		ssize_t n = recv(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n > XID_AT + 4 && bytes[XID_AT - 4] == 2 &&
			memcmp(bytes + XID_AT, &wire, sizeof(wire)) == 0)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct flood f;
	uint32_t count = 0, xid = 0x70000000;

	if (argc != 3 || parse_u32(argv[2], 1, UINT32_MAX, &count) < 0) {
		(void)fprintf(stderr, "usage: dhcp_flood INTERFACE COUNT <FRAMES\n");
		return 2;
	}
	read_frames(&f);
	if (f.n < 2) {
		(void)fprintf(stderr, "dhcp_flood: two frames at least\n");
		return 2;
	}
	open_socket(&f, argv[1]);
	for (uint32_t sent = 0; sent < count;) {
		for (size_t i = 0; i < BURST && sent < count; i++)
			send_frame(&f, sent++ % (f.n - 1), ++xid);
		send_frame(&f, f.n - 1, ++xid);
		if (!await(&f, xid)) {
			(void)printf("no answer after %u frames\n", sent);
			return 1;
		}
	}
	(void)printf("%u frames\n", count);
	return 0;
}
