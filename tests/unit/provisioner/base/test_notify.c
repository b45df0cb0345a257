#include "provisioner/base/notify.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

/* A socket bound to an abstract address of its own, as systemd's may be. */
static int listen_at(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(at.sun_path + 1, name, strlen(name));
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&at,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
		0);
	return fd;
}

TEST(the_lines_arrive_at_the_socket_that_is_named)
{
	AUTO(close_p) int fd = listen_at("slipway-test-notify");
	char got[64] = "";

	assert_int_equal(setenv("NOTIFY_SOCKET", "@slipway-test-notify", 1), 0);
	notify_send("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_string_equal(got, "READY=1");
}

TEST(without_a_usable_socket_nothing_happens)
{
	static const char *const paths[] = {"", "@", "relative", "/nonexistent/socket"};
	AUTO(close_p) int fd = listen_at("slipway-test-notify");
	char got[64];

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(setenv("NOTIFY_SOCKET", paths[i], 1), 0);
		notify_send("READY=1");
	}
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	notify_send("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
}

RUN(t(the_lines_arrive_at_the_socket_that_is_named), t(without_a_usable_socket_nothing_happens))
