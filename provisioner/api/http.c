#include "provisioner/api/http.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/base/log.h"

#define HEADERS_MAX (16 << 10)
#define IDLE_S 30
#define ACCEPT_PAUSE_US 200000
#define GUESTS_MAX 1024
#define STRANGER_S 20

struct api_server {
	struct evhttp *http;
	struct evconnlistener *listener;
	struct ssl_ctx_st *tls;
	const struct api_route *routes;
	void *arg;
	int guest_index; /* where a guest hangs on its SSL object */
	size_t n_guests;
	bool is_closing;
};

/* A TLS connection: it has to show soon whose it is, or it goes. Lives as long as its SSL object, whose
 * extra data it is. */
struct guest {
	struct api_server *server;
	struct bufferevent *bev;
	struct event *deadline;
	bool is_known; /* a guest no more */
};

static void set_header(struct evhttp_request *http, const char *key, const char *value)
{
	(void)evhttp_add_header(
		evhttp_request_get_output_headers(http), key, value); /* constants */
}

static void reply(struct api_request *r, int status, const char *type, const char *data, size_t len)
{
	struct evbuffer *out = evbuffer_new();

	assert(out);
	set_header(r->http, "Content-Type", type);
	set_header(r->http, "Cache-Control", "no-store");
	if (evbuffer_add(out, data, len) < 0)
		status = HTTP_INTERNAL;
	evhttp_send_reply(r->http, status, NULL, out);
	evbuffer_free(out);
}

void api_reply_json(struct api_request *r, int status, const struct str *json)
{
	if (!str_ok(json)) {
		api_reply_error(r, HTTP_INTERNAL, "the answer is too large");
		return;
	}
	reply(r, status, "application/json", str_text(json), json->len);
}

void api_reply_text(struct api_request *r, const char *type, const char *text, size_t len)
{
	reply(r, HTTP_OK, type, text, len);
}

void api_reply_error(struct api_request *r, int status, const char *fmt, ...)
{
	AUTO(str_done) struct str text = str_init(1024);
	AUTO(str_done) struct str out = str_init(8192);
	struct json j = json_init(&out);
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	json_map(&j);
	json_key_text(&j, "error", str_text(&text));
	json_map_end(&j);
	str_addc(&out, '\n');
	reply(r, status, "application/json", str_text(&out), out.len);
}

char *api_query(const struct api_request *r, const char *key)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(r->http));
	struct evkeyvalq params;
	char *value = NULL;

	if (!query || evhttp_parse_query_str(query, &params) < 0)
		return NULL;
	const char *found = evhttp_find_header(&params, key);
	if (found)
		value = xstrdup(found);
	evhttp_clear_headers(&params);
	return value;
}

/* A filter that cannot be read would silently be none. */
static bool query_is_sound(const struct evhttp_uri *uri)
{
	const char *query = evhttp_uri_get_query(uri);
	struct evkeyvalq params;

	if (!query || !query[0])
		return true;
	if (evhttp_parse_query_str(query, &params) < 0)
		return false;
	evhttp_clear_headers(&params);
	return true;
}

/* What "*" stands for; NULL when the path does not fit the route. */
static const char *match(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (len > 0 && route[len - 1] == '*')
		return strncmp(path, route, len - 1) == 0 && path[len - 1] ? path + len - 1 : NULL;
	return strcmp(path, route) == 0 ? "" : NULL;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	const struct guest *g = arg;

	(void)fd, (void)what;
	bufferevent_trigger_event(
		g->bev, BEV_EVENT_READING | BEV_EVENT_TIMEOUT, BEV_OPT_DEFER_CALLBACKS);
}

/* When the house was full, the door opens again. */
static void one_guest_less(struct api_server *s)
{
	if (s->n_guests-- == GUESTS_MAX && !s->is_closing)
		(void)evconnlistener_enable(s->listener);
}

/* With the SSL object goes the guest. */
static void guest_leaves(
	void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	struct guest *g = ptr;

	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	if (!g)
		return;
	event_free(g->deadline);
	if (!g->is_known)
		one_guest_less(g->server);
	free(g);
}

static void guest_comes(
	struct api_server *s, struct bufferevent *bev, SSL *ssl, struct event_base *base)
{
	static const struct timeval limit = {.tv_sec = STRANGER_S};
	struct guest *g = xcalloc(1, sizeof(*g));

	*g = (struct guest){.server = s, .bev = bev};
	g->deadline = evtimer_new(base, on_deadline, g);
	assert(g->deadline && SSL_set_ex_data(ssl, s->guest_index, g) == 1);
	(void)evtimer_add(g->deadline, &limit);
	if (++s->n_guests == GUESTS_MAX)
		(void)evconnlistener_disable(s->listener);
}

void api_is_known(struct api_request *r)
{
	struct api_server *s = r->server;
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(r->http));
	SSL *ssl = bev && s->tls ? bufferevent_openssl_get_ssl(bev) : NULL;
	struct guest *g = ssl ? SSL_get_ex_data(ssl, s->guest_index) : NULL;

	if (!g || g->is_known)
		return;
	g->is_known = true;
	(void)evtimer_del(g->deadline);
	one_guest_less(s);
}

static void on_request(struct evhttp_request *http, void *arg)
{
	struct api_server *s = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct evbuffer *in = evhttp_request_get_input_buffer(http);
	size_t len = evbuffer_get_length(in);
	struct api_request r = {.http = http, .arg = s->arg, .server = s, .body_len = len};
	bool path_known = false;

	if (uri && !query_is_sound(uri)) {
		api_reply_error(&r, HTTP_BADREQUEST, "the query behind \"?\" can not be read");
		return;
	}
	AUTO(free_p) char *body = xcalloc(len + 1, 1);
	(void)evbuffer_copyout(in, body, len);
	r.body = body;
	for (const struct api_route *route = s->routes; path && route->path; route++) {
		r.rest = match(route->path, path);
		if (!r.rest)
			continue;
		path_known = true;
		if (route->method == evhttp_request_get_command(http)) {
			route->handle(&r);
			return;
		}
	}
	if (path_known)
		api_reply_error(&r, HTTP_BADMETHOD, "this path does not take that method");
	else
		api_reply_error(&r, HTTP_NOTFOUND, "no such path");
}

static struct bufferevent *new_connection(struct event_base *base, void *arg)
{
	struct api_server *s = arg;

	if (!s->tls)
		return bufferevent_socket_new(base, -1, 0);
	SSL *ssl = SSL_new(s->tls);
	assert(ssl); /* NULL here would make evhttp serve this connection in the clear */
	struct bufferevent *bev = bufferevent_openssl_socket_new(
		base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	assert(bev);
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	guest_comes(s, bev, ssl, base);
	return bev;
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	(void)evconnlistener_enable(arg);
}

/* Out of descriptors: accepting again at once would spin. evhttp owns the listener's argument. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_US};

	(void)arg;
	(void)evconnlistener_disable(listener);
	(void)event_base_once(
		evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_resume, listener, &pause);
}

struct api_server *api_server_new(struct event_base *base, int fd, struct ssl_ctx_st *tls,
	const struct api_route *routes, void *arg)
{
	struct api_server *s = xcalloc(1, sizeof(*s));

	*s = (struct api_server){.tls = tls, .routes = routes, .arg = arg};
	s->guest_index = tls ? SSL_get_ex_new_index(0, NULL, NULL, NULL, guest_leaves) : -1;
	s->http = evhttp_new(base);
	s->listener = evconnlistener_new(
		base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	assert(s->http && s->listener);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_max_body_size(s->http, (ev_ssize_t)API_BODY_MAX);
	evhttp_set_timeout(s->http, IDLE_S);
	evhttp_set_default_content_type(s->http, NULL);
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_bevcb(s->http, new_connection, s);
	evhttp_set_gencb(s->http, on_request, s);
	(void)evhttp_bind_listener(s->http, s->listener);
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	return s;
}

void api_server_free(struct api_server *s)
{
	if (!s)
		return;
	s->is_closing = true;
	evhttp_free(s->http); /* its listener too */
	free(s);
}
