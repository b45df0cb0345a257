#include "provisioner/etcd/client.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/arena.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/str.h"
#include "provisioner/etcd/codec.h"
#include "provisioner/etcd/codec2.h"
#include "provisioner/etcd/http.h"

#define URL_SIZE 128
#define URL2_MAX ((size_t)8 << 10)
#define REPLY_MEMORY_MAX ((size_t)4 << 20)

struct endpoint {
	char url[ETCD_ENDPOINT_SIZE];
	const char *path; /* of its gateway, as its /version told; NULL: ask */
};

struct etcd_client {
	struct event_base *base;
	struct http *http;
	char *ca, *cert, *key;
	struct endpoint endpoints[ETCD_ENDPOINTS_MAX];
	size_t n_endpoints, best; /* best: answered last */
	struct etcd_request *requests;
	size_t n_requests;
};

typedef int reader_fn(
	struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply, struct err *e);

/* What one call of client.h is on the wire. Health has no body and needs no version. */
struct call {
	const char *path;
	reader_fn *read;
};

static const struct call call_health = {.path = "/health"};
static const struct call call_range = {.path = "/kv/range", .read = codec_read_range};
static const struct call call_put = {.path = "/kv/put", .read = codec_read_put};
static const struct call call_create = {.path = "/kv/txn", .read = codec_read_create};
static const struct call call_delete = {.path = "/kv/deleterange", .read = codec_read_delete};

struct etcd_request {
	struct etcd_client *client;
	struct etcd_request *next;
	const struct call *call;
	char *body;         /* JSON; NULL: too large to be sent */
	char *key2, *form2; /* the same for etcd 2, which can do nothing but create */
	bool reads2;        /* it is there: what is it? */
	etcd_fn *fn;
	void *arg;
	struct event *start; /* starts it from the loop */
	struct http_transfer *transfer;
	bool busy;             /* there were too many when it came */
	bool asked_version;    /* the transfer under way does not carry the call yet */
	size_t first, n_tried; /* endpoints */
	struct err why;        /* the last endpoint failed so */
};

static void attempt(struct etcd_request *r);

static struct endpoint *current(struct etcd_request *r)
{
	struct etcd_client *c = r->client;

	return &c->endpoints[(r->first + r->n_tried) % c->n_endpoints];
}

static void request_free(struct etcd_request *r)
{
	struct etcd_request **at = &r->client->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->client->n_requests--;
	if (r->transfer)
		http_cancel(r->transfer);
	if (r->start)
		event_free(r->start);
	free(r->body);
	free(r->key2);
	free(r->form2);
	free(r);
}

static void finish(struct etcd_request *r, const struct etcd_reply *reply)
{
	r->fn(reply, r->arg);
	request_free(r);
}

/* Keeps why this endpoint failed, as "etcd URL: reason". Reasons hold no bytes from the wire as they
 * came: http.c and codec.c see to that. */
static void keep_reason(struct etcd_request *r, const char *reason)
{
	assert(reason[0] != '\0');
	bool word = islower((unsigned char)reason[1]); /* "Connection", not "SSL" */
	int first = word ? tolower((unsigned char)reason[0]) : (unsigned char)reason[0];

	(void)err_msg(&r->why, 0, "etcd %s: %c%s", current(r)->url, first, reason + 1);
}

static void fail(struct etcd_request *r, int rc, bool refused)
{
	struct etcd_reply reply = {.rc = rc, .error = r->why.msg, .refused = refused};

	finish(r, &reply);
}

/* This endpoint did not do: on to the next one, or give up after the last. */
static void pass_over(struct etcd_request *r, int rc, const char *reason)
{
	size_t n = r->client->n_endpoints;

	keep_reason(r, reason);
	current(r)->path = NULL; /* it may come back as another version */
	r->reads2 = false;
	if (++r->n_tried < n) {
		attempt(r);
		return;
	}
	if (n > 1) {
		struct err last = r->why;

		(void)err_msg(&r->why, 0, "%.*s; nor did the other %zu endpoints do", 400, last.msg,
			n - 1);
	}
	fail(r, rc, /* refused= */ false);
}

static void succeed(struct etcd_request *r, struct etcd_reply *reply)
{
	struct etcd_client *c = r->client;

	c->best = (r->first + r->n_tried) % c->n_endpoints;
	reply->endpoint = current(r)->url;
	finish(r, reply);
}

static void on_health(struct etcd_request *r, const struct http_result *h)
{
	struct etcd_reply reply = {0};
	struct err e = {0};
	/* 503 comes with the same body as 200, which says why. */
	bool answered = h->status == 200 || h->status == 503;
	int rc = answered ? codec_read_health(h->body, h->len, &e)
			  : codec_read_error(h->status, h->body, h->len, &e);

	if (rc < 0)
		pass_over(r, rc, e.msg);
	else
		succeed(r, &reply);
}

static void on_version(struct etcd_request *r, const struct http_result *h)
{
	struct err e = {0};
	int rc = h->status == 200 ? codec_read_version(h->body, h->len, &current(r)->path, &e)
				  : codec_read_error(h->status, h->body, h->len, &e);

	if (rc < 0)
		pass_over(r, rc, e.msg);
	else
		attempt(r);
}

/* What an endpoint says no to is refused by all. */
static void fail_at(struct etcd_request *r, int rc, const struct err *e)
{
	if (rc != -EINVAL && rc != -EACCES) {
		pass_over(r, rc, e->msg);
		return;
	}
	keep_reason(r, e->msg); /* the others would say the same */
	fail(r, rc, /* refused= */ true);
}

static void on_answer(struct etcd_request *r, const struct http_result *h)
{
	AUTO(arena_free_p) struct arena *a = arena_new(REPLY_MEMORY_MAX);
	struct etcd_reply reply = {0};
	struct err e = {0};

	if (h->status == 200) {
		int rc = r->call->read(a, h->body, h->len, &reply, &e);

		if (rc < 0)
			pass_over(r, rc, e.msg);
		else
			succeed(r, &reply);
		return;
	}
	int rc = codec_read_error(h->status, h->body, h->len, &e);
	fail_at(r, rc, &e);
}

static void on_answer2(struct etcd_request *r, const struct http_result *h)
{
	AUTO(arena_free_p) struct arena *a = arena_new(REPLY_MEMORY_MAX);
	struct etcd_reply reply = {0};
	struct err e = {0};
	int rc = codec2_read(a, r->reads2, h->status, h->body, h->len, &reply, &e);

	if (rc == -EEXIST) {
		r->reads2 = true;
		attempt(r);
	} else if (rc < 0) {
		fail_at(r, rc, &e);
	} else {
		succeed(r, &reply);
	}
}

static bool is_etcd2(const struct endpoint *ep)
{
	return ep->path && strcmp(ep->path, CODEC2_PATH) == 0;
}

static void on_http(const struct http_result *h, void *arg)
{
	struct etcd_request *r = arg;

	r->transfer = NULL;
	if (h->rc < 0)
		pass_over(r, h->rc, h->reason);
	else if (r->call == &call_health)
		on_health(r, h);
	else if (r->asked_version)
		on_version(r, h);
	else if (is_etcd2(current(r)))
		on_answer2(r, h);
	else
		on_answer(r, h);
}

static void attempt2(struct etcd_request *r)
{
	AUTO(str_done) struct str url = str_init(URL2_MAX);

	r->asked_version = false;
	if (!r->form2) {
		pass_over(r, -EOPNOTSUPP, "etcd 2 is only seeded");
		return;
	}
	str_add(&url, current(r)->url);
	codec2_path(&url, r->key2, r->reads2);
	if (!str_ok(&url)) {
		keep_reason(r, "the key is too long for etcd 2");
		fail(r, -EMSGSIZE, /* refused= */ true);
		return;
	}
	r->transfer = http_send(r->client->http, r->reads2 ? HTTP_GET : HTTP_PUT_FORM,
		str_text(&url), r->reads2 ? NULL : r->form2, on_http, r);
}

/* Asks the current endpoint what comes next: its health, its version, or the call itself. */
static void attempt(struct etcd_request *r)
{
	const struct endpoint *ep = current(r);
	bool health = r->call == &call_health;
	char url[URL_SIZE];

	if (!health && is_etcd2(ep)) {
		attempt2(r);
		return;
	}
	r->asked_version = !health && !ep->path;
	(void)snprintf(url, sizeof(url), "%s%s%s", ep->url,
		health || r->asked_version ? "" : ep->path,
		r->asked_version ? "/version" : r->call->path);
	bool asks = health || r->asked_version;
	r->transfer = http_send(r->client->http, asks ? HTTP_GET : HTTP_POST_JSON, url,
		asks ? NULL : r->body, on_http, r);
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
	struct etcd_request *r = arg;

	(void)fd, (void)what;
	r->first = r->client->best;
	if (r->busy) {
		keep_reason(r, "too many requests are under way");
		fail(r, -EBUSY, /* refused= */ false);
	} else if (!r->body) {
		keep_reason(r, "the value is too large");
		fail(r, -EMSGSIZE, /* refused= */ true);
	} else {
		attempt(r);
	}
}

/* Takes over the text in `body`. */
static struct etcd_request *request_new(
	struct etcd_client *c, const struct call *call, struct str *body, etcd_fn *fn, void *arg)
{
	struct etcd_request *r = xcalloc(1, sizeof(*r));

	*r = (struct etcd_request){.client = c,
		.next = c->requests,
		.call = call,
		.fn = fn,
		.arg = arg,
		.body = str_ok(body) ? str_take(body) : NULL};
	str_done(body);
	c->requests = r;
	r->busy = ++c->n_requests > ETCD_REQUESTS_MAX;
	r->start = evtimer_new(c->base, on_start, r);
	if (!r->start)
		abort(); /* only for lack of memory */
	event_active(r->start, EV_TIMEOUT, 1);
	return r;
}

struct etcd_request *etcd_health(struct etcd_client *c, etcd_fn *fn, void *arg)
{
	struct str body = str_init(1);

	str_add(&body, "");
	return request_new(c, &call_health, &body, fn, arg);
}

static struct etcd_request *range(
	struct etcd_client *c, const char *key, bool prefix, etcd_fn *fn, void *arg)
{
	struct str body = str_init(CODEC_REQUEST_MAX);

	codec_range(&body, key, prefix);
	return request_new(c, &call_range, &body, fn, arg);
}

struct etcd_request *etcd_get(struct etcd_client *c, const char *key, etcd_fn *fn, void *arg)
{
	return range(c, key, /* prefix= */ false, fn, arg);
}

struct etcd_request *etcd_get_prefix(
	struct etcd_client *c, const char *prefix, etcd_fn *fn, void *arg)
{
	return range(c, prefix, /* prefix= */ true, fn, arg);
}

static struct etcd_request *write_value(struct etcd_client *c, const struct call *call,
	void (*encode)(struct str *out, const char *key, const void *value, size_t len),
	const struct etcd_kv *kv, etcd_fn *fn, void *arg)
{
	struct str body = str_init(CODEC_REQUEST_MAX);

	if (kv->value_len > ETCD_VALUE_MAX)
		body.err = true;
	else
		encode(&body, kv->key, kv->value, kv->value_len);
	return request_new(c, call, &body, fn, arg);
}

struct etcd_request *etcd_put(struct etcd_client *c, const char *key, const void *value, size_t len,
	etcd_fn *fn, void *arg)
{
	struct etcd_kv kv = {.key = key, .value = value, .value_len = len};

	return write_value(c, &call_put, codec_put, &kv, fn, arg);
}

struct etcd_request *etcd_create(struct etcd_client *c, const char *key, const void *value,
	size_t len, etcd_fn *fn, void *arg)
{
	struct etcd_kv kv = {.key = key, .value = value, .value_len = len};

	struct str form = str_init(CODEC_REQUEST_MAX);
	struct etcd_request *r = write_value(c, &call_create, codec_create, &kv, fn, arg);

	codec2_form(&form, value, len);
	r->key2 = xstrdup(key);
	r->form2 = str_ok(&form) ? str_take(&form) : NULL;
	str_done(&form);
	return r;
}

struct etcd_request *etcd_delete(struct etcd_client *c, const char *key, etcd_fn *fn, void *arg)
{
	struct str body = str_init(CODEC_REQUEST_MAX);

	codec_delete(&body, key, /* prefix= */ false);
	return request_new(c, &call_delete, &body, fn, arg);
}

void etcd_cancel(struct etcd_request *r)
{
	request_free(r);
}

static bool is_ipv6(const char *text, size_t len)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (snprintf(host, sizeof(host), "%.*s", (int)len, text) >= (int)sizeof(host))
		return false;
	return evutil_inet_pton(AF_INET6, host, &addr) == 1;
}

static bool is_ipv4(const char *text, size_t len)
{
	char host[IPV4_TEXT_SIZE];
	uint32_t addr;

	if (snprintf(host, sizeof(host), "%.*s", (int)len, text) >= (int)sizeof(host))
		return false;
	return ipv4_parse(host, &addr) == 0;
}

/* "http://ADDRESS:PORT" or "https://...", an IPv6 address in brackets. */
static bool is_endpoint(const char *url)
{
	size_t scheme = strncmp(url, "http://", 7) == 0    ? 7
			: strncmp(url, "https://", 8) == 0 ? 8
							   : 0;
	const char *host = url + scheme;
	const char *colon = strrchr(url, ':');
	uint32_t port;

	if (scheme == 0 || strlen(url) >= ETCD_ENDPOINT_SIZE || !colon || colon < host ||
		parse_u32(colon + 1, 1, UINT16_MAX, &port) < 0)
		return false;
	size_t len = (size_t)(colon - host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']')
		return is_ipv6(host + 1, len - 2);
	return is_ipv4(host, len);
}

static char *copy_or_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static int take_endpoints(struct etcd_client *c, const struct etcd_config *config, struct err *e)
{
	for (size_t i = 0; config->endpoints[i]; i++) {
		const char *url = config->endpoints[i];

		if (i == ETCD_ENDPOINTS_MAX)
			return err_msg(
				e, -EINVAL, "more than %d etcd endpoints", ETCD_ENDPOINTS_MAX);
		if (!is_endpoint(url))
			return err_msg(e, -EINVAL,
				"\"%.100s\" is not an etcd endpoint (as http://10.77.0.11:2379)",
				url);
		(void)snprintf(c->endpoints[i].url, ETCD_ENDPOINT_SIZE, "%s", url);
		c->n_endpoints++;
	}
	return c->n_endpoints > 0 ? 0 : err_msg(e, -EINVAL, "no etcd endpoint is given");
}

int etcd_client_new(struct event_base *base, const struct etcd_config *config,
	struct etcd_client **ret, struct err *e)
{
	struct etcd_client *c = xcalloc(1, sizeof(*c));
	int rc = take_endpoints(c, config, e);

	c->base = base;
	c->ca = copy_or_null(config->ca);
	c->cert = copy_or_null(config->cert);
	c->key = copy_or_null(config->key);
	if (rc == 0) {
		struct http_tls tls = {.ca = c->ca, .cert = c->cert, .key = c->key};

		c->http = http_new(base, &tls);
		if (!c->http)
			rc = err_msg(e, -EIO, "libcurl does not start");
	}
	if (rc < 0) {
		etcd_client_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

void etcd_client_free(struct etcd_client *c)
{
	if (!c)
		return;
	while (c->requests)
		request_free(c->requests);
	http_free(c->http);
	free(c->ca);
	free(c->cert);
	free(c->key);
	free(c);
}
