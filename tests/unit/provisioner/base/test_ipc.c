#include "tests/unit/test.h"

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"

enum { TYPE_NUMBER = 1, TYPE_FILE, TYPE_EMPTY, TYPE_LARGE, TYPE_LIST };

struct number {
	uint32_t n;
	char text[8];
};

struct large {
	char bytes[IPC_PAYLOAD_MAX];
};

/* One side of a pair is a channel, the other a bare socket in the hands of the test. */
static struct event_base *base;
static struct ipc *channel;
static int peer;
static struct {
	unsigned numbers, files, empties, larges, reads, numbers_at_read;
	uint32_t last;
	int fd;
} seen;

static void on_number(void *arg, const void *payload, int fd)
{
	struct number n;

	(void)arg;
	memcpy(&n, payload, sizeof(n));
	assert_true(n.n == 0 || n.n == seen.last + 1); /* in order */
	seen.last = n.n;
	seen.numbers++;
	assert_int_equal(fd, -1);
}

static void on_file(void *arg, const void *payload, int fd)
{
	(void)arg, (void)payload;
	seen.files++;
	close_p(&seen.fd);
	seen.fd = fd;
}

static void on_empty(void *arg, const void *payload, int fd)
{
	(void)arg, (void)payload, (void)fd;
	seen.empties++;
}

static void on_large(void *arg, const void *payload, int fd)
{
	(void)arg, (void)payload, (void)fd;
	seen.larges++;
}

static const struct ipc_kind kinds[] = {
	{TYPE_NUMBER, sizeof(struct number), on_number, .takes_fd = false},
	{TYPE_FILE, sizeof(struct number), on_file, .takes_fd = true},
	{TYPE_EMPTY, 0, on_empty, .takes_fd = false},
	{TYPE_LARGE, sizeof(struct large), on_large, .takes_fd = false},
	{TYPE_LIST, sizeof(struct number), on_number, .is_list = true},
};

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	base = event_base_new();
	assert_non_null(base);
	peer = pair[1];
	channel = ipc_new(base, pair[0], "peer", kinds, ARRAY_LEN(kinds), NULL);
	memset(&seen, 0, sizeof(seen));
	seen.fd = -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ipc_free(channel);
	event_base_free(base);
	close_p(&peer);
	close_p(&seen.fd);
	return 0;
}

static void turn(void)
{
	assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* Raw bytes from the peer, with `n_fds` copies of a descriptor. */
static void send_raw(const void *data, size_t len, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {0};
	struct iovec iov = {.iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[8];

	memcpy(&iov.iov_base, &data, sizeof(data));
	for (size_t i = 0; i < n_fds; i++)
		fds[i] = peer;
	if (n_fds > 0) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(peer, &m, 0), (ssize_t)len);
}

struct framed {
	uint16_t type, size;
	struct number body;
};

TEST(message_reaches_its_handler)
{
	const struct framed m = {TYPE_NUMBER, sizeof(struct number), {.n = 0}};
	const uint16_t empty[2] = {TYPE_EMPTY, 0};

	send_raw(&m, sizeof(m), 0);
	send_raw(empty, sizeof(empty), 0);
	turn();
	assert_int_equal(seen.numbers, 1);
	assert_int_equal(seen.empties, 1);
}

static void on_read(void *arg)
{
	(void)arg;
	seen.reads++;
	seen.numbers_at_read = seen.numbers;
}

TEST(who_asks_is_told_when_all_of_a_wake_up_is_handled)
{
	static const struct {
		uint16_t type, size;
		struct number number;
	} m = {TYPE_NUMBER, sizeof(struct number), {0, "zero"}};

	ipc_on_read(channel, on_read);
	send_raw(&m, 4 + sizeof(struct number), 0);
	send_raw(&m, 4 + sizeof(struct number), 0);
	turn();
	assert_int_equal(seen.reads, 1);
	assert_int_equal(seen.numbers_at_read, 2);
}

TEST(malformed_message_is_dropped_and_the_next_one_read)
{
	static const struct {
		struct framed m;
		size_t len;
	} rows[] = {
		{{99, sizeof(struct number), {0}}, sizeof(struct framed)}, /* unknown */
		{{0, 0, {0}}, 4},                                          /* unknown, empty */
		{{TYPE_NUMBER, sizeof(struct number), {0}}, sizeof(struct framed) - 1}, /* short */
		{{TYPE_NUMBER, 3, {0}}, sizeof(struct framed)}, /* says another size */
		{{TYPE_NUMBER, sizeof(struct number), {0}}, 4}, /* a header alone */
		{{TYPE_NUMBER, sizeof(struct number), {0}}, 3}, /* half a header */
		{{TYPE_EMPTY, 0, {0}}, 5},                      /* one byte too many */
		{{TYPE_NUMBER, 0, {0}}, 0},                     /* nothing at all */
	};
	const struct framed good = {TYPE_NUMBER, sizeof(struct number), {.n = 0}};
	int fds = count_fds();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		send_raw(&rows[i].m, rows[i].len, 1);
		send_raw(&good, sizeof(good), 0);
		turn();
		assert_int_equal(seen.numbers, i + 1);
	}
	assert_int_equal(count_fds(), fds);
}

TEST(list_is_handed_over_one_by_one_and_in_order)
{
	const struct {
		uint16_t type, size;
		struct number body[3];
	} m = {TYPE_LIST, sizeof(m.body), {{.n = 0}, {.n = 1}, {.n = 2}}};
	int fds = count_fds();

	send_raw(&m, sizeof(m), 1);
	turn();
	assert_int_equal(seen.numbers, 3);
	assert_int_equal(seen.last, 2);
	assert_int_equal(count_fds(), fds);
}

TEST(list_with_a_part_of_a_struct_or_none_is_dropped)
{
	const struct {
		uint16_t type, size;
		struct number body[2];
	} m = {TYPE_LIST, sizeof(struct number) + 5, {{.n = 0}, {.n = 1}}};
	const uint16_t none[2] = {TYPE_LIST, 0};

	send_raw(&m, 4 + sizeof(struct number) + 5, 0);
	send_raw(none, sizeof(none), 0);
	turn();
	assert_int_equal(seen.numbers, 0);
}

TEST(message_longer_than_the_largest_is_dropped)
{
	static char data[sizeof(struct large) + 5];
	const uint16_t header[2] = {TYPE_LARGE, sizeof(struct large)};

	memcpy(data, header, sizeof(header));
	send_raw(data, sizeof(data), 0);
	turn();
	assert_int_equal(seen.larges, 0);
	send_raw(data, sizeof(data) - 1, 0);
	turn();
	assert_int_equal(seen.larges, 1);
}

TEST(no_message_leaves_a_descriptor_open)
{
	const struct framed number = {TYPE_NUMBER, sizeof(struct number), {0}};
	const struct framed unknown = {99, sizeof(struct number), {0}};
	int fds = count_fds();

	for (size_t n = 1; n <= 8; n++) {
		send_raw(&number, sizeof(number), n); /* its kind takes none */
		send_raw(&unknown, sizeof(unknown), n);
		turn();
		assert_int_equal(count_fds(), fds);
	}
	assert_int_equal(seen.numbers, 8);
}

TEST(one_descriptor_arrives_even_when_more_are_sent)
{
	const struct framed m = {TYPE_FILE, sizeof(struct number), {0}};
	int fds = count_fds();

	send_raw(&m, sizeof(m), 0);
	turn();
	assert_int_equal(seen.fd, -1);
	send_raw(&m, sizeof(m), 1);
	turn();
	assert_int_equal(fcntl(seen.fd, F_GETFD), FD_CLOEXEC);
	send_raw(&m, sizeof(m), 8);
	turn();
	assert_int_equal(seen.files, 3);
	assert_int_equal(count_fds(), fds + 1);
}

static bool left_the_loop(void)
{
	return event_base_got_exit(base);
}

TEST(empty_message_does_not_stop_the_process_but_a_hang_up_does)
{
	send_raw("", 0, 0);
	turn();
	assert_false(left_the_loop());
	close_p(&peer);
	turn();
	assert_true(left_the_loop());
}

TEST(what_was_sent_before_the_hang_up_is_still_read)
{
	const struct framed m = {TYPE_NUMBER, sizeof(struct number), {0}};

	send_raw(&m, sizeof(m), 0);
	close_p(&peer);
	turn();
	assert_int_equal(seen.numbers, 1);
	assert_true(left_the_loop());
}

TEST(sender_queues_what_the_socket_does_not_take_and_keeps_the_order)
{
	enum { N = 5000 };
	struct framed got;
	uint32_t next = 0;

	for (uint32_t i = 0; i < N; i++) {
		struct number n = {.n = i};

		assert_int_equal(ipc_send(channel, TYPE_NUMBER, &n, sizeof(n), -1), 0);
	}
	for (int turns = 0; turns < N && next < N; turns++) {
		while (recv(peer, &got, sizeof(got), 0) == sizeof(got)) {
			assert_int_equal(got.type, TYPE_NUMBER);
			assert_int_equal(got.body.n, next);
			next++;
		}
		turn();
	}
	assert_int_equal(next, N);
}

TEST(queued_descriptor_belongs_to_the_queue)
{
	int fds = count_fds(), file = memfd_sealed("x", "x", 1);
	static const struct large filler;
	struct number n = {0};

	/* A full socket first, so that the file has to wait. */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ipc_send(channel, TYPE_LARGE, &filler, sizeof(filler), -1), 0);
	assert_int_equal(ipc_send(channel, TYPE_FILE, &n, sizeof(n), file), 0);
	close_p(&file);
	assert_int_equal(count_fds(), fds + 1);
	ipc_free(channel);
	channel = NULL;
	assert_int_equal(count_fds(), fds - 1); /* the channel's own end is gone as well */
}

TEST(peer_that_does_not_read_fills_a_bounded_queue)
{
	static const struct large filler;
	int rc = 0, n = 0;

	for (; rc == 0 && n < 20000; n++)
		rc = ipc_send(channel, TYPE_LARGE, &filler, sizeof(filler), -1);
	assert_int_equal(rc, -ENOBUFS);
	assert_in_range(n, 1900, 2300); /* 32 MiB */
}

TEST(queue_ends_where_it_was_told_to)
{
	static const struct large filler;
	int rc = 0, n = 0;

	ipc_limit_queue(channel, 10 * sizeof(filler));
	for (; rc == 0 && n < 20000; n++)
		rc = ipc_send(channel, TYPE_LARGE, &filler, sizeof(filler), -1);
	assert_int_equal(rc, -ENOBUFS);
	assert_in_range(n, 10, 100); /* and what the socket holds */
}

TEST(sending_to_a_peer_that_is_gone_says_so)
{
	struct number n = {0};

	close_p(&peer);
	assert_int_equal(ipc_send(channel, TYPE_NUMBER, &n, sizeof(n), -1), -EPIPE);
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest cases[] = {T(message_reaches_its_handler),
		T(who_asks_is_told_when_all_of_a_wake_up_is_handled),
		T(malformed_message_is_dropped_and_the_next_one_read),
		T(list_is_handed_over_one_by_one_and_in_order),
		T(list_with_a_part_of_a_struct_or_none_is_dropped),
		T(message_longer_than_the_largest_is_dropped),
		T(no_message_leaves_a_descriptor_open),
		T(one_descriptor_arrives_even_when_more_are_sent),
		T(empty_message_does_not_stop_the_process_but_a_hang_up_does),
		T(what_was_sent_before_the_hang_up_is_still_read),
		T(sender_queues_what_the_socket_does_not_take_and_keeps_the_order),
		T(queued_descriptor_belongs_to_the_queue),
		T(peer_that_does_not_read_fills_a_bounded_queue),
		T(queue_ends_where_it_was_told_to), T(sending_to_a_peer_that_is_gone_says_so)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL);
}
