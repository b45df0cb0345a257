#include "tests/bench/wire.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/mem.h"
#include "tests/bench/load.h"

#define RING_FRAME ((size_t)2048)
#define RING_BLOCK ((size_t)1 << 20)
#define RING_BLOCKS ((size_t)32)
#define RING_FRAMES (RING_BLOCK / RING_FRAME * RING_BLOCKS)
#define BATCH 512
#define FRAME_SIZE_MAX 1514

struct wire {
	int tx, rx;
	uint8_t *ring;
	size_t at; /* the ring's next frame */
	size_t n;  /* frames that wait to be sent */
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	uint8_t bytes[BATCH][FRAME_SIZE_MAX];
};

/* "udp dst port 68", for Ethernet without a tag: what a server says to a client. */
static void filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		load_die("filter");
}

static void set(int fd, int option, int value, const char *what)
{
	if (setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) < 0)
		load_die(what);
}

static void map_ring(struct wire *w)
{
	struct tpacket_req request = {.tp_block_size = RING_BLOCK,
		.tp_block_nr = RING_BLOCKS,
		.tp_frame_size = RING_FRAME,
		.tp_frame_nr = RING_FRAMES};

	set(w->rx, PACKET_VERSION, TPACKET_V2, "ring version");
	if (setsockopt(w->rx, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
		load_die("ring");
	w->ring =
		mmap(NULL, RING_BLOCK * RING_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, w->rx, 0);
	if (w->ring == MAP_FAILED)
		load_die("mmap");
}

static int open_socket(const char *interface, uint16_t protocol)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || at.sll_ifindex == 0)
		load_die(interface);
	if (protocol != 0)
		filter(fd); /* before the first frame can come */
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		load_die("bind");
	return fd;
}

struct wire *wire_open(const char *interface)
{
	struct wire *w = xcalloc(1, sizeof(*w));

	w->tx = open_socket(interface, 0);
	set(w->tx, PACKET_QDISC_BYPASS, 1, "bypass");
	w->rx = open_socket(interface, ETH_P_IP);
	set(w->rx, PACKET_IGNORE_OUTGOING, 1, "direction");
	map_ring(w);
	for (size_t i = 0; i < BATCH; i++) {
		w->iov[i].iov_base = w->bytes[i];
		w->messages[i].msg_hdr.msg_iov = &w->iov[i];
		w->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return w;
}

void wire_close(struct wire *w)
{
	(void)munmap(w->ring, RING_BLOCK * RING_BLOCKS);
	close_p(&w->tx);
	close_p(&w->rx);
	free(w);
}

struct wr wire_frame(struct wire *w)
{
	if (w->n == BATCH)
		wire_flush(w);
	return wr_init(w->bytes[w->n], sizeof(w->bytes[w->n]));
}

void wire_put(struct wire *w, const struct wr *frame)
{
	w->iov[w->n++].iov_len = frame->len;
}

void wire_flush(struct wire *w)
{
	for (size_t sent = 0; sent < w->n;) {
		int n = sendmmsg(w->tx, w->messages + sent, (unsigned)(w->n - sent), 0);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			load_die("send");
		sent += n < 0 ? 0 : (size_t)n;
	}
	w->n = 0;
}

size_t wire_read(struct wire *w, wire_handler *handle, void *arg)
{
	size_t n = 0;

	for (; n < RING_FRAMES; n++) {
		uint8_t *slot = w->ring + w->at * RING_FRAME;
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)slot;

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		handle(arg, slot + h->tp_mac, h->tp_snaplen);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		w->at = (w->at + 1) % RING_FRAMES;
	}
	return n;
}

void wire_wait(struct wire *w, int timeout_ms)
{
	struct pollfd p = {.fd = w->rx, .events = POLLIN};

	(void)poll(&p, 1, timeout_ms); /* the caller looks at the ring either way */
}

unsigned wire_lost(struct wire *w)
{
	struct tpacket_stats s = {0};
	socklen_t size = sizeof(s);

	if (getsockopt(w->rx, SOL_PACKET, PACKET_STATISTICS, &s, &size) < 0)
		load_die("statistics");
	return s.tp_drops;
}
