/* survey.h - what the verifier knows of the store, and what it has to read next.
 *
 * survey_look() compares the store with what is known, without reading large files; survey_next()
 * opens one that must be read; survey_found() takes its sum. Then survey_judge() says of each image
 * whether it is what its manifest says. */
#ifndef SLIPWAY_IMAGES_SURVEY_H
#define SLIPWAY_IMAGES_SURVEY_H

#include "netboot/images/store.h"
#include "netboot/images/verdicts.h"

struct survey_file {
	char name[IMAGE_FILE_SIZE];
	char want[MANIFEST_SHA256_SIZE];
	uint64_t want_size;
	struct verdict_identity identity; /* as it was read */
	char sha256[MANIFEST_SHA256_SIZE];
	bool is_read;       /* identity and sha256 are known, and still those of the file */
	bool is_absent;     /* or no regular file */
	bool is_unreadable; /* as it is now: another look at the same file would not help */
};

struct survey_image {
	struct image_id id;
	struct verdict_identity manifest;
	char signer[MANIFEST_SIGNER_SIZE];
	struct survey_file *files;
	size_t n_files;
	enum verdict verdict;
	bool is_seen;
	bool is_changed;  /* since survey_take_change() */
	int64_t since_ms; /* when the reading began; 0 when nothing had to be read */
	char reason[384]; /* of a refusal */
};

struct survey {
	int store;
	struct survey_image *images;
	size_t n_images;
	struct verdicts cache; /* of the run before, until it was used */
	struct image_id first; /* which to read before all others; empty name: none */
};

/* Takes over what an earlier run wrote. `store` is borrowed. */
void survey_init(struct survey *s, int store, const char *verdicts, size_t len);
void survey_done(struct survey *s);

/* True when anything is other than before. */
bool survey_look(struct survey *s);

/* What to read: a descriptor, and where it belongs; or -1 when nothing is left. A file that can not
 * be opened counts as absent. */
int survey_next(struct survey *s, int64_t now_ms, struct survey_image **ret_image,
	struct survey_file **ret_file);

/* The sum of a file that was `before` when it was opened. Changed meanwhile: it is read again. */
void survey_found(
	struct survey_file *f, int fd, const struct verdict_identity *before, const char *sha256);

/* It can not be opened or read. */
void survey_failed(struct survey_file *f, int dir);

/* Sets the verdicts. */
void survey_judge(struct survey *s);

/* As verdicts.h has it. */
void survey_write(const struct survey *s, struct str *out);

#endif
