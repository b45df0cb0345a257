/* id.h - what an image of the store is called: NAME/VERSION, two folders of it, and its files.
 *
 * A name holds letters, digits and . _ + @ - and begins with a letter or a digit: it can not hide,
 * climb, or mean anything to a shell, a URL or a terminal. */
#ifndef SLIPWAY_IMAGES_ID_H
#define SLIPWAY_IMAGES_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/mem.h"

#define IMAGE_NAME_SIZE 64
#define IMAGE_VERSION_SIZE 128
#define IMAGE_ID_SIZE (IMAGE_NAME_SIZE + IMAGE_VERSION_SIZE)
#define IMAGE_FILE_SIZE 200

struct image_id {
	char name[IMAGE_NAME_SIZE];       /* the distribution: "flatcar" */
	char version[IMAGE_VERSION_SIZE]; /* "4081.2.1" */
};

/* Exactly NAME/VERSION. 0 or -EINVAL, *ret then untouched. */
int image_id_parse(const char *text, struct image_id *ret) MUST_USE;
int image_id_make(const char *name, const char *version, struct image_id *ret) MUST_USE;

/* "flatcar/4081.2.1". */
const char *image_id_text(const struct image_id *id, char buf[static IMAGE_ID_SIZE]);
bool image_id_equal(const struct image_id *a, const struct image_id *b);

/* A legal name that fits `size` bytes with its NUL. */
bool image_word_is_legal(const char *text, size_t size);

/* A legal name of a file in an image's folder. The manifest is not one of its own files. */
bool image_file_is_legal(const char *text);

#endif
