#include "netboot/join/health.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "netboot/join/units.h"
#include "provisioner/base/mem.h"

#define DEADLINE_MS 2000
#define POLL_MS 20
#define OUTPUT_MAX 16384

static const struct {
	const char *argv[6];
	void (*read)(const char *text, size_t len, struct units *ret);
} questions[] = {
	{{"systemctl", "is-system-running", NULL}, units_read_system},
	{{"systemctl", "list-units", "--failed", "--plain", "--no-legend", NULL},
		units_read_failed},
};

struct health {
	struct event_base *base;
	health_handler *handle;
	void *arg;
	struct units units;

	size_t question; /* ARRAY_LEN(questions): none */
	pid_t pid;
	int out;
	int polls; /* how often we looked since its output ended */
	struct event *readable, *timer;
	char text[OUTPUT_MAX];
	size_t len;
};

static void ask_next(struct health *h);

static void set_timer(struct health *h, int ms)
{
	struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L};

	(void)evtimer_add(h->timer, &wait);
}

static void stop_reading(struct health *h)
{
	if (h->readable)
		event_free(h->readable);
	h->readable = NULL;
	close_p(&h->out);
	h->out = -1;
}

/* Ends the child for certain: SIGKILL can't be refused, so this wait is short. */
static void end_child(struct health *h)
{
	if (h->pid > 0) {
		(void)kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	h->pid = 0;
}

static void answered(struct health *h)
{
	questions[h->question].read(h->text, h->len, &h->units);
	h->question++;
	ask_next(h);
}

/* A systemd that does not answer one question will not answer the next. */
static void give_up(struct health *h)
{
	end_child(h);
	stop_reading(h);
	h->units = (struct units){.system = "unknown"};
	h->question = ARRAY_LEN(questions);
	ask_next(h);
}

/* The output has ended (or nothing could be run): the child ends any moment now. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;

	(void)fd, (void)what;
	if (h->pid > 0 && h->out >= 0) { /* the deadline */
		give_up(h);
		return;
	}
	if (h->pid > 0 && waitpid(h->pid, NULL, WNOHANG) == 0) {
		if (++h->polls * POLL_MS < DEADLINE_MS)
			set_timer(h, POLL_MS);
		else
			give_up(h);
		return;
	}
	h->pid = 0;
	answered(h);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;
	ssize_t n = read((int)fd, h->text + h->len, sizeof(h->text) - h->len);

	(void)what;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		h->len += (size_t)n;
		if (h->len < sizeof(h->text))
			return;
	}
	stop_reading(h); /* whoever writes more than this meets a closed pipe */
	h->polls = 0;
	set_timer(h, 0);
}

/* An environment of our own: no pager, no colours, no translation, nothing of the token. */
static int spawn(pid_t *ret_pid, int out, const char *const argv[])
{
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		"SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawnattr_init(&attributes);
	int rc = posix_spawnattr_setsigmask(&attributes, &none);
	if (rc == 0)
		rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
			&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
			&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (rc == 0) {
		char *args[ARRAY_LEN(questions[0].argv)], *envs[ARRAY_LEN(env)];

		/* posix_spawn() takes pointers to char that it does not write through. */
		memcpy(args, argv, sizeof(args));
		memcpy(envs, env, sizeof(envs));
		rc = posix_spawnp(ret_pid, argv[0], &files, &attributes, args, envs);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	return -rc;
}

static int start(struct health *h, const char *const argv[])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	AUTO(close_p) int in = ends[1];
	h->out = ends[0];
	(void)fcntl(h->out, F_SETFL, O_NONBLOCK);
	int rc = spawn(&h->pid, in, argv);
	if (rc < 0) {
		h->pid = 0;
		stop_reading(h);
		return rc;
	}
	h->readable = event_new(h->base, h->out, EV_READ | EV_PERSIST, on_readable, h);
	assert(h->readable);
	(void)event_add(h->readable, NULL);
	return 0;
}

static void ask_next(struct health *h)
{
	if (h->question == ARRAY_LEN(questions)) {
		(void)evtimer_del(h->timer);
		h->handle(h->arg, &h->units);
		return;
	}
	h->len = 0;
	set_timer(h, start(h, questions[h->question].argv) < 0 ? 0 : DEADLINE_MS);
}

struct health *health_new(struct event_base *base, health_handler *handle, void *arg)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->base = base;
	h->handle = handle;
	h->arg = arg;
	h->question = ARRAY_LEN(questions);
	h->out = -1;
	h->timer = evtimer_new(base, on_timer, h);
	assert(h->timer);
	return h;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	end_child(h);
	stop_reading(h);
	event_free(h->timer);
	free(h);
}

void health_ask(struct health *h)
{
	if (h->question < ARRAY_LEN(questions))
		return;
	h->question = 0;
	h->units = (struct units){.system = "unknown"};
	ask_next(h);
}
