/* Seeds a real etcd as the provisioner does, inside the provisioner's sandbox, and says what happens,
 * one line per report.
 *
 *   etcd_seed SECONDS SEED.yaml ENDPOINT...
 *
 * SIGUSR1 cuts a wait short. 0: all keys are there. 2: not within SECONDS. 1: bad arguments. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/etcd/client.h"
#include "provisioner/etcd/values.h"

#define FILE_MAX ((size_t)1 << 20)
#define NOBODY 65534

static const char *const words[] = {
	[ETCD_SEED_WAITING] = "waiting",
	[ETCD_SEED_HEALTHY] = "healthy",
	[ETCD_SEED_CREATED] = "created",
	[ETCD_SEED_EXISTED] = "existed",
	[ETCD_SEED_FAILED] = "failed",
	[ETCD_SEED_DONE] = "done",
};

static void on_report(const struct etcd_seed_report *r, void *base)
{
	printf("%s%s%s%s%s%s%s%s\n", words[r->what], r->key ? " " : "", r->key ? r->key : "",
		r->differs ? " (another value)" : "", r->endpoint ? " at " : "",
		r->endpoint ? r->endpoint : "", r->reason ? ": " : "", r->reason ? r->reason : "");
	(void)fflush(stdout);
	if (r->what == ETCD_SEED_DONE)
		(void)event_base_loopexit(base, NULL);
}

static void on_poke(evutil_socket_t fd, short what, void *seed)
{
	(void)fd, (void)what;
	etcd_seed_poke(seed);
}

static int lock_in(struct err *e)
{
	static const char *const none[] = {NULL};
	struct sandbox sandbox = {.uid = NOBODY,
		.gid = NOBODY,
		.write_dirs = none,
		.read_dirs = none,
		.may_connect = true};

	return sandbox_enter(&sandbox, e);
}

static int read_seed(struct arena *a, const char *path, struct etcd_seed_key **keys, size_t *n)
{
	AUTO(free_p) char *text = NULL;
	struct err_list errors = {0};
	struct doc_node *root = NULL;
	struct err e = {0};
	size_t len = 0;

	if (file_read(AT_FDCWD, path, FILE_MAX, &text, &len) < 0)
		(void)err_list_add(&errors, (struct mark){0}, "%s cannot be read", path);
	else if (doc_parse(a, path, text, len, &doc_limits_default, &root, &e) < 0)
		err_list_add_err(&errors, &e);
	else if (etcd_seed_read(a, root, keys, n, &errors) == 0)
		return 0;
	err_list_print(&errors, stderr);
	return -1;
}

int main(int argc, char **argv)
{
	AUTO(arena_free_p) struct arena *a = arena_new((size_t)16 << 20);
	struct event_base *base = event_base_new();
	struct etcd_client *client = NULL;
	struct etcd_seed_key *keys = NULL;
	size_t n = 0;
	uint32_t limit_s = 0;
	struct err e = {0};

	log_init("test", LOG_LEVEL_ERROR);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!base || argc < 4 || parse_u32(argv[1], 1, 600, &limit_s) < 0 ||
		read_seed(a, argv[2], &keys, &n) < 0)
		return 1;
	struct etcd_config config = {.endpoints = (const char *const *)argv + 3};
	if (lock_in(&e) < 0 || etcd_client_new(base, &config, &client, &e) < 0) {
		err_print(&e, stderr);
		return 1;
	}
	struct etcd_seed *seed = etcd_seed_new(base, client, keys, n, on_report, base);
	struct event *poke = evsignal_new(base, SIGUSR1, on_poke, seed);
	struct timeval limit = {.tv_sec = limit_s};

	if (!poke || event_add(poke, NULL) < 0)
		return 1;

	(void)event_base_loopexit(base, &limit);
	(void)event_base_dispatch(base);
	event_free(poke);
	bool done = etcd_seed_is_done(seed);
	etcd_seed_free(seed);
	etcd_client_free(client);
	event_base_free(base);
	return done ? 0 : 2;
}
