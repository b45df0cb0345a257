/* The netboot process as a wire test runs it: this program opens the sockets as the supervisor does,
 * locks the worker in as the supervisor does, and plays the provisioner.
 *
 *   netboot_host ADDRESS IMAGES FIRMWARE AGENT
 *
 * A verifier runs beside the worker, and has looked at IMAGES before the worker starts.
 * /boot.ipxe is answered with a script, /later with 503, /never with 404, /silent not at all. What
 * TFTP's grub.cfg of any machine is answered, pxelinux.cfg of none (404), and a Raspberry Pi's later (503). What
 * the worker reports goes to stdout, a line each. NETBOOT_TRANSFERS says how many load images at a time. With NETBOOT_SINGLE_PORT set, TFTP has one port. SIGUSR1 stops the provisioner's reading. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netboot/images/verdicts.h"
#include "netboot/images/verifier.h"
#include "netboot/server/server.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/messages/messages.h"

#define NOBODY 65534
#define TLS_BYTES_MAX 32768
#define BACKLOG 512
#define RECEIVE_BYTES (4 << 20)
#define TFTP_PORT 69
#define HTTP_PORT 80
#define HTTPS_PORT 443

static int open_socket(int type, uint32_t address, uint16_t port)
{
	struct sockaddr_in sa = ipv4_sockaddr(address, port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){RECEIVE_BYTES}, sizeof(int)) <
			0 || /* as the supervisor does */
		bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
		(type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
		perror("netboot_host: socket");
		exit(EXIT_FAILURE);
	}
	return fd;
}

#define WAIT_STEPS 1000
#define WAIT_STEP_US 10000

static pid_t start_verifier(const char *images, const char *verdicts)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ||
		(pid = fork()) < 0)
		exit(EXIT_FAILURE);
	if (pid > 0)
		return pid; /* nobody reads what it tells: that must not stop it */
	log_init("verifier", LOG_LEVEL_WARN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(verifier_run(&(struct verifier_options){.provisioner_fd = pair[1],
		.images_dir = dir_open(images),
		.verdicts_dir = dir_open(verdicts)}));
}

/* Until nothing is pending any more. */
static void wait_for_verdicts(const char *folder)
{
	AUTO(close_p) int dir = dir_open(folder);

	for (int i = 0; i < WAIT_STEPS; i++) {
		AUTO(free_p) char *text = NULL;
		size_t len;

		if (file_read(dir, VERDICTS_NAME, VERDICTS_BYTES_MAX, &text, &len) == 0 &&
			!strstr(text, "image pending"))
			return;
		(void)usleep(WAIT_STEP_US);
	}
	(void)fputs("netboot_host: the images were not verified\n", stderr);
	exit(EXIT_FAILURE);
}

static int worker(char **argv, int provisioner_fd, const char *verdicts)
{
	const char *const read_dirs[] = {argv[2], argv[3], argv[4], verdicts, NULL};
	const struct sandbox box = {.uid = NOBODY, .gid = NOBODY, .read_dirs = read_dirs};
	struct netboot_options o = {
		.provisioner_fd = provisioner_fd,
		.images_dir = dir_open(argv[2]),
		.firmware_dir = dir_open(argv[3]),
		.agent_dir = dir_open(argv[4]),
		.verdicts_dir = dir_open(verdicts),
		.tftp_single_port = getenv("NETBOOT_SINGLE_PORT") != NULL,
	};
	uint32_t address;
	struct err e;

	if (ipv4_parse(argv[1], &address) < 0 || o.images_dir < 0 || o.firmware_dir < 0 ||
		o.agent_dir < 0)
		return EXIT_FAILURE;
	o.tftp_fd = open_socket(SOCK_DGRAM, address, TFTP_PORT);
	o.http_fd = open_socket(SOCK_STREAM, address, HTTP_PORT);
	o.https_fd = getenv("NETBOOT_TLS") ? open_socket(SOCK_STREAM, address, HTTPS_PORT) : -1;
	log_init("netboot", getenv("NETBOOT_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	int reader = reader_fork(o.readers);
	if (reader < 0)
		return EXIT_FAILURE;
	if (sandbox_enter(&box, &e) < 0) {
		err_print(&e, stderr);
		return EXIT_FAILURE;
	}
	return reader > 0 ? reader_run(reader) : netboot_run(&o);
}

struct host {
	struct ipc *worker;
	struct event_base *base;
};

/* NETBOOT_TLS is a PEM file, as the operator may give one. */
static void give_tls(const struct host *h)
{
	const struct message_netboot_tls m = {0};
	AUTO(free_p) char *pem = NULL;
	size_t len;

	if (!getenv("NETBOOT_TLS") ||
		file_read(AT_FDCWD, getenv("NETBOOT_TLS"), TLS_BYTES_MAX, &pem, &len) < 0)
		return;
	AUTO(close_p) int fd = memfd_sealed("tls", pem, len);
	(void)ipc_send(h->worker, MESSAGE_NETBOOT_TLS, &m, sizeof(m), fd);
}

static void on_hello(void *arg, const void *payload, int fd)
{
	const struct message_hello *m = payload;

	const struct host *h = arg;
	const char *transfers = getenv("NETBOOT_TRANSFERS");
	struct message_netboot_settings settings;

	(void)fd;
	give_tls(h);
	printf("hello pid=%" PRIu32 "\n", m->pid);
	if (transfers && parse_u32(transfers, 1, UINT32_MAX, &settings.transfers) == 0)
		(void)ipc_send(
			h->worker, MESSAGE_NETBOOT_SETTINGS, &settings, sizeof(settings), -1);
}

static void on_ask(void *arg, const void *payload, int fd)
{
	static const char script[] = "#!ipxe\necho from the provisioner\n";
	const struct message_ask *m = payload;
	struct host *h = arg;
	struct message_answer a = {.id = m->id, .status = 404, .reason = "no such thing"};
	int answer = -1;

	(void)fd;
	printf("ask method=%s path=%s query=%s accept=%s\n", m->method, m->path, m->query,
		m->accept);
	if (strcmp(m->path, "/silent") == 0)
		return;
	if (strcmp(m->path, "/boot.ipxe") == 0 || strstr(m->path, "/grub.cfg")) {
		a.status = 200;
		(void)snprintf(a.content_type, sizeof(a.content_type), "text/plain");
		answer = memfd_sealed("script", script, sizeof(script) - 1);
	} else if (strcmp(m->path, "/later") == 0 || strstr(m->path, "/start4.elf")) {
		a.status = 503;
		a.retry_after_s = 7;
		(void)snprintf(a.reason, sizeof(a.reason), "not yet");
	}
	(void)ipc_send(h->worker, MESSAGE_ANSWER, &a, sizeof(a), answer);
	close_p(&answer);
}

static void on_transfer(void *arg, const void *payload, int fd)
{
	const struct message_transfer *m = payload;
	char client[IPV4_TEXT_SIZE], name[MESSAGE_PATH_SIZE];

	(void)arg, (void)fd;
	printf("transfer %s client=%s result=%" PRIu32 " status=%" PRIu32 " bytes=%" PRIu64
	       " retries=%" PRIu32 " name=%s\n",
		m->protocol == PROTOCOL_TFTP ? "tftp" : "http", ipv4_text(m->client, client),
		m->result, m->status, m->bytes, m->retries,
		log_safe(name, sizeof(name), m->name, strnlen(m->name, sizeof(m->name))));
}

static void on_wait(void *arg, const void *payload, int fd)
{
	const struct message_wait *m = payload;
	char client[IPV4_TEXT_SIZE];

	(void)arg, (void)fd;
	printf("wait client=%s ahead=%" PRIu32 "\n", ipv4_text(m->client, client), m->n_ahead);
}

static void on_hall(void *arg, const void *payload, int fd)
{
	const struct message_hall *m = payload;

	(void)arg, (void)fd;
	if (m->is_last)
		printf("hall loading=%" PRIu32 " waiting=%" PRIu32 "\n", m->n_loading,
			m->n_waiting);
}

static void on_refused(void *arg, const void *payload, int fd)
{
	const struct message_refused *m = payload;
	char client[IPV4_TEXT_SIZE];

	(void)arg, (void)fd;
	printf("refused client=%s why=%.*s\n", ipv4_text(m->client, client), (int)sizeof(m->why),
		m->why);
}

static void on_counter(void *arg, const void *payload, int fd)
{
	const struct message_counter *m = payload;

	(void)arg, (void)fd;
	printf("counter %s=%" PRIu64 "\n", m->name, m->value);
}

static void on_stop(evutil_socket_t signo, short what, void *arg)
{
	(void)signo, (void)what;
	(void)event_base_loopexit(arg, NULL);
}

/* Gives the worker's wait status. It is told to end while its channel is open: one that was on its way out already
 * could be killed by the signal. */
static int provisioner(int fd, pid_t worker_pid)
{
	static const struct ipc_kind kinds[] = {
		{MESSAGE_HELLO, sizeof(struct message_hello), on_hello, .takes_fd = false},
		{MESSAGE_ASK, sizeof(struct message_ask), on_ask, .takes_fd = false},
		{MESSAGE_TRANSFER, sizeof(struct message_transfer), on_transfer, .takes_fd = false},
		{MESSAGE_WAIT, sizeof(struct message_wait), on_wait, .takes_fd = false},
		{MESSAGE_HALL, sizeof(struct message_hall), on_hall, .takes_fd = false},
		{MESSAGE_REFUSED, sizeof(struct message_refused), on_refused, .takes_fd = false},
		{MESSAGE_COUNTER, sizeof(struct message_counter), on_counter, .takes_fd = false},
	};
	struct host h = {.base = event_base_new()};
	int status = 0;

	h.worker = ipc_new(h.base, fd, "netboot", kinds, ARRAY_LEN(kinds), &h);
	struct event *term = evsignal_new(h.base, SIGTERM, on_stop, h.base);
	(void)event_add(term, NULL);
	(void)event_base_dispatch(h.base);
	(void)kill(worker_pid, SIGTERM);
	(void)waitpid(worker_pid, &status, 0);
	event_free(term);
	ipc_free(h.worker);
	event_base_free(h.base);
	return status;
}

int main(int argc, char **argv)
{
	char verdicts[] = "/tmp/slipway-verdicts.XXXXXX", file[64];
	int pair[2];

	if (argc != 5) {
		(void)fprintf(stderr, "usage: netboot_host ADDRESS IMAGES FIRMWARE AGENT\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("host", LOG_LEVEL_INFO);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return EXIT_FAILURE;
	if (!mkdtemp(verdicts))
		return EXIT_FAILURE;
	pid_t verifier = start_verifier(argv[2], verdicts);
	wait_for_verdicts(verdicts);
	if (chmod(verdicts, 0755) < 0)
		return EXIT_FAILURE;
	(void)snprintf(file, sizeof(file), "%s/" VERDICTS_NAME, verdicts);
	pid_t pid = fork();
	if (pid < 0)
		return EXIT_FAILURE;
	if (pid == 0) {
		(void)close(pair[0]);
		return worker(argv, pair[1], verdicts);
	}
	(void)close(pair[1]);
	int status = provisioner(pair[0], pid);
	(void)kill(verifier, SIGTERM);
	(void)waitpid(verifier, NULL, 0);
	(void)unlink(file);
	(void)rmdir(verdicts);
	printf("worker ended status=%d signal=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
