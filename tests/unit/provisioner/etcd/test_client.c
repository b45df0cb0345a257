#include "tests/unit/test.h"

#include <errno.h>
#include <event2/event.h>

#include "provisioner/etcd/client.h"

static int make(const char *endpoint, struct err *e)
{
	struct event_base *base = event_base_new();
	const char *const endpoints[] = {endpoint, NULL};
	struct etcd_config config = {.endpoints = endpoints};
	struct etcd_client *c = NULL;

	int rc = etcd_client_new(base, &config, &c, e);
	assert_int_equal(c != NULL, rc == 0);
	etcd_client_free(c);
	event_base_free(base);
	return rc;
}

TEST(an_endpoint_is_a_scheme_an_address_and_a_port)
{
	static const char *const good[] = {"http://10.77.0.11:2379", "https://10.77.0.11:2379",
		"http://[::1]:2379", "https://[2001:db8::11]:443"};
	static const char *const bad[] = {"", "10.77.0.11:2379", "http://10.77.0.11",
		"http://etcd1:2379", "ftp://10.77.0.11:21", "http://10.77.0.11:0",
		"http://10.77.0.11:65536", "http://10.77.0.11:2379/", "http://10.77.0.11:2379/v2",
		"http://[::1]", "http://::1:2379", "http://[]:1", "http://:2379",
		"http://user@10.77.0.11:2379",
		"http://[2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:2379"};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(make(good[i], &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(make(bad[i], &e), -EINVAL);
		assert_non_null(strstr(e.msg, "is not an etcd endpoint"));
	}
}

TEST(no_endpoint_and_too_many_are_refused)
{
	const char *many[ETCD_ENDPOINTS_MAX + 2] = {NULL};
	struct event_base *base = event_base_new();
	struct etcd_config config = {.endpoints = many};
	struct etcd_client *c = NULL;
	struct err e;

	assert_int_equal(etcd_client_new(base, &config, &c, &e), -EINVAL);
	for (size_t i = 0; i <= ETCD_ENDPOINTS_MAX; i++)
		many[i] = "http://10.77.0.11:2379";
	assert_int_equal(etcd_client_new(base, &config, &c, &e), -EINVAL);
	many[ETCD_ENDPOINTS_MAX] = NULL;
	assert_int_equal(etcd_client_new(base, &config, &c, &e), 0);
	etcd_client_free(c);
	event_base_free(base);
}

struct seen {
	int n, rc;
	bool refused;
	char error[200];
};

static void note(const struct etcd_reply *r, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->rc = r->rc;
	seen->refused = r->refused;
	(void)snprintf(seen->error, sizeof(seen->error), "%s", r->error);
}

static struct etcd_client *one_client(struct event_base *base)
{
	static const char *const endpoints[] = {"http://127.0.0.1:1", NULL};
	struct etcd_config config = {.endpoints = endpoints};
	struct etcd_client *c = NULL;

	assert_int_equal(etcd_client_new(base, &config, &c, NULL), 0);
	return c;
}

TEST(a_value_too_large_is_refused_by_a_callback)
{
	struct event_base *base = event_base_new();
	struct etcd_client *c = one_client(base);
	AUTO(free_p) char *value = xcalloc(ETCD_VALUE_MAX + 1, 1);
	struct seen seen = {0};

	etcd_put(c, "/k", value, ETCD_VALUE_MAX + 1, note, &seen);
	assert_int_equal(seen.n, 0);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.rc, -EMSGSIZE);
	assert_true(seen.refused);
	etcd_client_free(c);
	event_base_free(base);
}

TEST(one_request_too_many_is_busy)
{
	struct event_base *base = event_base_new();
	struct etcd_client *c = one_client(base);
	struct etcd_request *requests[ETCD_REQUESTS_MAX];
	struct seen others = {0}, last = {0};

	for (size_t i = 0; i < ETCD_REQUESTS_MAX; i++)
		requests[i] = etcd_get(c, "/k", note, &others);
	etcd_get(c, "/k", note, &last);
	for (size_t i = 0; i < ETCD_REQUESTS_MAX; i++)
		etcd_cancel(requests[i]);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(last.rc, -EBUSY);
	assert_int_equal(others.n, 0);
	etcd_client_free(c);
	event_base_free(base);
}

TEST(freeing_the_client_cancels_without_callbacks)
{
	struct event_base *base = event_base_new();
	struct etcd_client *c = one_client(base);
	struct seen seen = {0};

	etcd_get(c, "/k", note, &seen);
	etcd_health(c, note, &seen);
	etcd_client_free(c);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.n, 0);
	event_base_free(base);
}

RUN(t(an_endpoint_is_a_scheme_an_address_and_a_port), t(no_endpoint_and_too_many_are_refused),
	t(a_value_too_large_is_refused_by_a_callback), t(one_request_too_many_is_busy),
	t(freeing_the_client_cancels_without_callbacks))
