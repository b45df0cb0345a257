#include "netboot/fetch/stream.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

struct stream {
	json_t *root;
	const json_t *platform; /* in root */
};

struct stream *stream_open(
	const char *text, size_t len, const char *board, const char *platform, struct err *e)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!root) {
		(void)err_msg(e, -EBADMSG, "the stream metadata is not JSON: %s", why.text);
		return NULL;
	}
	const json_t *arch = json_object_get(json_object_get(root, "architectures"), board);
	const json_t *found = json_object_get(json_object_get(arch, "artifacts"), platform);
	if (!json_is_object(found)) {
		(void)err_msg(
			e, -EBADMSG, "the stream metadata has no %s image for %s", platform, board);
		json_decref(root);
		return NULL;
	}
	struct stream *s = xcalloc(1, sizeof(*s));
	*s = (struct stream){.root = root, .platform = found};
	return s;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	json_decref(s->root);
	free(s);
}

static bool take_text(const json_t *object, const char *key, char *ret, size_t size)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (!text || strlen(text) >= size || strlen(text) != json_string_length(value))
		return false;
	for (const char *c = text; *c; c++)
		if (*c <= 0x20 || *c > 0x7e)
			return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

int stream_release(const struct stream *s, char ret[static IMAGE_VERSION_SIZE], struct err *e)
{
	char text[IMAGE_VERSION_SIZE];

	if (!take_text(s->platform, "release", text, sizeof(text)) ||
		!image_word_is_legal(text, sizeof(text)))
		return err_msg(e, -EBADMSG, "the stream metadata names no release");
	memcpy(ret, text, sizeof(text));
	return 0;
}

int stream_file(const struct stream *s, const char *format, const char *name,
	struct stream_file *ret, struct err *e)
{
	const json_t *formats = json_object_get(s->platform, "formats");
	const json_t *file = json_object_get(json_object_get(formats, format), name);
	struct stream_file f = {.signature = ""};

	if (!file)
		return err_msg(e, -ENOENT, "the stream metadata has no %s %s", format, name);
	if (!take_text(file, "location", f.url, sizeof(f.url)) ||
		!take_text(file, "sha256", f.sha256, sizeof(f.sha256)) ||
		strlen(f.sha256) != MANIFEST_SHA256_SIZE - 1 ||
		strspn(f.sha256, "0123456789abcdef") != MANIFEST_SHA256_SIZE - 1)
		return err_msg(e, -EBADMSG, "the stream metadata lacks location or sha256 of %s %s",
			format, name);
	if (json_object_get(file, "signature") &&
		!take_text(file, "signature", f.signature, sizeof(f.signature)))
		return err_msg(e, -EBADMSG, "the stream metadata's signature of %s %s is no URL",
			format, name);
	*ret = f;
	return 0;
}
