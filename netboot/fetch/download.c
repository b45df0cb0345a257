#include "netboot/fetch/download.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/fetch/response.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/human.h"
#include "provisioner/base/log.h"

#define PARALLEL_MAX 4
#define REDIRECTS_MAX 5L
#define CONNECT_MS 15000L
#define SLOW_BYTES 1024L /* a second */
#define PAUSE_MAX_MS 30000
#define GAIN_BYTES ((uint64_t)1 << 20) /* as much since the last failure is a fresh start */
#define ATTEMPTS_MAX 1000
#define POLL_MS 200
#define NAME_SIZE 256

enum phase { PHASE_WAITING = 1, PHASE_RUNNING, PHASE_DONE };

struct transfer {
	struct download *what;
	struct downloader *owner;
	enum phase phase;
	int fd; /* of NAME.part */
	CURL *easy;
	struct curl_slist *headers;
	struct response response;
	bool is_judged; /* its first byte, or its end, has been looked at */
	bool is_taken;  /* what comes is to be written */
	uint64_t have;  /* bytes in NAME.part */
	uint64_t total; /* 0: not known */
	uint64_t kept;  /* that were there at the start */
	uint64_t had_at_failure;
	unsigned failures, attempts;
	int64_t not_before_ms;
	int error; /* a negative errno of ours, that no retry helps */
	char reason[CURL_ERROR_SIZE];
};

struct downloader {
	const struct download_options *options;
	int dir;
	CURLM *multi;
	struct transfer *list;
	size_t n, n_running;
};

/* --- the file beside -----------------------------------------------------------------------------*/

static void name_of(const struct transfer *t, const char *suffix, char ret[static NAME_SIZE])
{
	(void)snprintf(ret, NAME_SIZE, "%s%s", t->what->name, suffix); /* legal names are shorter */
}

static void read_tag(struct transfer *t, char ret[static RESPONSE_TAG_SIZE])
{
	AUTO(free_p) char *text = NULL;
	char name[NAME_SIZE];
	size_t len;

	ret[0] = '\0';
	name_of(t, ".part.tag", name);
	if (file_read(t->owner->dir, name, RESPONSE_TAG_SIZE - 1, &text, &len) == 0 &&
		strlen(text) == len && response_tag_is_legal(text))
		memcpy(ret, text, len + 1);
}

static int write_tag(struct transfer *t)
{
	char name[NAME_SIZE];

	name_of(t, ".part.tag", name);
	if (!t->response.tag[0])
		return unlinkat(t->owner->dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	return file_write(t->owner->dir, name, t->response.tag, strlen(t->response.tag), 0644);
}

static int open_part(struct transfer *t)
{
	char name[NAME_SIZE];
	struct stat st;

	name_of(t, ".part", name);
	t->fd = openat(t->owner->dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return -errno;
	t->have = (uint64_t)st.st_size;
	return 0;
}

static int start_over(struct transfer *t)
{
	t->have = 0;
	t->kept = 0;
	return ftruncate(t->fd, 0) < 0 ? -errno : 0;
}

static int finish_part(struct transfer *t)
{
	char part[NAME_SIZE], tag[NAME_SIZE];

	name_of(t, ".part", part);
	name_of(t, ".part.tag", tag);
	(void)unlinkat(t->owner->dir, tag, 0); /* there may be none */
	return renameat(t->owner->dir, part, t->owner->dir, t->what->name) < 0 ? -errno : 0;
}

/* --- what comes ---------------------------------------------------------------------------------- */

static void tell_progress(const struct downloader *d)
{
	uint64_t done = 0, total = 0, kept = 0;
	bool is_known = true;

	for (size_t i = 0; i < d->n; i++) {
		done += d->list[i].have;
		total += d->list[i].total;
		kept += d->list[i].kept;
		is_known = is_known && (d->list[i].total > 0 || d->list[i].phase == PHASE_DONE);
	}
	if (d->options->progress)
		d->options->progress(d->options->arg, done, is_known ? total : 0, kept);
}

static long status_of(const struct transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)size;
	response_line(&t->response, data, n);
	return n;
}

/* Once for each answer: does it continue what we have, or begin anew? */
static int judge(struct transfer *t)
{
	long status = status_of(t);
	int rc = 0;

	t->is_judged = true;
	t->is_taken = false;
	if (status == 206 && t->response.has_range && t->response.first == t->have) {
		t->total = t->response.total;
		t->is_taken = true;
	} else if (status == 200) {
		t->total = t->response.length;
		t->is_taken = true;
		rc = start_over(t);
		if (rc == 0)
			rc = write_tag(t);
	}
	if (rc == 0 && t->is_taken && t->total > t->what->max_bytes)
		rc = -EFBIG;
	return rc;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n, at = 0;

	if (!t->is_judged)
		t->error = judge(t);
	if (t->error < 0)
		return 0;
	if (!t->is_taken)
		return len; /* the words of an error */
	if (len > t->what->max_bytes - t->have) {
		t->error = -EFBIG;
		return 0;
	}
	while (at < len) {
		ssize_t done = pwrite(t->fd, data + at, len - at, (off_t)t->have);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			t->error = -errno;
			return 0;
		}
		at += (size_t)done;
		t->have += (uint64_t)done;
	}
	return len;
}

/* --- one attempt -------------------------------------------------------------------------------- */

/* Asks for the rest, if the server can tell whether it is the rest of the same. */
static void ask_for_rest(struct transfer *t)
{
	char tag[RESPONSE_TAG_SIZE], range[32], header[RESPONSE_TAG_SIZE + 16];

	read_tag(t, tag);
	if (t->have == 0 || !tag[0])
		return;
	(void)snprintf(range, sizeof(range), "%" PRIu64 "-", t->have);
	(void)snprintf(header, sizeof(header), "If-Range: %s", tag);
	t->headers = curl_slist_append(NULL, header);
	assert(t->headers);
	(void)curl_easy_setopt(t->easy, CURLOPT_RANGE, range);
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void set_up(struct transfer *t)
{
	const struct download_options *o = t->owner->options;
	bool is_https = strncasecmp(t->what->url, "https:", 6) == 0;
	CURL *c = t->easy;

	(void)curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(c, CURLOPT_URL, t->what->url);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)o->stall_s);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->reason);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	if (o->ca)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, o->ca);
	ask_for_rest(t);
}

static void begin(struct transfer *t)
{
	t->easy = curl_easy_init();
	assert(t->easy); /* fails only for lack of memory */
	t->response = (struct response){.tag = ""};
	t->is_judged = false;
	t->reason[0] = '\0';
	t->attempts++;
	set_up(t);
	t->phase = PHASE_RUNNING;
	t->owner->n_running++;
	if (curl_multi_add_handle(t->owner->multi, t->easy) != CURLM_OK)
		abort();
}

static void end_attempt(struct transfer *t)
{
	(void)curl_multi_remove_handle(t->owner->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->headers = NULL;
	t->owner->n_running--;
}

/* --- its end ------------------------------------------------------------------------------------ */

static bool is_worth_a_retry(CURLcode code, long status)
{
	static const CURLcode passing[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
		CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE,
		CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2,
		CURLE_HTTP2_STREAM};

	if (code == CURLE_OK)
		return status == 408 || status == 429 || status >= 500 || status == 206 ||
		       status == 416;
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (passing[i] == code)
			return true;
	return false;
}

/* One line on what went wrong, in `reason`. */
static void explain(struct transfer *t, CURLcode code, long status)
{
	char limit[HUMAN_SIZE], safe[CURL_ERROR_SIZE];

	if (t->error == -EFBIG)
		(void)snprintf(t->reason, sizeof(t->reason), "larger than the %s it may have",
			human_bytes(t->what->max_bytes, limit));
	else if (t->error < 0)
		(void)snprintf(t->reason, sizeof(t->reason), "%s", strerror(-t->error));
	else if (code == CURLE_OK && status == 206)
		(void)snprintf(t->reason, sizeof(t->reason),
			"the mirror sent another part than it was asked for");
	else if (code == CURLE_OK)
		(void)snprintf(t->reason, sizeof(t->reason), "the mirror answered %ld", status);
	else if (code == CURLE_PARTIAL_FILE && t->total > 0)
		(void)snprintf(t->reason, sizeof(t->reason),
			"the mirror promised %" PRIu64 " bytes and sent %" PRIu64, t->total,
			t->have);
	else if (code == CURLE_TOO_MANY_REDIRECTS)
		(void)snprintf(
			t->reason, sizeof(t->reason), "more than %ld redirects", REDIRECTS_MAX);
	else if (t->reason[0]) /* curl's words may quote the server's */
		(void)snprintf(t->reason, sizeof(t->reason), "%s",
			log_safe(safe, sizeof(safe), t->reason, strlen(t->reason)));
	else
		(void)snprintf(t->reason, sizeof(t->reason), "%s", curl_easy_strerror(code));
}

static void plan_retry(struct transfer *t)
{
	const struct download_options *o = t->owner->options;
	AUTO(str_done) struct str text = str_init(2048);
	int64_t pause_ms = o->pause_ms;

	for (unsigned i = 1; i < t->failures && pause_ms < PAUSE_MAX_MS; i++)
		pause_ms *= 2;
	pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
	t->not_before_ms = clock_mono_ms() + pause_ms;
	t->phase = PHASE_WAITING;
	str_printf(&text, "%s: %s; trying again in %" PRId64 ".%" PRId64 " s", t->what->name,
		t->reason, pause_ms / 1000, pause_ms % 1000 / 100);
	if (o->note)
		o->note(o->arg, str_text(&text));
}

/* A range that does not fit what the server has: done already, or of no use. */
static bool take_unsatisfied(struct transfer *t)
{
	if (t->response.has_total && t->response.total == t->have)
		return true;
	t->error = start_over(t);
	return false;
}

static bool is_whole(struct transfer *t, CURLcode code, long status)
{
	if (code != CURLE_OK || t->error < 0)
		return false;
	if (status == 416)
		return take_unsatisfied(t);
	if (!t->is_judged) /* an empty file */
		t->error = judge(t);
	if (status == 206 && !t->is_taken)
		t->error = start_over(t);
	return t->error == 0 && t->is_taken && (t->total == 0 || t->have == t->total);
}

/* 0 to go on, or the error that ends everything. */
static int on_end(struct transfer *t, CURLcode code, struct err *e)
{
	long status = status_of(t);
	bool whole = is_whole(t, code, status);

	end_attempt(t);
	if (whole) {
		t->total = t->have;
		t->phase = PHASE_DONE;
		int rc = finish_part(t);
		return rc < 0 ? err_msg(e, rc, "%s: %s", t->what->name, strerror(-rc)) : 0;
	}
	if (code == CURLE_OK && status == 404 && t->what->is_optional) {
		t->what->is_missing = true;
		t->phase = PHASE_DONE;
		return 0;
	}
	explain(t, code, status);
	if (t->have >= t->had_at_failure + GAIN_BYTES)
		t->failures = 0;
	t->had_at_failure = t->have;
	if (t->error == 0 && is_worth_a_retry(code, status) &&
		t->failures < t->owner->options->retries && t->attempts < ATTEMPTS_MAX) {
		t->failures++;
		plan_retry(t);
		return 0;
	}
	int rc = t->error < 0 ? t->error : code == CURLE_OK && status == 404 ? -ENOENT : -EIO;
	return err_msg(e, rc, "%s: %s (%s)", t->what->name, t->reason, t->what->url);
}

/* --- all of them -------------------------------------------------------------------------------- */

static int take_ends(struct downloader *d, struct err *e)
{
	const CURLMsg *m;
	int left = 0, rc = 0;

	while (rc == 0 && (m = curl_multi_info_read(d->multi, &left))) {
		struct transfer *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		rc = on_end(t, code, e);
	}
	return rc;
}

/* False when nothing is left to do. */
static bool begin_what_is_due(struct downloader *d)
{
	int64_t now_ms = clock_mono_ms();
	bool is_left = false;

	for (size_t i = 0; i < d->n; i++) {
		struct transfer *t = &d->list[i];

		is_left = is_left || t->phase != PHASE_DONE;
		if (t->phase == PHASE_WAITING && t->not_before_ms <= now_ms &&
			d->n_running < PARALLEL_MAX)
			begin(t);
	}
	return is_left;
}

static int loop(struct downloader *d, struct err *e)
{
	int running, rc = 0;

	while (rc == 0 && begin_what_is_due(d)) {
		if (curl_multi_perform(d->multi, &running) != CURLM_OK)
			return err_msg(e, -EIO, "libcurl failed");
		rc = take_ends(d, e);
		tell_progress(d);
		if (rc == 0)
			(void)curl_multi_poll(d->multi, NULL, 0, POLL_MS, NULL);
	}
	return rc;
}

static int prepare(struct downloader *d, struct transfer *t, struct download *what, struct err *e)
{
	struct stat st;

	*t = (struct transfer){.what = what, .owner = d, .phase = PHASE_WAITING, .fd = -1};
	if (fstatat(d->dir, what->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
		what->is_resumed = true; /* an earlier fetch got all of it */
		t->have = t->kept = t->total = (uint64_t)st.st_size;
		t->phase = PHASE_DONE;
		return 0;
	}
	int rc = open_part(t);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", what->name, strerror(-rc));
	t->kept = t->had_at_failure = t->have;
	what->is_resumed = t->have > 0;
	return 0;
}

int download_files(
	int dir, struct download *list, size_t n, const struct download_options *o, struct err *e)
{
	AUTO(free_p) struct transfer *transfers = xcalloc(n ? n : 1, sizeof(*transfers));
	struct downloader d = {.options = o, .dir = dir, .list = transfers, .n = n};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		transfers[i].fd = -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(d.multi = curl_multi_init()))
		return err_msg(e, -EIO, "libcurl can not start");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = prepare(&d, &transfers[i], &list[i], e);
	if (rc == 0)
		rc = loop(&d, e);
	for (size_t i = 0; i < n; i++) {
		if (transfers[i].easy)
			end_attempt(&transfers[i]);
		close_p(&transfers[i].fd);
	}
	(void)curl_multi_cleanup(d.multi);
	curl_global_cleanup();
	return rc;
}
