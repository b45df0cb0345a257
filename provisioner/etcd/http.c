#include "provisioner/etcd/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <strings.h>

#include "provisioner/base/log.h"
#include "provisioner/base/str.h"

#define CONNECTIONS_MAX 4L /* to one endpoint; more requests wait for one of them */

struct http {
	struct event_base *base;
	struct http_tls tls;
	CURLM *multi;
	struct curl_slist *json, *form; /* what is said of a body */
	struct event *timer;
	struct http_transfer *transfers;
};

struct http_transfer {
	struct http *http;
	struct http_transfer *next;
	CURL *easy;
	struct str body;
	char reason[CURL_ERROR_SIZE];
	void (*done)(const struct http_result *r, void *arg);
	void *arg;
};

/* What curl reports in words of its own version, we say in ours. */
static const struct {
	CURLcode code;
	int error;
	const char *reason;
} failures[] = {
	{CURLE_COULDNT_CONNECT, -ECONNREFUSED, NULL}, /* the system's errno says which */
	{CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "no answer in time"},
	{CURLE_WRITE_ERROR, -EMSGSIZE, "the answer is larger than 1 MiB"},
	{CURLE_GOT_NOTHING, -ECONNRESET, "connection closed without an answer"},
	{CURLE_RECV_ERROR, -ECONNRESET, NULL},
	{CURLE_SEND_ERROR, -ECONNRESET, NULL},
	{CURLE_PARTIAL_FILE, -ECONNRESET, "connection closed in the middle of the answer"},
	{CURLE_UNSUPPORTED_PROTOCOL, -EPROTO, "the answer is not HTTP"},
	{CURLE_WEIRD_SERVER_REPLY, -EPROTO, "the answer is not HTTP"},
	{CURLE_PEER_FAILED_VERIFICATION, -EACCES, NULL},
};

static void list_remove(struct http_transfer *t)
{
	struct http_transfer **at = &t->http->transfers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

static void transfer_free(struct http_transfer *t)
{
	list_remove(t);
	(void)curl_multi_remove_handle(t->http->multi, t->easy); /* fails only for a bad handle */
	curl_easy_cleanup(t->easy);
	str_done(&t->body);
	free(t);
}

/* Fills the reason with our words, the system's, or curl's. */
static int explain(struct http_transfer *t, CURLcode code)
{
	char safe[CURL_ERROR_SIZE];
	long system_errno = 0;
	int error = -EIO;
	const char *words = NULL;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].code == code) {
			error = failures[i].error;
			words = failures[i].reason;
		}
	}
	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &system_errno);
	if (code == CURLE_COULDNT_CONNECT && system_errno > 0) {
		error = -(int)system_errno;
		words = strerror((int)system_errno);
	}
	if (!words && t->reason[0] == '\0')
		words = curl_easy_strerror(code);
	if (!words) /* curl's, which may quote what the server sent */
		words = log_safe(safe, sizeof(safe), t->reason, strlen(t->reason));
	(void)snprintf(t->reason, sizeof(t->reason), "%s", words); /* may be cut */
	return error;
}

static void finish(struct http_transfer *t, CURLcode code)
{
	struct http_result r = {
		.body = str_text(&t->body), .len = t->body.len, .reason = t->reason};
	long status = 0;

	/* curl calls an answer without a status line HTTP/0.9 and refuses it; so do we below 100. */
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	r.status = status > 0 ? (unsigned)status : 0;
	if (code != CURLE_OK)
		r.rc = explain(t, code);
	t->done(&r, t->arg);
	transfer_free(t);
}

/* `done` may cancel other transfers: curl then drops their messages. */
static void finish_all(struct http *h)
{
	const CURLMsg *m;
	int left = 0;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct http_transfer *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		finish(t, code);
	}
}

static void act(struct http *h, curl_socket_t fd, int what)
{
	int running = 0;

	(void)curl_multi_socket_action(
		h->multi, fd, what, &running); /* failures come as messages */
	finish_all(h);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	int flags = 0;

	if (what & EV_READ)
		flags |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		flags |= CURL_CSELECT_OUT;
	act(arg, fd, flags);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* curl says which sockets it waits for; `watch` is what we gave it for this one. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct http *h = arg;
	struct event *ev = watch;
	short events = EV_PERSIST;

	(void)easy;
	if (ev)
		event_free(ev);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what & CURL_POLL_IN)
		events = (short)(events | EV_READ);
	if (what & CURL_POLL_OUT)
		events = (short)(events | EV_WRITE);
	ev = event_new(h->base, fd, events, on_socket, h);
	(void)curl_multi_assign(h->multi, fd, ev);
	return ev && event_add(ev, NULL) == 0 ? 0 : -1;
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;
	struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	(void)multi;
	if (timeout_ms < 0)
		return event_del(h->timer);
	return event_add(h->timer, &tv);
}

/* Taking less than was offered makes curl end the transfer with CURLE_WRITE_ERROR. */
static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;

	str_addn(&t->body, data, size * n);
	return str_ok(&t->body) ? size * n : 0;
}

/* No "Expect: 100-continue": it would cost a round trip for each larger value. */
static struct curl_slist *headers_new(const char *type)
{
	struct curl_slist *list = curl_slist_append(NULL, type);

	if (list)
		(void)curl_slist_append(list, "Expect:");
	return list;
}

struct http *http_new(struct event_base *base, const struct http_tls *tls)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	struct http *h = xcalloc(1, sizeof(*h));
	h->base = base;
	if (tls)
		h->tls = *tls;
	h->multi = curl_multi_init();
	h->timer = evtimer_new(base, on_timer, h);
	h->json = headers_new("Content-Type: application/json");
	h->form = headers_new("Content-Type: application/x-www-form-urlencoded");
	if (!h->multi || !h->timer || !h->json || !h->form) {
		http_free(h);
		return NULL;
	}
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_MAX);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->transfers)
		transfer_free(h->transfers);
	(void)curl_multi_cleanup(h->multi); /* closes idle connections: watch_socket() is called */
	if (h->timer)
		event_free(h->timer);
	curl_slist_free_all(h->json);
	curl_slist_free_all(h->form);
	free(h);
	curl_global_cleanup();
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_COPY};

	if (!pem)
		return;
	AUTO(free_p) char *copy = xstrdup(pem);
	blob.data = copy;
	blob.len = strlen(copy);
	(void)curl_easy_setopt(easy, option, &blob);
}

static void set_body(struct http_transfer *t, enum http_method method, const char *body)
{
	const struct http *h = t->http;

	(void)curl_easy_setopt(
		t->easy, CURLOPT_HTTPHEADER, method == HTTP_PUT_FORM ? h->form : h->json);
	if (body)
		(void)curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, body);
	if (method == HTTP_PUT_FORM)
		(void)curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, "PUT");
}

static void set_up(struct http_transfer *t, const char *url)
{
	CURL *easy = t->easy;
	const struct http *h = t->http;

	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor any from the environment */
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, HTTP_CONNECT_MS);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, HTTP_TOTAL_MS);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->reason);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	set_blob(easy, CURLOPT_CAINFO_BLOB, h->tls.ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, h->tls.cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, h->tls.key);
}

struct http_transfer *http_send(struct http *h, enum http_method method, const char *url,
	const char *body, void (*done)(const struct http_result *r, void *arg), void *arg)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));

	*t = (struct http_transfer){.http = h,
		.next = h->transfers,
		.easy = curl_easy_init(),
		.body = str_init(HTTP_BODY_MAX),
		.done = done,
		.arg = arg};
	if (!t->easy)
		abort(); /* only for lack of memory */
	h->transfers = t;
	set_up(t, url);
	set_body(t, method, body);
	/* Starts nothing yet: it only asks for the timer, at once. */
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		abort();
	return t;
}

void http_cancel(struct http_transfer *t)
{
	transfer_free(t);
}
