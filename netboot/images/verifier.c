#include "netboot/images/verifier.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netboot/images/digest.h"
#include "netboot/images/survey.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/messages/messages.h"

#define LOOK_EVERY_MS 2000
#define SLICE_BYTES ((size_t)512 << 10)

/* The one file that is being read. */
struct reading {
	int fd; /* -1: none */
	struct image_id image;
	char name[IMAGE_FILE_SIZE];
	struct verdict_identity before;
	struct digest *digest;
	off_t at;
};

struct verifier {
	struct event_base *base;
	struct event *work;
	struct ipc *provisioner;
	int images_dir, verdicts_dir;
	struct survey survey;
	struct reading reading;
	unsigned char *block;
	bool must_tell_all;
	bool is_written; /* the verdicts, by this run */
};

static void work_again(struct verifier *v, int64_t after_ms)
{
	const struct timeval tv = {
		.tv_sec = after_ms / 1000, .tv_usec = (suseconds_t)(after_ms % 1000 * 1000)};

	(void)event_add(v->work, &tv);
}

/* --- telling ------------------------------------------------------------------------------------ */

static void tell_one(struct verifier *v, struct survey_image *image)
{
	static const uint32_t states[] = {[VERDICT_PENDING] = IMAGE_PENDING,
		[VERDICT_GOOD] = IMAGE_GOOD,
		[VERDICT_REFUSED] = IMAGE_REFUSED};
	struct message_image m = {
		.state = states[image->verdict], .n_files = (uint32_t)image->n_files};

	(void)image_id_text(&image->id, m.id);
	memcpy(m.signer, image->signer, sizeof(m.signer));
	memcpy(m.reason, image->reason, sizeof(m.reason));
	for (size_t i = 0; i < image->n_files; i++)
		m.bytes += image->files[i].want_size;
	if (image->since_ms > 0)
		m.duration_ms = (uint32_t)(clock_mono_ms() - image->since_ms) + 1;
	/* A provisioner that is down asks for all of it when it is back. */
	(void)ipc_send(v->provisioner, MESSAGE_IMAGE, &m, sizeof(m), -1);
	if (image->is_changed && image->verdict == VERDICT_REFUSED)
		log_error("image %s is refused: %s", m.id, m.reason);
	else if (image->is_changed && image->verdict == VERDICT_GOOD)
		log_info("image %s is what its manifest says: files=%zu bytes=%" PRIu64
			 " ms=%" PRIu32,
			m.id, image->n_files, m.bytes, m.duration_ms);
	image->is_changed = false;
	if (image->verdict != VERDICT_PENDING)
		image->since_ms = 0;
}

static void tell(struct verifier *v)
{
	for (size_t i = 0; i < v->survey.n_images; i++)
		if (v->must_tell_all || v->survey.images[i].is_changed)
			tell_one(v, &v->survey.images[i]);
	v->must_tell_all = false;
}

static void write_down(struct verifier *v)
{
	AUTO(str_done) struct str text = str_init(VERDICTS_BYTES_MAX);

	survey_write(&v->survey, &text);
	int rc = str_ok(&text) ? file_write(v->verdicts_dir, VERDICTS_NAME, str_text(&text),
					 text.len, 0644)
			       : -EFBIG;
	v->is_written = rc == 0;
	if (rc < 0)
		log_error(
			"verdicts can not be written, new images stay unserved: %s", strerror(-rc));
}

/* --- reading ------------------------------------------------------------------------------------ */

static void stop_reading(struct reading *r)
{
	digest_free(r->digest);
	r->digest = NULL;
	close_p(&r->fd);
}

static bool begin_reading(struct verifier *v)
{
	struct survey_image *image;
	struct survey_file *file;
	struct reading *r = &v->reading;
	struct stat st;

	r->fd = survey_next(&v->survey, clock_mono_ms(), &image, &file);
	if (r->fd < 0)
		return false;
	if (fstat(r->fd, &st) < 0)
		return false; /* of a descriptor: it does not happen */
	r->image = image->id;
	memcpy(r->name, file->name, sizeof(r->name));
	r->before = verdict_identity_of(&st);
	r->digest = digest_new(DIGEST_SHA256);
	r->at = 0;
	return true;
}

/* The survey may have been made anew since the reading began. */
static struct survey_file *file_of(struct verifier *v)
{
	for (size_t i = 0; i < v->survey.n_images; i++) {
		struct survey_image *image = &v->survey.images[i];

		if (!image_id_equal(&image->id, &v->reading.image))
			continue;
		for (size_t k = 0; k < image->n_files; k++)
			if (strcmp(image->files[k].name, v->reading.name) == 0)
				return &image->files[k];
	}
	return NULL;
}

static void end_reading(struct verifier *v, int rc)
{
	struct survey_file *file = file_of(v);
	char hex[DIGEST_HEX_SIZE];

	digest_hex(v->reading.digest, hex);
	AUTO(close_p) int dir = images_folder(v->images_dir, &v->reading.image);
	if (file && rc < 0)
		survey_failed(file, dir);
	else if (file)
		survey_found(file, v->reading.fd, &v->reading.before, hex);
	stop_reading(&v->reading);
	survey_judge(&v->survey);
	write_down(v);
	tell(v);
}

/* A few milliseconds' worth, then whoever else wants the loop. */
static void read_slice(struct verifier *v)
{
	struct reading *r = &v->reading;
	ssize_t n = pread(r->fd, v->block, SLICE_BYTES, r->at);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		end_reading(v, n < 0 ? -errno : 0);
		return;
	}
	digest_add(r->digest, v->block, (size_t)n);
	r->at += n;
}

static void look(struct verifier *v)
{
	bool is_other = survey_look(&v->survey);

	survey_judge(&v->survey);
	if (is_other || !v->is_written)
		write_down(v);
	tell(v);
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct verifier *v = arg;

	(void)fd, (void)what;
	if (v->reading.fd >= 0) {
		read_slice(v);
		work_again(v, 0);
		return;
	}
	look(v);
	work_again(v, begin_reading(v) ? 0 : LOOK_EVERY_MS);
}

/* --- the loop ----------------------------------------------------------------------------------- */

static void on_tell(void *arg, const void *payload, int fd)
{
	struct verifier *v = arg;
	struct message_images_tell m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.first);
	if (image_id_parse(m.first, &v->survey.first) < 0)
		v->survey.first = (struct image_id){.name = ""};
	v->must_tell_all = true;
	tell(v);
	work_again(v, 0);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	(void)signo, (void)what;
	(void)event_base_loopexit(arg, NULL);
}

static void load(struct verifier *v)
{
	AUTO(free_p) char *text = NULL;
	size_t len = 0;

	int rc = file_read(v->verdicts_dir, VERDICTS_NAME, VERDICTS_BYTES_MAX, &text, &len);
	if (rc < 0 && rc != -ENOENT)
		log_warn("verdicts of the run before: %s, ignoring", strerror(-rc));
	survey_init(&v->survey, v->images_dir, text ? text : "", len);
}

int verifier_run(const struct verifier_options *o)
{
	static const struct ipc_kind kinds[] = {
		{MESSAGE_IMAGES_TELL, sizeof(struct message_images_tell), on_tell,
			.takes_fd = false},
	};
	AUTO(free_p) unsigned char *block = xcalloc(1, SLICE_BYTES);
	struct verifier v = {.base = event_base_new(),
		.images_dir = o->images_dir,
		.verdicts_dir = o->verdicts_dir,
		.reading = {.fd = -1},
		.block = block};

	assert(v.base);
	(void)signal(SIGPIPE, SIG_IGN);
	struct event *term = evsignal_new(v.base, SIGTERM, on_signal, v.base);
	struct event *interrupt = evsignal_new(v.base, SIGINT, on_signal, v.base);
	v.work = evtimer_new(v.base, on_work, &v);
	assert(term && interrupt && v.work);
	(void)event_add(term, NULL);
	(void)event_add(interrupt, NULL);
	v.provisioner =
		ipc_new(v.base, o->provisioner_fd, "provisioner", kinds, ARRAY_LEN(kinds), &v);
	load(&v);
	work_again(&v, 0);
	(void)event_base_dispatch(v.base);
	stop_reading(&v.reading);
	survey_done(&v.survey);
	ipc_free(v.provisioner);
	event_free(v.work);
	event_free(interrupt);
	event_free(term);
	event_base_free(v.base);
	close_p(&v.images_dir);
	close_p(&v.verdicts_dir);
	return EXIT_SUCCESS;
}
