#include "dhcpd/prober.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "dhcpd/arp.h"
#include "dhcpd/icmp.h"
#include "provisioner/base/clock.h"

#define AT_ONCE 256 /* probes ended, or answers read, before others have their turn */
#define PACKET_SIZE 576

struct prober {
	struct capture *capture;
	int echo_fd;
	uint16_t echo_id;
	struct probe_table *probes;
	struct event *timer, *echoed;
	const struct prober_calls *calls;
	void *arg;
};

/* Its filter lets answers to echo requests through and nothing else. */
static int open_echo(const char *interface, struct err *e)
{
	struct icmp_filter replies = {.data = ~(1u << ICMP_ECHOREPLY)};
	AUTO(close_p)
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);

	if (fd < 0 || setsockopt(fd, SOL_RAW, ICMP_FILTER, &replies, sizeof(replies)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			(socklen_t)strlen(interface)) < 0)
		return err_msg(
			e, -errno, "ICMP on interface \"%s\": %s", interface, strerror(errno));
	return TAKE_FD(fd);
}

struct prober *prober_open(const char *interface, struct capture *capture,
	const struct prober_calls *calls, void *arg, struct err *e)
{
	struct prober *p;
	uint16_t id;
	int fd = open_echo(interface, e);

	if (fd < 0)
		return NULL;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		(void)err_msg(e, -EIO, "no random numbers: %s", strerror(errno));
		close_p(&fd);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->capture = capture;
	p->echo_fd = fd;
	p->echo_id = id;
	p->probes = probe_table_new();
	p->calls = calls;
	p->arg = arg;
	return p;
}

/* The timer is set for the first probe to end, if it is not set already; too early does no harm. */
static void arm(struct prober *p)
{
	int64_t next_ms = probe_next_ms(p->probes);

	if (next_ms == PROBE_NEVER || evtimer_pending(p->timer, NULL))
		return;
	int64_t left_ms = next_ms - clock_mono_ms();
	if (left_ms < 0)
		left_ms = 0;
	struct timeval after = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
	(void)evtimer_add(p->timer, &after);
}

static void end(struct prober *p, struct probe *probe)
{
	(void)probe_take(p->probes, probe);
	p->calls->over(p->arg, probe);
	probe_free(probe);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct prober *p = arg;
	struct probe *due;

	(void)fd, (void)what;
	for (int i = 0; i < AT_ONCE && (due = probe_due(p->probes, clock_mono_ms())); i++)
		end(p, due);
	p->calls->flush(p->arg);
	arm(p);
}

static void on_answer(struct prober *p, uint32_t address, const struct mac *holder)
{
	struct probe *probe = probe_by_address(p->probes, address);

	if (!probe || !p->calls->is_taken(p->arg, probe, holder))
		return;
	probe->tries++;
	end(p, probe);
}

void prober_hear(struct prober *p, struct rd packet)
{
	struct arp_answer a;

	if (arp_read_answer(packet, &a))
		on_answer(p, a.address, &a.mac);
}

static void on_echo(evutil_socket_t fd, short what, void *arg)
{
	struct prober *p = arg;
	uint8_t bytes[PACKET_SIZE];
	uint32_t from;

	(void)what;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0)
			break;
		if (icmp_read_answer(bytes, (size_t)n, p->echo_id, &from))
			on_answer(p, from, NULL);
	}
	p->calls->flush(p->arg);
	arm(p);
}

void prober_start(struct prober *p, struct event_base *base)
{
	p->timer = evtimer_new(base, on_timer, p);
	p->echoed = event_new(base, p->echo_fd, EV_READ | EV_PERSIST, on_echo, p);
	assert(p->timer && p->echoed);
	(void)event_add(p->echoed, NULL);
}

static int send_arp(const struct prober *p, uint32_t address)
{
	uint8_t bytes[ARP_FRAME_SIZE];
	struct wr w = wr_init(bytes, sizeof(bytes));

	arp_build_probe(capture_mac(p->capture), address, &w);
	return capture_send(p->capture, bytes, w.len);
}

static int send_echo(const struct prober *p, uint32_t address)
{
	uint8_t bytes[ICMP_ECHO_SIZE];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct sockaddr_in to = ipv4_sockaddr(address, 0);

	icmp_build_echo(p->echo_id, (uint16_t)address, &w);
	ssize_t n = sendto(p->echo_fd, bytes, w.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		(struct sockaddr *)&to, sizeof(to));
	return n == (ssize_t)w.len ? 0 : -EIO;
}

int prober_ask(struct prober *p, const struct probe_order *o)
{
	struct probe *probe = probe_by_address(p->probes, o->address);
	int rc = 0;

	if (!probe) {
		probe = probe_begin(p->probes, o->address, clock_mono_ms() + o->timeout_ms);
		rc = o->is_local ? send_arp(p, o->address) : send_echo(p, o->address);
		arm(p);
	}
	if (o->tries > probe->tries)
		probe->tries = o->tries;
	probe->asker = o->asker;
	probe_keep(probe, o->request);
	return rc;
}

const struct probe_table *prober_table(const struct prober *p)
{
	return p->probes;
}

void prober_free(struct prober *p)
{
	if (!p)
		return;
	if (p->timer)
		event_free(p->timer);
	if (p->echoed)
		event_free(p->echoed);
	probe_table_free(p->probes);
	close_p(&p->echo_fd);
	free(p);
}
