/* One request to a real etcd through our client, inside the provisioner's sandbox.
 *
 *   etcd_client health|get KEY|prefix KEY|put KEY VALUE|create KEY VALUE|delete KEY -- ENDPOINT...
 *
 * Prints what came: "ok" with the endpoint, then "KEY=VALUE" lines; or the error. 0, 2 when the
 * request failed, 1 for bad arguments. A lone "stress N" creates N keys and cancels a third of it.
 * ETCD_CA, ETCD_CERT and ETCD_KEY name PEM files for https. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/sandbox.h"
#include "provisioner/etcd/client.h"

#define NOBODY 65534

struct run {
	struct event_base *base;
	struct etcd_client *client;
	unsigned n_open, n_ok, n_failed;
	int rc;
};

static void on_reply(const struct etcd_reply *r, void *arg)
{
	struct run *run = arg;

	run->rc = r->rc;
	if (r->rc < 0)
		printf("error %d%s %s\n", r->rc, r->refused ? " refused" : "", r->error);
	else
		printf("ok %s created=%d deleted=%lld revision=%lld\n", r->endpoint, r->created,
			(long long)r->n_deleted, (long long)r->revision);
	for (size_t i = 0; i < r->n_kvs; i++)
		printf("%s=%s\n", r->kvs[i].key, r->kvs[i].value);
	(void)event_base_loopexit(run->base, NULL);
}

static void on_stress(const struct etcd_reply *r, void *arg)
{
	struct run *run = arg;

	if (r->rc < 0)
		run->n_failed++;
	else
		run->n_ok++;
	if (--run->n_open == 0)
		(void)event_base_loopexit(run->base, NULL);
}

/* Starts `n` creations and cancels every third: the others must all be answered. */
static int stress(struct run *run, const char *text)
{
	uint32_t n = 0;
	char key[32];

	if (parse_u32(text, 1, 1000, &n) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(key, sizeof(key), "/stress/%u", i);
		struct etcd_request *r = etcd_create(run->client, key, "x", 1, on_stress, run);

		if (i % 3 == 0)
			etcd_cancel(r);
		else
			run->n_open++;
	}
	return 0;
}

static int start(struct run *run, char **args, int n)
{
	const char *verb = args[0];
	const char *key = n > 1 ? args[1] : "";
	const char *value = n > 2 ? args[2] : "";
	size_t len = strlen(value);

	if (strcmp(verb, "health") == 0)
		return etcd_health(run->client, on_reply, run) ? 0 : -1;
	if (strcmp(verb, "get") == 0)
		return etcd_get(run->client, key, on_reply, run) ? 0 : -1;
	if (strcmp(verb, "prefix") == 0)
		return etcd_get_prefix(run->client, key, on_reply, run) ? 0 : -1;
	if (strcmp(verb, "put") == 0)
		return etcd_put(run->client, key, value, len, on_reply, run) ? 0 : -1;
	if (strcmp(verb, "create") == 0)
		return etcd_create(run->client, key, value, len, on_reply, run) ? 0 : -1;
	if (strcmp(verb, "delete") == 0)
		return etcd_delete(run->client, key, on_reply, run) ? 0 : -1;
	return strcmp(verb, "stress") == 0 ? stress(run, key) : -1;
}

static char *read_pem(const char *variable)
{
	const char *path = getenv(variable);
	char *text = NULL;
	size_t len;

	if (path && file_read(AT_FDCWD, path, 1 << 16, &text, &len) < 0)
		(void)fprintf(stderr, "%s cannot be read\n", path);
	return text;
}

int main(int argc, char **argv)
{
	struct run run = {.base = event_base_new()};
	struct err e = {0};
	int end = 1;

	log_init("test", LOG_LEVEL_ERROR);
	(void)signal(SIGPIPE, SIG_IGN);
	while (end < argc && strcmp(argv[end], "--") != 0)
		end++;
	if (!run.base || end < 2 || end >= argc)
		return 1;
	AUTO(free_p) char *ca = read_pem("ETCD_CA");
	AUTO(free_p) char *cert = read_pem("ETCD_CERT");
	AUTO(free_p) char *key = read_pem("ETCD_KEY");
	struct etcd_config config = {.endpoints = (const char *const *)argv + end + 1,
		.ca = ca,
		.cert = cert,
		.key = key};
	struct sandbox sandbox = {.uid = NOBODY, .gid = NOBODY, .may_connect = true};
	if (sandbox_enter(&sandbox, &e) < 0 ||
		etcd_client_new(run.base, &config, &run.client, &e) < 0) {
		err_print(&e, stderr);
		return 1;
	}
	if (start(&run, argv + 1, end - 1) < 0)
		return 1;
	(void)event_base_dispatch(run.base);
	if (run.n_ok + run.n_failed > 0)
		printf("%u ok, %u failed, %u open\n", run.n_ok, run.n_failed, run.n_open);
	etcd_client_free(run.client);
	event_base_free(run.base);
	return run.rc < 0 ? 2 : 0;
}
