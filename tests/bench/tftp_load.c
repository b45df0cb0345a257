/* Many TFTP clients in one process: fetches one file N times, at most SLOTS at once, and compares every block
 * with the original.
 *
 *   tftp_load SERVER NAME ORIGINAL [-n N] [-c SLOTS] [-b BLKSIZE] [-w WINDOWSIZE] [-a ADDRESS]
 *
 * With -a each slot has an address of its own, from ADDRESS upwards. Each client does what the RFCs ask of one:
 * acknowledges the last block of a window, also when that comes again, or the last one that came in order after a gap
 * (once), and repeats itself after a second of silence. Prints one line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "tests/bench/load.h"

#define PACKET_MAX 65536
#define REPEAT_MS 1000
#define TRIES_MAX 20

enum { RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6 };

struct client {
	int fd;
	bool has_peer, is_answered, told_gap;
	struct sockaddr_in peer;
	uint64_t received; /* blocks that came in order */
	uint64_t acked;
	unsigned blksize, windowsize; /* as granted */
	int64_t deadline_ms;
	unsigned tries;
};

static struct {
	struct sockaddr_in server;
	uint32_t first_address; /* of the slots; 0: whatever the kernel chooses */
	struct client *clients;
	const char *name;
	const uint8_t *original;
	uint64_t size;
	unsigned n, slots, blksize, windowsize;
	int epoll;
	unsigned started, done, failed, running;
	uint64_t repeats, gaps, doubles, foreign;
} run = {.n = 1, .slots = 1, .blksize = 512, .windowsize = 1};

static void wait_on(struct client *c)
{
	c->deadline_ms = clock_mono_ms() + REPEAT_MS;
}

static void send_request(struct client *c)
{
	char packet[1024];
	int n = 2;

	packet[0] = 0;
	packet[1] = RRQ;
	n += snprintf(packet + n, sizeof(packet) - (size_t)n, "%s%coctet", run.name, 0) + 1;
	if (run.blksize != 512)
		n += snprintf(packet + n, sizeof(packet) - (size_t)n, "blksize%c%u", 0,
			     run.blksize) +
		     1;
	if (run.windowsize != 1)
		n += snprintf(packet + n, sizeof(packet) - (size_t)n, "windowsize%c%u", 0,
			     run.windowsize) +
		     1;
	(void)sendto(c->fd, packet, (size_t)n, 0, (const struct sockaddr *)&run.server,
		sizeof(run.server));
	wait_on(c);
}

static void send_ack(struct client *c)
{
	uint8_t packet[4] = {0, ACK, (uint8_t)(c->received >> 8), (uint8_t)c->received};

	(void)sendto(c->fd, packet, sizeof(packet), 0, (const struct sockaddr *)&c->peer,
		sizeof(c->peer));
	c->acked = c->received;
	wait_on(c);
}

static void start(struct client *c)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

	*c = (struct client){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0),
		.blksize = 512,
		.windowsize = 1};
	if (c->fd < 0 || epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		load_die("socket");
	struct sockaddr_in own = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(run.first_address + (uint32_t)(c - run.clients))};
	if (run.first_address && bind(c->fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		load_die("bind");
	/* A whole window must fit, as in any client that asks for one. */
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &(int){1 << 20}, sizeof(int));
	run.started++;
	run.running++;
	send_request(c);
}

static void end(struct client *c, const char *why)
{
	if (why) {
		if (run.failed++ == 0)
			fprintf(stderr, "tftp_load: %s after %" PRIu64 " blocks\n", why,
				c->received);
	} else {
		run.done++;
	}
	(void)close(c->fd);
	c->fd = -1;
	run.running--;
	if (run.started < run.n)
		start(c);
}

/* What is not in the OACK was not granted. */
static void on_oack(struct client *c, const char *p, size_t len)
{
	const char *end = p + len;

	if (end[-1] != '\0')
		return;
	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (value >= end)
			break;
		if (strcasecmp(p, "blksize") == 0)
			c->blksize = (unsigned)strtoul(value, NULL, 10);
		else if (strcasecmp(p, "windowsize") == 0)
			c->windowsize = (unsigned)strtoul(value, NULL, 10);
		p = value + strlen(value) + 1;
	}
	c->is_answered = true;
	send_ack(c);
}

static void on_data(struct client *c, unsigned number, const uint8_t *data, size_t len)
{
	uint64_t at = c->received * c->blksize;

	if ((uint16_t)number != (uint16_t)(c->received + 1)) {
		if ((uint16_t)(c->received - number) < 0x8000) {
			run.doubles++;
			if ((uint16_t)number == (uint16_t)c->received) /* our ACK was lost */
				send_ack(c);
			return;
		}
		if (!c->told_gap) {
			run.gaps++;
			c->told_gap = true;
			send_ack(c);
		}
		return;
	}
	if (len > c->blksize || at > run.size || len > run.size - at ||
		memcmp(run.original + at, data, len) != 0) {
		end(c, "wrong data");
		return;
	}
	c->received++;
	c->told_gap = false;
	c->tries = 0;
	if (len < c->blksize) {
		send_ack(c);
		end(c, at + len == run.size ? NULL : "too short");
	} else if (c->received - c->acked >= c->windowsize) {
		send_ack(c);
	} else {
		wait_on(c);
	}
}

static void on_readable(struct client *c)
{
	static uint8_t packet[PACKET_MAX];

	for (int i = 0; i < 64 && c->fd >= 0; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n =
			recvfrom(c->fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);

		if (n < 4)
			return;
		if (!c->has_peer) {
			c->peer = from;
			c->has_peer = true;
		}
		if (from.sin_port != c->peer.sin_port) {
			run.foreign++;
			continue;
		}
		if (packet[1] == OACK && c->received == 0) {
			on_oack(c, (const char *)packet + 2, (size_t)n - 2);
		} else if (packet[1] == DATA) {
			c->is_answered = true;
			on_data(c, (unsigned)packet[2] << 8 | packet[3], packet + 4, (size_t)n - 4);
			if (c->fd >= 0 && c->windowsize == 1)
				return;
		} else if (packet[1] == ERROR) {
			end(c, (const char *)packet + 4);
			return;
		}
	}
}

static void on_silence(struct client *c)
{
	run.repeats++;
	if (++c->tries > TRIES_MAX)
		end(c, "no answer");
	else if (c->is_answered)
		send_ack(c);
	else
		send_request(c);
}

int main(int argc, char **argv)
{
	struct epoll_event events[256];
	int opt;

	while ((opt = getopt(argc, argv, "n:c:b:w:a:")) != -1) {
		unsigned v = (unsigned)strtoul(optarg ? optarg : "0", NULL, 10);

		switch (opt) {
		case 'n':
			run.n = v;
			break;
		case 'c':
			run.slots = v;
			break;
		case 'b':
			run.blksize = v;
			break;
		case 'w':
			run.windowsize = v;
			break;
		case 'a':
			run.first_address = ntohl(inet_addr(optarg));
			break;
		default:
			return 2;
		}
	}
	run.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(69)};
	if (argc - optind != 3 || inet_pton(AF_INET, argv[optind], &run.server.sin_addr) != 1 ||
		run.n == 0 || run.slots == 0 || run.blksize == 0 || run.windowsize == 0) {
		fprintf(stderr, "usage: tftp_load SERVER NAME ORIGINAL [-n N] [-c SLOTS] [-b "
				"BLKSIZE] [-w WINDOWSIZE] [-a ADDRESS]\n");
		return 2;
	}
	run.name = argv[optind + 1];
	run.original = load_file(argv[optind + 2], &run.size);
	run.epoll = epoll_create1(0);
	struct client *clients = run.clients = calloc(run.slots, sizeof(*clients));
	if (!clients || run.epoll < 0)
		load_die("tftp_load");
	int64_t began = clock_mono_ms(), looked = began;
	for (unsigned i = 0; i < run.slots; i++) {
		clients[i].fd = -1;
		if (run.started < run.n)
			start(&clients[i]);
	}
	while (run.running > 0) {
		int n = epoll_wait(run.epoll, events, 256, 100);

		for (int i = 0; i < n; i++)
			on_readable(events[i].data.ptr);
		int64_t now = clock_mono_ms();
		if (now - looked < 100)
			continue;
		looked = now;
		for (unsigned i = 0; i < run.slots; i++)
			if (clients[i].fd >= 0 && clients[i].deadline_ms <= now)
				on_silence(&clients[i]);
	}
	int64_t took = clock_mono_ms() - began;
	printf("{\"seconds\": %.3f, \"done\": %u, \"failed\": %u, \"mib\": %.3f, \"mib_per_s\": "
	       "%.1f, \"repeats\": %" PRIu64 ", \"gaps\": %" PRIu64 ", \"doubles\": %" PRIu64 "}\n",
		(double)took / 1000, run.done, run.failed, (double)run.size / 1048576,
		(double)run.done * (double)run.size / 1048576 / ((double)(took ? took : 1) / 1000),
		run.repeats, run.gaps, run.doubles);
	free(clients);
	return run.failed > 0;
}
