#include "provisioner/cli/follow.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/str.h"
#include "provisioner/cli/client.h"

#define LINE_BYTES_MAX ((size_t)64 << 10)
#define TICK_MS 100
#define AGAIN_MS 300

struct reading {
	const struct follow *f;
	int signals;
	int64_t until_ms;
	CURLM *multi;
	CURL *curl;
	struct str line;
	bool has_answered, is_waiting; /* for a server that was there before */
	bool is_stopped;
	long status;
};

/* A line is whole, or an error that is to be said later. */
static void take_line(struct reading *r)
{
	json_error_t why;
	json_t *j = json_loadb(str_text(&r->line), r->line.len, 0, &why);

	if (j && !r->f->on_line(r->f->arg, j))
		r->is_stopped = true;
	json_decref(j);
	str_reset(&r->line);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct reading *r = arg;
	size_t len = size * n, at = 0;

	(void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &r->status);
	if (r->status == 200 && r->is_waiting)
		cli_complain(r->f->cli, "the server is back, going on");
	if (r->status == 200) {
		r->has_answered = true;
		r->is_waiting = false;
	}
	while (at < len && !r->is_stopped) {
		const char *end = memchr(data + at, '\n', len - at);
		size_t piece = end ? (size_t)(end - data) - at : len - at;

		str_addn(&r->line, data + at, piece);
		at += piece + (end != NULL);
		if (!str_ok(&r->line))
			return 0;
		if (end && r->status == 200)
			take_line(r);
	}
	if (r->status == 200 && !r->f->on_pause(r->f->arg))
		r->is_stopped = true;
	return len;
}

static bool must_stop(struct reading *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof(info)) > 0)
		r->is_stopped = true;
	if (r->until_ms && clock_mono_ms() >= r->until_ms)
		r->is_stopped = true;
	return r->is_stopped;
}

static void wait_for_more(struct reading *r, int ms)
{
	struct curl_waitfd stop = {.fd = r->signals, .events = CURL_WAIT_POLLIN};
	int64_t left = r->until_ms ? r->until_ms - clock_mono_ms() : ms;

	if (left < ms)
		ms = left > 0 ? (int)left : 0;
	(void)curl_multi_poll(r->multi, &stop, 1, ms, NULL);
}

static void open_request(struct reading *r)
{
	AUTO(str_done) struct str url = str_init(LINE_BYTES_MAX);

	str_printf(&url, "http://slipway%s", r->f->path);
	r->curl = curl_easy_init();
	r->status = 0;
	str_reset(&r->line);
	(void)curl_easy_setopt(r->curl, CURLOPT_UNIX_SOCKET_PATH, cli_value(r->f->cli, "socket"));
	(void)curl_easy_setopt(r->curl, CURLOPT_URL, str_text(&url));
	(void)curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
	(void)curl_easy_setopt(r->curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_multi_add_handle(r->multi, r->curl);
}

static void close_request(struct reading *r)
{
	(void)curl_multi_remove_handle(r->multi, r->curl);
	curl_easy_cleanup(r->curl);
	r->curl = NULL;
}

/* One answer, to its end. False when it ended by itself. */
static bool read_answer(struct reading *r)
{
	int n_running = 1;

	while (!must_stop(r)) {
		(void)curl_multi_perform(r->multi, &n_running);
		if (n_running == 0)
			return r->is_stopped;
		if (!r->is_stopped)
			wait_for_more(r, TICK_MS);
	}
	return true;
}

/* The server refused, or was never there. */
static int complain(struct reading *r)
{
	if (r->status != 0 && r->status != 200)
		return client_judge(r->f->cli, r->status, &r->line);
	return client_no_server(r->f->cli);
}

static int run(struct reading *r)
{
	for (;;) {
		int rc = CLI_OK;

		open_request(r);
		bool is_stopped = read_answer(r);
		if (!is_stopped && (!r->has_answered || (r->status != 0 && r->status != 200)))
			rc = complain(r);
		close_request(r);
		if (is_stopped || rc != CLI_OK)
			return rc;
		if (!r->is_waiting)
			cli_complain(r->f->cli, "the server has gone, waiting for it");
		r->is_waiting = true;
		wait_for_more(r, AGAIN_MS);
	}
}

int follow_run(const struct follow *f)
{
	struct reading r = {.f = f, .line = str_init(LINE_BYTES_MAX)};
	sigset_t stop;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	r.signals = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
	r.until_ms = f->limit_ms ? clock_mono_ms() + f->limit_ms : 0;
	r.multi = curl_multi_init();
	int rc = run(&r);
	(void)curl_multi_cleanup(r.multi);
	str_done(&r.line);
	close_p(&r.signals);
	return rc;
}
