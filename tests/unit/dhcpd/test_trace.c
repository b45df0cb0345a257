#include "tests/unit/test.h"

#include <event2/event.h>
#include <sys/socket.h>

#include "dhcpd/trace.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"

static const struct mac wanted = {{2, 0, 0, 0, 0, 1}}, other = {{2, 0, 0, 0, 0, 2}};

static struct trace trace;
static struct message_frame got;
static unsigned n_got;

static void on_frame(void *arg, const void *payload, int fd)
{
	(void)arg, (void)fd;
	memcpy(&got, payload, sizeof(got));
	n_got++;
}

/* A channel whose other end is read only when a case says so. */
struct channel {
	struct event_base *base;
	struct ipc *ours, *theirs;
	int fd;
};

static struct channel channel_new(void)
{
	struct channel c = {.base = event_base_new()};
	int pair[2];

	log_init("test", LOG_LEVEL_ERROR);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	c.ours = ipc_new(c.base, pair[0], "peer", NULL, 0, NULL);
	c.fd = pair[1];
	memset(&trace, 0, sizeof(trace));
	n_got = 0;
	return c;
}

static void read_all(struct channel *c)
{
	static const struct ipc_kind kinds[] = {
		{MESSAGE_FRAME, sizeof(struct message_frame), on_frame, .takes_fd = false}};
	unsigned before;

	if (!c->theirs)
		c->theirs = ipc_new(c->base, c->fd, "peer", kinds, 1, NULL);
	do {
		before = n_got;
		(void)event_base_loop(c->base, EVLOOP_NONBLOCK);
	} while (n_got != before || ipc_waiting(c->ours) > 0);
}

static void channel_done(struct channel *c)
{
	ipc_free(c->ours);
	if (c->theirs)
		ipc_free(c->theirs);
	else
		close_p(&c->fd);
	event_base_free(c->base);
}

static void send_of(struct channel *c, const struct mac *mac, uint32_t address, size_t len)
{
	static const uint8_t bytes[3000] = {0xff};

	trace.frame.mac = *mac;
	trace.frame.address = address;
	trace_send(&trace, c->ours, bytes, len);
}

TEST(nothing_is_sent_while_nobody_looks)
{
	struct channel c = channel_new();

	assert_false(trace_is_on(&trace));
	send_of(&c, &wanted, 5, 100);
	read_all(&c);
	assert_int_equal(n_got, 0);
	channel_done(&c);
}

TEST(only_packets_of_the_machines_asked_for_are_sent)
{
	struct message_trace what = {.is_on = 1, .address = 5, .n_macs = 1, .macs = {wanted}};
	struct channel c = channel_new();

	trace_set(&trace, &what);
	send_of(&c, &other, 6, 100);
	send_of(&c, &other, 0, 100);
	read_all(&c);
	assert_int_equal(n_got, 0);
	send_of(&c, &wanted, 0, 100);
	send_of(&c, &other, 5, 100);
	read_all(&c);
	assert_int_equal(n_got, 2);
	what.is_all = 1;
	trace_set(&trace, &what);
	send_of(&c, &other, 6, 100);
	read_all(&c);
	assert_int_equal(n_got, 3);
	channel_done(&c);
}

TEST(more_machines_than_a_message_holds_are_not_believed)
{
	struct message_trace what = {.is_on = 1, .n_macs = UINT32_MAX};
	struct channel c = channel_new();

	trace_set(&trace, &what);
	assert_false(trace_wants(&trace, &wanted, 0));
	channel_done(&c);
}

TEST(a_frame_that_is_too_long_is_cut)
{
	struct message_trace what = {.is_on = 1, .is_all = 1};
	struct channel c = channel_new();

	trace_set(&trace, &what);
	send_of(&c, &wanted, 0, 3000);
	read_all(&c);
	assert_int_equal(got.len, MESSAGE_FRAME_SIZE);
	channel_done(&c);
}

TEST(what_nobody_reads_is_left_out_and_counted)
{
	struct message_trace what = {.is_on = 1, .is_all = 1};
	struct channel c = channel_new();
	const unsigned n = 20000;

	trace_set(&trace, &what);
	for (unsigned i = 0; i < n; i++)
		send_of(&c, &wanted, 0, 342);
	assert_true(ipc_waiting(c.ours) <= TRACE_WAITING_MAX + 2 * sizeof(struct message_frame));
	assert_true(trace.n_lost > 0);
	unsigned lost = trace.n_lost;
	trace_tell_lost(&trace, c.ours); /* nobody reads: not now */
	assert_int_equal(trace.n_lost, lost);
	read_all(&c);
	assert_int_equal(n_got + lost, n);
	trace_tell_lost(&trace, c.ours);
	read_all(&c);
	assert_int_equal(got.n_lost, lost);
	assert_int_equal(got.len, 0);
	assert_int_equal(trace.n_lost, 0);
	channel_done(&c);
}

RUN(t(nothing_is_sent_while_nobody_looks), t(only_packets_of_the_machines_asked_for_are_sent),
	t(more_machines_than_a_message_holds_are_not_believed), t(a_frame_that_is_too_long_is_cut),
	t(what_nobody_reads_is_left_out_and_counted))
