#include "provisioner/daemon/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/base/notify.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/files.h"
#include "provisioner/daemon/server_fds.h"
#include "provisioner/daemon/settings.h"
#include "provisioner/daemon/worker.h"
#include "provisioner/generation/publish.h"
#include "provisioner/net/bring_up.h"

#define EXIT_CONFIG_ERROR 65 /* EX_DATAERR of sysexits.h */
#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define FD_LIMIT 65536
#define RESTART_MIN_MS 50
#define RESTART_MAX_MS 800
#define STEADY_MS 10000 /* a worker that ran this long is started again at once */
#define STOP_LIMIT_MS 5000
#define CONFIG_RETRY_MS 5000 /* cluster.yaml is wrong: the operator is at it */

struct worker {
	struct supervisor *supervisor;
	enum worker_kind kind;
	int program; /* descriptor, so that an upgrade does not mix two versions */
	pid_t pid;   /* 0: not running */
	int64_t started_ms;
	int64_t backoff_ms;
	struct event *restart;
	char state_dir[256];
};

struct supervisor {
	const struct serve_options *options;
	const struct cluster *cluster;
	char listening[ARCHIVE_LISTENING_SIZE];
	bool publishes; /* what is on disk, at the next start of the provisioner */
	uid_t uid;
	gid_t gid;
	struct event_base *base;
	struct server_fds open;
	struct worker workers[N_WORKERS];
	struct event *stop_limit;
	bool stopping, ready;
	int status;
};

static void open_failed(const struct err *e)
{
	char text[1024];

	log_error("%s", err_text(e, text, sizeof(text)));
}

static int open_folders(struct supervisor *s, struct err *e)
{
	const struct serve_options *o = s->options;
	int rc;

	if ((rc = server_fds_open_folder(
		     &s->open, SERVER_IMAGES, o->images_dir, "the image store, --images", e)) < 0 ||
		(rc = server_fds_open_folder(&s->open, SERVER_FIRMWARE, o->firmware_dir,
			 "boot loaders, --firmware; Debian's package ipxe has them", e)) < 0 ||
		(rc = server_fds_open_folder(
			 &s->open, SERVER_AGENT, o->agent_dir, "the join agent, --agent", e)) < 0)
		return rc;
	if ((rc = server_fds_open_folder(&s->open, SERVER_VERDICTS,
		     s->workers[WORKER_VERIFIER].state_dir, "verdicts", e)) < 0)
		return rc;
	return server_fds_open_folder(
		&s->open, SERVER_TEMPLATES, o->templates_dir, "templates, --templates", e);
}

static int open_programs(struct supervisor *s, struct err *e)
{
	for (size_t i = 0; i < N_WORKERS; i++) {
		int fd = worker_program((enum worker_kind)i, e);

		s->workers[i].program = fd < 0 ? fd : server_fds_raise(fd);
		if (s->workers[i].program < 0)
			return s->workers[i].program;
	}
	return 0;
}

/* State belongs to the workers' user; each worker that keeps any has a folder of its own. */
static int make_state_dirs(struct supervisor *s, struct err *e)
{
	int rc = dir_make(s->options->state_dir, 0711, 0, 0);

	for (size_t i = 0; rc == 0 && i < N_WORKERS; i++) {
		struct worker *w = &s->workers[i];

		(void)snprintf(w->state_dir, sizeof(w->state_dir), "%s/%s", s->options->state_dir,
			worker_rows[i].name); /* its length was checked by the caller */
		rc = dir_make(w->state_dir, 0700, s->uid, s->gid);
	}
	return rc < 0 ? err_msg(e, rc, "%s: %s", s->options->state_dir, strerror(-rc)) : 0;
}

static void start_worker(struct worker *w);

static void on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	start_worker(arg);
}

static void plan_restart(struct worker *w)
{
	struct timeval after = {.tv_sec = w->backoff_ms / 1000,
		.tv_usec = (suseconds_t)(w->backoff_ms % 1000 * 1000)};

	(void)evtimer_add(w->restart, &after);
}

static enum worker_tftp tftp_mode(const struct cluster_tftp *t)
{
	if (t->backend == TFTP_HPA)
		return WORKER_TFTP_HPA;
	return t->single_port ? WORKER_TFTP_SINGLE_PORT : WORKER_TFTP_PORTS;
}

static void start_worker(struct worker *w)
{
	const struct supervisor *s = w->supervisor;
	char address[IPV4_TEXT_SIZE];
	char *words[] = {xstrdup("slipway"), xstrdup("worker"), xstrdup(worker_rows[w->kind].name),
		xstrdup(s->cluster->network.internal.interface), xstrdup(w->state_dir),
		xstrdup(path_name(s->options->config)), xstrdup(s->options->user),
		xstrdup(s->options->log_level),
		xstrdup(worker_tftp_word(tftp_mode(&s->cluster->tftp))),
		xstrdup(ipv4_text(s->cluster->network.internal.address.addr, address)),
		xstrdup(s->listening), xstrdup(s->publishes ? "publish" : "-"), NULL};

	w->started_ms = clock_mono_ms();
	int rc = worker_spawn(w->kind, w->program, s->open.fds, words, &w->pid);
	for (size_t i = 0; words[i]; i++)
		free(words[i]);
	if (rc < 0) {
		w->pid = 0;
		log_error("%s: cannot be started: %s", worker_rows[w->kind].name, strerror(-rc));
		w->backoff_ms = RESTART_MAX_MS;
		plan_restart(w);
		return;
	}
	log_debug("%s started, pid %d", worker_rows[w->kind].name, (int)w->pid);
}

static bool any_running(const struct supervisor *s)
{
	for (size_t i = 0; i < N_WORKERS; i++)
		if (s->workers[i].pid)
			return true;
	return false;
}

static void signal_workers(const struct supervisor *s, int sig)
{
	for (size_t i = 0; i < N_WORKERS; i++)
		if (s->workers[i].pid)
			(void)kill(-s->workers[i].pid, sig); /* with what it has started itself */
}

static void stop(struct supervisor *s, int status)
{
	struct timeval limit = {.tv_sec = STOP_LIMIT_MS / 1000};

	if (s->stopping)
		return;
	s->stopping = true;
	s->status = status;
	notify_send("STOPPING=1");
	for (size_t i = 0; i < N_WORKERS; i++)
		(void)evtimer_del(s->workers[i].restart);
	signal_workers(s, SIGTERM);
	(void)evtimer_add(s->stop_limit, &limit);
	if (!any_running(s))
		(void)event_base_loopbreak(s->base);
}

static void on_stop_limit(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;

	(void)fd, (void)what;
	log_warn("workers did not stop within %d s: killing them", STOP_LIMIT_MS / 1000);
	signal_workers(s, SIGKILL);
	(void)event_base_loopbreak(s->base);
}

static void describe_end(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		(void)snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
}

static void on_worker_end(struct worker *w, int status)
{
	struct supervisor *s = w->supervisor;
	int64_t lived_ms = clock_mono_ms() - w->started_ms;
	char how[80];

	w->pid = 0;
	if (s->stopping) {
		if (!any_running(s))
			(void)event_base_loopbreak(s->base);
		return;
	}
	bool config_is_wrong = WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_CONFIG;
	if (!s->ready && config_is_wrong) {
		stop(s, EXIT_CONFIG_ERROR);
		return;
	}
	if (!s->ready) { /* it could not even begin: trying again would only hide why */
		describe_end(status, how, sizeof(how));
		log_error("%s did not start: %s", worker_rows[w->kind].name, how);
		stop(s, EXIT_FAILURE);
		return;
	}
	w->backoff_ms = lived_ms > STEADY_MS ? RESTART_MIN_MS : w->backoff_ms * 2;
	if (w->backoff_ms < RESTART_MIN_MS)
		w->backoff_ms = RESTART_MIN_MS;
	if (w->backoff_ms > RESTART_MAX_MS)
		w->backoff_ms = RESTART_MAX_MS;
	if (config_is_wrong) /* the rack goes on with leases and images meanwhile */
		w->backoff_ms = CONFIG_RETRY_MS;
	describe_end(status, how, sizeof(how));
	log_error("%s ended (%s); starting it again in %" PRId64 " ms", worker_rows[w->kind].name,
		how, w->backoff_ms);
	plan_restart(w);
}

static void on_child(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;
	int status;
	pid_t pid;

	(void)sig, (void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < N_WORKERS; i++)
			if (s->workers[i].pid == pid)
				on_worker_end(&s->workers[i], status);
}

static void on_stop_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)what;
	log_info("%s: stopping", strsignal((int)sig));
	stop(arg, EXIT_SUCCESS);
}

static void on_reload_signal(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;
	struct worker *w = &s->workers[WORKER_PROVISIONER];

	(void)sig, (void)what;
	if (w->pid) {
		(void)kill(w->pid, SIGHUP);
	} else if (!s->stopping) { /* it waits for a better cluster.yaml */
		(void)evtimer_del(w->restart);
		start_worker(w);
	}
}

/* The provisioner has published a generation: now the network may be answered. */
static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;
	char byte;

	(void)what;
	if (read(fd, &byte, 1) != 1 || s->ready || s->stopping)
		return;
	s->ready = true;
	s->publishes = false;
	start_worker(&s->workers[WORKER_DHCPD]);
	start_worker(&s->workers[WORKER_NETBOOT]);
	if (s->cluster->tftp.backend == TFTP_HPA)
		start_worker(&s->workers[WORKER_TFTPD]);
	char address[IPV4_NET_TEXT_SIZE];
	log_info("serving cluster %s on %s, %s: %u nodes", s->cluster->name,
		s->cluster->network.internal.interface,
		ipv4_net_text(s->cluster->network.internal.address, address), s->cluster->n_nodes);
	notify_send("READY=1");
}

static int loop(struct supervisor *s)
{
	struct event *events[] = {
		evsignal_new(s->base, SIGCHLD, on_child, s),
		evsignal_new(s->base, SIGTERM, on_stop_signal, s),
		evsignal_new(s->base, SIGINT, on_stop_signal, s),
		evsignal_new(s->base, SIGHUP, on_reload_signal, s),
		event_new(s->base, s->open.ready, EV_READ | EV_PERSIST, on_ready, s),
	};

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		assert(events[i]);
		(void)event_add(events[i], NULL);
	}
	s->stop_limit = evtimer_new(s->base, on_stop_limit, s);
	for (size_t i = 0; i < N_WORKERS; i++)
		s->workers[i].restart = evtimer_new(s->base, on_restart, &s->workers[i]);

	start_worker(&s->workers[WORKER_PROVISIONER]);
	start_worker(&s->workers[WORKER_VERIFIER]); /* while the configuration is read */
	(void)event_base_dispatch(s->base);

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		event_free(events[i]);
	for (size_t i = 0; i < N_WORKERS; i++)
		event_free(s->workers[i].restart);
	event_free(s->stop_limit);
	return s->status;
}

/* A hall of nodes needs more descriptors than the usual 1024; workers inherit the limit. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max < FD_LIMIT ? limit.rlim_max : FD_LIMIT;
	(void)setrlimit(
		RLIMIT_NOFILE, &limit); /* fewer descriptors mean fewer connections, no more */
}

/* cluster.yaml as it is on disk, which is about to be published. */
static int load_config(struct supervisor *s, struct arena *a, struct err *e)
{
	const char *path = s->options->config;
	struct err_list errors = {0};
	struct cluster *c;

	int rc = cluster_files_load(a, AT_FDCWD, path, &c, &errors);
	err_list_print(&errors, stderr);
	if (rc < 0)
		return err_msg(e, -EBADMSG, "%s: %zu mistake%s, not started", path,
			errors.n + errors.dropped, errors.n == 1 ? "" : "s");
	s->cluster = c;
	s->publishes = true;
	return 0;
}

/* What the supervisor itself needs: of what is published, whatever is on disk now; at the first start, of that. */
static int load_settings(struct supervisor *s, struct arena *a, struct err *e)
{
	struct cluster *c = NULL;
	int rc = s->options->publishes
			 ? -ENOENT
			 : settings_published(s->workers[WORKER_PROVISIONER].state_dir, s->uid,
				   s->gid, a, &c, e);

	if (rc < 0 && rc != -ENOENT)
		log_error("%s: taking what is on disk", e->msg);
	s->cluster = c;
	if (rc < 0)
		rc = load_config(s, a, e);
	if (rc == 0)
		publish_listening(s->cluster, s->listening);
	return rc;
}

static int check_options(struct supervisor *s, struct err *e)
{
	if (geteuid() != 0)
		return err_msg(
			e, -EPERM, "serve must be started by root (its workers do not stay root)");
	if (strlen(s->options->state_dir) > 200)
		return err_msg(e, -ENAMETOOLONG, "--state: at most 200 bytes");
	if (sandbox_user(s->options->user, &s->uid, &s->gid) < 0)
		return err_msg(e, -ENOENT,
			"user \"%s\" does not exist (useradd --system %s, or --user NAME)",
			s->options->user, s->options->user);
	return 0;
}

static int open_all(struct supervisor *s, struct arena *a, struct err *e)
{
	AUTO(free_p) char *folder = path_folder(s->options->config);
	int rc;

	/* Who may not serve still hears what is wrong with cluster.yaml. */
	if ((rc = check_options(s, e)) < 0) {
		struct err first = *e;

		if (load_config(s, a, e) == 0)
			*e = first;
		else
			rc = -EBADMSG;
		return rc;
	}
	if ((rc = make_state_dirs(s, e)) < 0 || (rc = load_settings(s, a, e)) < 0 ||
		(rc = server_fds_open_folder(
			 &s->open, SERVER_CONFIG_DIR, folder, "the folder of cluster.yaml", e)) < 0)
		return rc;
	if ((rc = open_programs(s, e)) < 0 ||
		(rc = net_bring_up(&s->cluster->network.internal, e)) < 0 ||
		(rc = open_folders(s, e)) < 0 || (rc = server_fds_open_channels(&s->open, e)) < 0)
		return rc;
	return server_fds_open_sockets(&s->open, s->cluster, s->options->socket, s->gid, e);
}

int supervisor_run(const struct serve_options *o)
{
	struct supervisor s = {.options = o};
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct err e;

	log_init("slipway", log_level());
	(void)signal(SIGPIPE, SIG_IGN);
	/* What we were started with is not for workers. Older kernels can't, and hand on what they got. */
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	raise_fd_limit();
	server_fds_init(&s.open);
	for (size_t i = 0; i < N_WORKERS; i++)
		s.workers[i] = (struct worker){
			.supervisor = &s, .kind = (enum worker_kind)i, .program = -1};

	int rc = open_all(&s, a, &e);
	if (rc < 0) {
		open_failed(&e);
		return rc == -EBADMSG ? EXIT_CONFIG_ERROR : EXIT_FAILURE;
	}
	s.base = event_base_new();
	assert(s.base);
	int status = loop(&s);
	event_base_free(s.base);
	(void)unlink(o->socket);
	server_fds_done(&s.open);
	for (size_t i = 0; i < N_WORKERS; i++)
		close_p(&s.workers[i].program);
	return status;
}
