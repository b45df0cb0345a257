#include "tests/unit/test.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/files.h"
#include "provisioner/base/landlock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/base/syscalls.h"

#define NOBODY 65534

/* A scratch folder: `own` may be written from inside, `shown` read, `other` is out of bounds though
 * its file is readable for everyone. */
static struct {
	char top[64], own[80], shown[80], shown_file[96], other_file[96];
} place;

static void put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	(void)close(fd);
}

static int set_up(void **state)
{
	char other[80];

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	(void)snprintf(place.top, sizeof(place.top), "/tmp/slipway-sandbox.XXXXXX");
	assert_non_null(mkdtemp(place.top));
	(void)chmod(place.top, 0755);
	(void)snprintf(place.own, sizeof(place.own), "%s/own", place.top);
	(void)snprintf(place.shown, sizeof(place.shown), "%s/shown", place.top);
	(void)snprintf(place.shown_file, sizeof(place.shown_file), "%s/shown/file", place.top);
	(void)snprintf(other, sizeof(other), "%s/other", place.top);
	(void)snprintf(place.other_file, sizeof(place.other_file), "%s/other/file", place.top);
	assert_int_equal(dir_make(place.own, 0700, NOBODY, NOBODY), 0);
	assert_int_equal(dir_make(place.shown, 0777, NOBODY, NOBODY), 0);
	assert_int_equal(dir_make(other, 0777, NOBODY, NOBODY), 0);
	put(place.shown_file);
	put(place.other_file);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", place.top);
	return system(command);
}

/* What happens inside: NULL when all went as it should, or what did not. */
typedef const char *probe(void);

#define WANT(condition)                    \
	do {                               \
		if (!(condition))          \
			return #condition; \
	} while (0)
#define WANT_ERRNO(call, code) WANT(((call) < 0) && errno == (code))

/* Runs `p` in a child behind the sandbox; gives the child's wait status. */
static int inside(bool may_connect, probe *p)
{
	const char *const write_dirs[] = {place.own, NULL};
	const char *const read_dirs[] = {place.shown, "/etc", "/usr/lib", NULL};
	const struct sandbox s = {.uid = NOBODY,
		.gid = NOBODY,
		.write_dirs = write_dirs,
		.read_dirs = read_dirs,
		.may_connect = may_connect};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e;

		if (sandbox_enter(&s, &e) < 0) {
			(void)fprintf(stderr, "# sandbox_enter: %s\n", e.msg);
			_exit(2);
		}
		const char *wrong = p();
		if (wrong)
			(void)fprintf(stderr, "# not so: %s (errno %d)\n", wrong, errno);
		_exit(wrong ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static const char *start_program(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};

	(void)execv("/bin/true", argv);
	WANT(errno == EPERM || (UNDER_SANITIZER && errno == EACCES));
	return NULL;
}

TEST(no_program_can_be_started)
{
	assert_int_equal(inside(/* may_connect= */ true, start_program), 0);
	assert_int_equal(inside(/* may_connect= */ false, start_program), 0);
}

static const char *make_process(void)
{
	WANT_ERRNO(fork(), EPERM);
	WANT_ERRNO(vfork(), EPERM);
	return NULL;
}

TEST(no_process_can_be_forked)
{
	if (UNDER_SANITIZER)
		skip();
	assert_int_equal(inside(/* may_connect= */ true, make_process), 0);
	assert_int_equal(inside(/* may_connect= */ false, make_process), 0);
}

static const char *read_outside(void)
{
	WANT(open("/etc/shadow", O_RDONLY | O_CLOEXEC) < 0);
	WANT_ERRNO(open(place.other_file, O_RDONLY | O_CLOEXEC), EACCES);
	WANT_ERRNO(open(place.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES);
	return NULL;
}

TEST(files_outside_the_named_folders_can_not_be_read)
{
	if (landlock_abi() == 0)
		skip();
	assert_int_equal(inside(/* may_connect= */ true, read_outside), 0);
}

static const char *read_shown(void)
{
	int fd = open(place.shown_file, O_RDONLY | O_CLOEXEC);
	char text[4];

	WANT(fd >= 0);
	WANT(read(fd, text, sizeof(text)) == sizeof(text));
	WANT(open(place.shown_file, O_WRONLY | O_CLOEXEC) < 0);
	WANT_ERRNO(mkdir("/tmp/slipway-sandbox-escape", 0700), EACCES);
	return NULL;
}

TEST(read_folder_can_be_read_and_not_written)
{
	assert_int_equal(inside(/* may_connect= */ false, read_shown), 0);
}

static const char *write_own(void)
{
	int dir = dir_open(place.own);
	char *data;
	size_t len;

	WANT(dir >= 0);
	WANT(file_write(dir, "state", "one", 3, 0600) == 0);
	WANT(file_write(dir, "state", "two!", 4, 0600) == 0);
	WANT(file_read(dir, "state", 100, &data, &len) == 0 && len == 4);
	WANT(unlinkat(dir, "state", 0) == 0);
	return NULL;
}

TEST(write_folder_takes_files)
{
	assert_int_equal(inside(/* may_connect= */ false, write_own), 0);
}

static const char *use_database(void)
{
	char path[128];
	sqlite3 *db;
	char *why = NULL;

	(void)snprintf(path, sizeof(path), "%s/test.db", place.own);
	for (int round = 0; round < 2; round++) {
		WANT(sqlite3_open(path, &db) == SQLITE_OK);
		int rc = sqlite3_exec(db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"CREATE TABLE IF NOT EXISTS t (x TEXT) STRICT;"
			"BEGIN IMMEDIATE; INSERT INTO t VALUES ('a'), ('b'); COMMIT;"
			"PRAGMA wal_checkpoint(TRUNCATE); VACUUM;",
			NULL, NULL, &why);
		if (rc != SQLITE_OK)
			(void)fprintf(stderr, "# sqlite: %s\n", why);
		WANT(rc == SQLITE_OK);
		WANT(sqlite3_close(db) == SQLITE_OK);
	}
	return NULL;
}

TEST(sqlite_creates_commits_and_checkpoints)
{
	assert_int_equal(inside(/* may_connect= */ false, use_database), 0);
}

static const char *become_root(void)
{
	gid_t groups[8];

	WANT(setuid(0) < 0 && setgid(0) < 0 && seteuid(0) < 0);
	WANT(getuid() == NOBODY && geteuid() == NOBODY && getgid() == NOBODY);
	WANT(getgroups(8, groups) == 0);
	return NULL;
}

TEST(root_is_left_behind_with_all_groups)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(inside(/* may_connect= */ true, become_root), 0);
}

TEST(running_on_as_root_is_refused)
{
	const struct sandbox s = {.uid = 0, .gid = 0};
	struct err e;

	if (geteuid() != 0)
		skip();
	assert_int_equal(sandbox_enter(&s, &e), -EINVAL);
	assert_string_equal(e.msg, "a worker may not run as root");
}

static const char *touch_others(void)
{
	WANT_ERRNO(kill(getppid(), 0), EPERM);
	WANT_ERRNO(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), EPERM);
	WANT_ERRNO(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), EPERM);
	return NULL;
}

TEST(other_processes_and_raw_sockets_are_out_of_reach)
{
	/* Without the filter, an ordinary user may signal its own parent. */
	if (UNDER_SANITIZER)
		skip();
	assert_int_equal(inside(/* may_connect= */ false, touch_others), 0);
	assert_int_equal(inside(/* may_connect= */ true, touch_others), 0);
}

/* A listener on loopback, and an unconnected stream socket opened before the sandbox. */
static int listener = -1, stream = -1;
static struct sockaddr_in target;

static void listen_on_loopback(void)
{
	socklen_t len = sizeof(target);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	target = ipv4_sockaddr(0x7f000001, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&target, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&target, &len), 0);
}

static void close_both(void)
{
	(void)close(listener);
	(void)close(stream);
}

static const char *connect_out(void)
{
	int fresh = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	WANT(fresh >= 0);
	WANT(connect(fresh, (struct sockaddr *)&target, sizeof(target)) == 0);
	return NULL;
}

static const char *connect_refused(void)
{
	WANT(UNDER_SANITIZER || socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0);
	WANT(connect(stream, (struct sockaddr *)&target, sizeof(target)) < 0);
	WANT(errno == EPERM || errno == EACCES);
	if (UNDER_SANITIZER)
		return NULL;
	WANT_ERRNO(sendto(stream, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&target,
			   sizeof(target)),
		EPERM);
	return NULL;
}

TEST(only_who_may_connect_connects)
{
	listen_on_loopback();
	assert_int_equal(inside(/* may_connect= */ true, connect_out), 0);
	if (!UNDER_SANITIZER || landlock_abi() >= 4)
		assert_int_equal(inside(/* may_connect= */ false, connect_refused), 0);
	close_both();
}

static const char *exchange_datagrams(void)
{
	struct sockaddr_in at = ipv4_sockaddr(0x7f000001, 0);
	socklen_t len = sizeof(at);
	int one = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int two = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char got[8];

	WANT(one >= 0 && two >= 0);
	WANT(bind(one, (struct sockaddr *)&at, len) == 0);
	WANT(getsockname(one, (struct sockaddr *)&at, &len) == 0);
	WANT(sendto(two, "data", 4, 0, (struct sockaddr *)&at, len) == 4);
	WANT(recvfrom(one, got, sizeof(got), 0, NULL, NULL) == 4);
	return NULL;
}

TEST(udp_works_without_leave_to_connect)
{
	assert_int_equal(inside(/* may_connect= */ false, exchange_datagrams), 0);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	(*(int *)arg)++;
}

static const char *run_loop(void)
{
	struct event_base *base = event_base_new();
	const struct timeval soon = {.tv_usec = 1000};
	int fired = 0, pair[2];

	WANT(base);
	struct event *timer = evtimer_new(base, on_timer, &fired);
	struct event *hangup = evsignal_new(base, SIGHUP, on_timer, &fired);
	WANT(timer && hangup);
	WANT(event_add(timer, &soon) == 0 && event_add(hangup, NULL) == 0);
	WANT(event_base_loop(base, EVLOOP_ONCE) == 0);
	WANT(fired == 1);

	int image = memfd_sealed("image", "bytes", 5);
	WANT(image >= 0);
	WANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	WANT(sendfile(pair[0], image, NULL, 5) == 5);
	return NULL;
}

TEST(event_loop_with_timers_signals_and_sendfile_runs)
{
	assert_int_equal(inside(/* may_connect= */ false, run_loop), 0);
}

static const char *serve_unix(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/api", place.own);
	WANT(fd >= 0);
	WANT(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	WANT(listen(fd, 4) == 0);
	WANT(chmod(at.sun_path, 0660) == 0);
	return NULL;
}

TEST(unix_socket_is_served_from_the_write_folder)
{
	assert_int_equal(inside(/* may_connect= */ true, serve_unix), 0);
}

static void *idle(void *arg)
{
	return arg;
}

static const char *start_thread(void)
{
	pthread_t thread;

	WANT(pthread_create(&thread, NULL, idle, NULL) == 0);
	WANT(pthread_join(thread, NULL) == 0);
	return NULL;
}

static const char *thread_refused(void)
{
	pthread_t thread;

	WANT(pthread_create(&thread, NULL, idle, NULL) == EPERM);
	return NULL;
}

TEST(only_the_resolver_gets_threads)
{
	assert_int_equal(inside(/* may_connect= */ true, start_thread), 0);
	if (!UNDER_SANITIZER)
		assert_int_equal(inside(/* may_connect= */ false, thread_refused), 0);
}

static const char *fetch(void)
{
	char url[64];
	CURL *curl = curl_easy_init();

	(void)close(listener);
	(void)snprintf(url, sizeof(url), "http://localhost:%u/", ntohs(target.sin_port));
	WANT(curl);
	WANT(curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK);
	WANT(curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK);
	WANT(curl_easy_perform(curl) == CURLE_COULDNT_CONNECT); /* the name was found */
	long why = 0;
	WANT(curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &why) == CURLE_OK);
	WANT(why == ECONNREFUSED);
	curl_easy_cleanup(curl);
	return NULL;
}

TEST(libcurl_resolves_and_connects)
{
	listen_on_loopback();
	close_both(); /* so that nothing answers there */
	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	assert_int_equal(inside(/* may_connect= */ true, fetch), 0);
	curl_global_cleanup();
}

static const char *map_code(void)
{
	WANT(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0) == MAP_FAILED);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	WANT(page != MAP_FAILED);
	WANT_ERRNO(mprotect(page, 4096, PROT_READ | PROT_EXEC), EPERM);
	return NULL;
}

TEST(written_memory_can_not_become_code)
{
	if (UNDER_SANITIZER)
		skip();
	assert_int_equal(inside(/* may_connect= */ false, map_code), 0);
	assert_int_equal(inside(/* may_connect= */ true, map_code), 0);
}

static const char *fall_over(void)
{
	(void)signal(SIGABRT, SIG_DFL); /* cmocka has a handler of its own */
	abort();
}

TEST(assertion_still_aborts)
{
	int status = inside(/* may_connect= */ false, fall_over);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

static pcap_t *capture;

static void on_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
	(void)arg, (void)h, (void)bytes;
}

static const char *capture_and_inject(void)
{
	const uint8_t frame[60] = {[12] = 0x88, [13] = 0xb5}; /* local experimental EtherType */
	int seen = 0;

	WANT(pcap_inject(capture, frame, sizeof(frame)) == sizeof(frame));
	for (int i = 0; i < 100 && seen <= 0; i++) {
		seen = pcap_dispatch(capture, -1, on_packet, NULL);
		(void)usleep(1000);
	}
	WANT(seen > 0);
	return NULL;
}

TEST(open_capture_goes_on_capturing_and_injecting)
{
	char why[PCAP_ERRBUF_SIZE];

	if (geteuid() != 0)
		skip();
	capture = pcap_create("lo", why);
	assert_non_null(capture);
	assert_int_equal(pcap_set_immediate_mode(capture, 1), 0);
	assert_true(pcap_activate(capture) >= 0);
	assert_int_equal(pcap_setnonblock(capture, 1, why), 0);
	assert_int_equal(inside(/* may_connect= */ false, capture_and_inject), 0);
	pcap_close(capture);
}

TEST(folder_that_is_not_there_is_named)
{
	const char *const dirs[] = {"/nowhere/at/all", NULL};
	struct err e = {0};

	if (landlock_abi() == 0)
		skip();
	assert_int_equal(landlock_open(dirs, NULL, /* may_connect= */ false, &e), -ENOENT);
	assert_string_equal(e.msg, "/nowhere/at/all: No such file or directory");
}

TEST(users_are_found_by_name)
{
	uid_t uid = 1;
	gid_t gid = 1;

	assert_int_equal(sandbox_user("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(sandbox_user("no-such-user-here", &uid, &gid), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest cases[] = {t(no_program_can_be_started),
		t(no_process_can_be_forked), t(files_outside_the_named_folders_can_not_be_read),
		t(read_folder_can_be_read_and_not_written), t(write_folder_takes_files),
		t(sqlite_creates_commits_and_checkpoints), t(root_is_left_behind_with_all_groups),
		t(running_on_as_root_is_refused),
		t(other_processes_and_raw_sockets_are_out_of_reach),
		t(only_who_may_connect_connects), t(udp_works_without_leave_to_connect),
		t(event_loop_with_timers_signals_and_sendfile_runs),
		t(unix_socket_is_served_from_the_write_folder), t(only_the_resolver_gets_threads),
		t(libcurl_resolves_and_connects), t(written_memory_can_not_become_code),
		t(assertion_still_aborts), t(open_capture_goes_on_capturing_and_injecting),
		t(folder_that_is_not_there_is_named), t(users_are_found_by_name)};

	if (geteuid() != 0)
		print_message("# not root: three cases about root are skipped\n");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, set_up, tear_down);
}
