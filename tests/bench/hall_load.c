/* A hall of nodes in one process: each fetches one file by HTTP, and asks again after a while when it is told 503, as
 * the boot script does.
 *
 *   hall_load SERVER[:PORT] PATH ORIGINAL [-n NODES] [-a ADDRESS] [-w WAIT_MS] [-g GAP_MS] [-c CHECKED] [-d DROP]
 *
 * Each node has an address of its own, from ADDRESS upwards, where -a is given. They switch on GAP_MS after each other.
 * The first CHECKED nodes compare every byte with the original; the others let the kernel throw theirs away, for this
 * machine has to be all of them. With -d the DROPth node switches off when the first bytes have come. Prints one line of
 * JSON; `late` is how many nodes at most that had asked after a node began to load before it. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "tests/bench/load.h"

#define CHUNK ((size_t)1 << 20)
#define HEAD_MAX 4096
#define EVENTS 64
#define REFUSED_MAX 60 /* a server that closes without a word is asked so often */

enum node_state { OFF, SLEEPING, ASKING, LOADING, DONE, FAILED, DROPPED };

struct node {
	enum node_state state;
	int fd;
	int64_t wake_ms, asked_ms, began_ms, done_ms;
	size_t n_head, sent;
	uint64_t received, length;
	unsigned tries, refused;
	char head[HEAD_MAX];
};

static struct {
	struct sockaddr_in server;
	uint32_t first_address;
	char request[1024];
	const uint8_t *original;
	uint64_t size;
	unsigned n, checked, drop;
	int64_t wait_ms, gap_ms;
	int epoll;
	struct node *nodes;
	unsigned left, told, began, late, failed, done;
	uint64_t bytes;
	uint8_t buf[CHUNK];
} run = {.n = 1, .wait_ms = 5000};

static void hang_up(struct node *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

static void finish(struct node *c, enum node_state state, const char *why)
{
	hang_up(c);
	c->state = state;
	c->done_ms = clock_mono_ms();
	run.left--;
	run.done += state == DONE;
	if (state == FAILED && run.failed++ == 0)
		(void)fprintf(stderr, "hall_load: node %td: %s after %" PRIu64 " bytes\n",
			c - run.nodes, why, c->received);
}

static void ask_later(struct node *c)
{
	hang_up(c);
	c->state = SLEEPING;
	c->wake_ms = clock_mono_ms() + run.wait_ms;
}

static void ask(struct node *c)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
	struct sockaddr_in own = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(run.first_address + (uint32_t)(c - run.nodes))};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	c->state = ASKING;
	c->n_head = c->sent = 0;
	c->received = 0;
	c->tries++;
	if (!c->asked_ms)
		c->asked_ms = clock_mono_ms();
	if (c->fd < 0 || epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		load_die("socket");
	if (run.first_address && bind(c->fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		load_die("bind");
	if (connect(c->fd, (const struct sockaddr *)&run.server, sizeof(run.server)) < 0 &&
		errno != EINPROGRESS)
		load_die("connect");
}

/* How many that had asked before it have not begun yet. */
static void note_order(const struct node *c)
{
	unsigned before = 0;

	for (unsigned i = 0; i < run.n; i++)
		before += run.nodes[i].asked_ms && run.nodes[i].asked_ms < c->asked_ms &&
			  (run.nodes[i].state == SLEEPING || run.nodes[i].state == ASKING);
	if (before > run.late)
		run.late = before;
}

static void take_head(struct node *c, const char *end)
{
	char *at;

	if (strncmp(c->head, "HTTP/1.1 503", 12) == 0) {
		run.told++;
		ask_later(c);
		return;
	}
	at = strcasestr(c->head, "\r\nContent-Length:");
	if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || !at) {
		finish(c, FAILED, "another answer");
		return;
	}
	c->length = strtoull(at + 17, NULL, 10);
	c->state = LOADING;
	c->began_ms = clock_mono_ms();
	run.began++;
	note_order(c);
	c->received = c->n_head - (size_t)(end - c->head);
	if (run.checked > (unsigned)(c - run.nodes) &&
		(c->received > run.size || memcmp(end, run.original, c->received) != 0))
		finish(c, FAILED, "wrong data");
}

static void read_head(struct node *c)
{
	ssize_t n = recv(c->fd, c->head + c->n_head, sizeof(c->head) - 1 - c->n_head, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (++c->refused > REFUSED_MAX)
			finish(c, FAILED, "no answer");
		else
			ask_later(c);
		return;
	}
	c->n_head += (size_t)n;
	c->head[c->n_head] = '\0';
	const char *end = strstr(c->head, "\r\n\r\n");
	if (end)
		take_head(c, end + 4);
	else if (c->n_head == sizeof(c->head) - 1)
		finish(c, FAILED, "too long a head");
}

static void read_body(struct node *c)
{
	bool is_checked = run.checked > (unsigned)(c - run.nodes);
	ssize_t n = recv(c->fd, run.buf, CHUNK, is_checked ? 0 : MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		finish(c, FAILED, "connection lost");
		return;
	}
	if (is_checked && (c->received + (uint64_t)n > run.size ||
				  memcmp(run.original + c->received, run.buf, (size_t)n) != 0)) {
		finish(c, FAILED, "wrong data");
		return;
	}
	c->received += (uint64_t)n;
	run.bytes += (uint64_t)n;
	if (run.drop == (unsigned)(c - run.nodes) + 1)
		finish(c, DROPPED, NULL);
}

static void on_ready(struct node *c)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

	if (c->state == ASKING && c->sent == 0) {
		ssize_t n = send(c->fd, run.request, strlen(run.request), MSG_NOSIGNAL);

		if (n != (ssize_t)strlen(run.request)) {
			if (n < 0 && errno == EAGAIN)
				return;
			if (++c->refused > REFUSED_MAX)
				finish(c, FAILED, "no connection");
			else
				ask_later(c);
			return;
		}
		c->sent = (size_t)n;
		(void)epoll_ctl(run.epoll, EPOLL_CTL_MOD, c->fd, &ev);
		return;
	}
	if (c->state == ASKING)
		read_head(c);
	else if (c->state == LOADING)
		read_body(c);
	if (c->state == LOADING && c->received == c->length)
		finish(c, c->length == run.size ? DONE : FAILED, "another length");
}

static void wake(int64_t now)
{
	for (unsigned i = 0; i < run.n; i++) {
		struct node *c = &run.nodes[i];

		if ((c->state == OFF || c->state == SLEEPING) && c->wake_ms <= now)
			ask(c);
	}
}

static void print_result(int64_t began, int64_t took)
{
	int64_t first = INT64_MAX, last = 0, longest = 0, sum = 0;

	for (unsigned i = 0; i < run.n; i++) {
		const struct node *c = &run.nodes[i];

		if (c->state != DONE)
			continue;
		first = c->done_ms < first ? c->done_ms : first;
		last = c->done_ms > last ? c->done_ms : last;
		longest = c->done_ms - c->began_ms > longest ? c->done_ms - c->began_ms : longest;
		sum += c->done_ms - began;
	}
	printf("{\"seconds\": %.3f, \"done\": %u, \"failed\": %u, \"told\": %u, \"bytes\": %" PRIu64
	       ", \"mib_per_s\": %.1f, \"first_s\": %.3f, \"last_s\": %.3f, \"mean_s\": %.3f, "
	       "\"longest_load_s\": %.3f, \"late\": %u}\n",
		(double)took / 1000, run.done, run.failed, run.told, run.bytes,
		(double)run.bytes / 1048576 / ((double)(took ? took : 1) / 1000),
		run.done ? (double)(first - began) / 1000 : 0, (double)(last - began) / 1000,
		run.done ? (double)sum / run.done / 1000 : 0, (double)longest / 1000, run.late);
}

static void parse(int argc, char **argv)
{
	char host[64] = "";
	int opt;

	while ((opt = getopt(argc, argv, "n:a:w:g:c:d:")) != -1) {
		unsigned v = (unsigned)strtoul(optarg ? optarg : "0", NULL, 10);

		switch (opt) {
		case 'n':
			run.n = v;
			break;
		case 'a':
			run.first_address = ntohl(inet_addr(optarg));
			break;
		case 'w':
			run.wait_ms = v;
			break;
		case 'g':
			run.gap_ms = v;
			break;
		case 'c':
			run.checked = v;
			break;
		case 'd':
			run.drop = v;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3 || run.n == 0) {
		(void)fprintf(stderr,
			"usage: hall_load SERVER[:PORT] PATH ORIGINAL [-n NODES] [-a ADDRESS] [-w "
			"WAIT_MS] [-g GAP_MS] [-c CHECKED] [-d DROP]\n");
		exit(2);
	}
	(void)snprintf(host, sizeof(host), "%s", argv[optind]);
	char *colon = strchr(host, ':');
	unsigned port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 80;
	if (colon)
		*colon = '\0';
	run.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, host, &run.server.sin_addr) != 1)
		load_die(host);
	(void)snprintf(run.request, sizeof(run.request), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
		argv[optind + 1], host);
	run.original = load_file(argv[optind + 2], &run.size);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];

	parse(argc, argv);
	run.epoll = epoll_create1(0);
	run.nodes = calloc(run.n, sizeof(*run.nodes));
	if (!run.nodes || run.epoll < 0)
		load_die("hall_load");
	int64_t began = clock_mono_ms(), looked = 0;
	for (unsigned i = 0; i < run.n; i++) {
		run.nodes[i].fd = -1;
		run.nodes[i].wake_ms = began + run.gap_ms * i;
	}
	run.left = run.n;
	while (run.left > 0) {
		int n = epoll_wait(run.epoll, events, EVENTS, 5);
		int64_t now = clock_mono_ms();

		for (int i = 0; i < n; i++)
			on_ready(events[i].data.ptr);
		if (now - looked < 5)
			continue;
		looked = now;
		wake(now);
	}
	print_result(began, clock_mono_ms() - began);
	free(run.nodes);
	return run.failed > 0;
}
