#include "provisioner/api/stream.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdarg.h>

struct api_stream {
	struct evhttp_request *http;
	struct evhttp_connection *connection;
	struct evbuffer *piece;
	bool has_begun;
	api_stream_fn *on_drained, *on_gone;
	void *arg;
};

static void destroy(struct api_stream *s)
{
	evbuffer_free(s->piece);
	free(s);
}

/* The connection is being freed, and has let go of the request, which is ours to end. */
static void on_closed(struct evhttp_connection *connection, void *arg)
{
	struct api_stream *s = arg;

	(void)connection;
	s->on_gone(s->arg);
	evhttp_send_reply_end(s->http);
	destroy(s);
}

static void on_written(struct evhttp_connection *connection, void *arg)
{
	struct api_stream *s = arg;

	(void)connection;
	s->on_drained(s->arg);
}

struct api_stream *api_stream_new(
	struct api_request *r, api_stream_fn *on_drained, api_stream_fn *on_gone, void *arg)
{
	struct api_stream *s = xcalloc(1, sizeof(*s));

	*s = (struct api_stream){.http = r->http,
		.connection = evhttp_request_get_connection(r->http),
		.piece = evbuffer_new(),
		.on_drained = on_drained,
		.on_gone = on_gone,
		.arg = arg};
	assert(s->piece);
	return s;
}

/* Only from here on does libevent look whether the reader is still there. */
static void begin(struct api_stream *s)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(s->http);

	(void)evhttp_add_header(headers, "Content-Type", "application/json"); /* constants */
	(void)evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_connection_set_closecb(s->connection, on_closed, s);
	evhttp_send_reply_start(s->http, HTTP_OK, NULL);
	s->has_begun = true;
}

void api_stream_send(struct api_stream *s, const struct str *json)
{
	if (!s->has_begun)
		begin(s);
	if (json->len == 0 || evbuffer_add(s->piece, str_text(json), json->len) < 0)
		return;
	evhttp_send_reply_chunk_with_cb(s->http, s->piece, s->on_drained ? on_written : NULL, s);
}

void api_stream_refuse(struct api_stream *s, int status, const char *fmt, ...)
{
	AUTO(str_done) struct str text = str_init(1024);
	struct api_request r = {.http = s->http};
	va_list ap;

	assert(!s->has_begun);
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	api_reply_error(&r, status, "%s", str_text(&text));
	destroy(s);
}

bool api_stream_has_begun(const struct api_stream *s)
{
	return s->has_begun;
}

void api_stream_take_time(struct api_stream *s)
{
	(void)bufferevent_set_timeouts(
		evhttp_connection_get_bufferevent(s->connection), NULL, NULL);
}

size_t api_stream_waiting(const struct api_stream *s)
{
	return evbuffer_get_length(
		bufferevent_get_output(evhttp_connection_get_bufferevent(s->connection)));
}

void api_stream_end(struct api_stream *s)
{
	if (!s)
		return;
	if (!s->has_begun)
		begin(s);
	evhttp_connection_set_closecb(s->connection, NULL, NULL);
	evhttp_send_reply_end(s->http);
	destroy(s);
}
