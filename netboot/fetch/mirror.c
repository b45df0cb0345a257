#include "netboot/fetch/mirror.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "provisioner/base/doc.h"
#include "templates/engine/value.h"

#define FINGERPRINT_LEN 40

static int take_word(const struct doc_node *map, const char *key, const char **ret, struct err *e)
{
	const struct doc_node *n = doc_get(map, key);
	struct distro_text text;

	if (!n)
		return 0;
	int rc = distro_take_text(n, key, &text, e);
	if (rc == 0)
		*ret = text.text;
	return rc;
}

static int read_texts(const struct doc_node *map, struct mirror *m, struct err *e)
{
	const struct {
		const char *key;
		struct distro_text *text;
		bool is_required;
	} rows[] = {
		{"base", &m->base, false},
		{"url", &m->url, true},
		{"latest", &m->latest, true},
		{"signature", &m->signature, false},
		{"digests", &m->digests, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct doc_node *n = doc_get(map, rows[i].key);

		if (!n && rows[i].is_required)
			return err_set(e, -EINVAL, map->at, "mirror.%s is missing", rows[i].key);
		int rc = n ? distro_take_text(n, rows[i].key, rows[i].text, e) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_artifact(
	const struct doc_node *map, const char *key, struct mirror_artifact *ret, struct err *e)
{
	const struct doc_node *n = doc_get(map, key);

	if (!n)
		return 0;
	if (n->kind != DOC_LIST || n->n != 2 || n->items[0]->kind != DOC_SCALAR ||
		n->items[1]->kind != DOC_SCALAR)
		return err_set(e, -EINVAL, n->at, "mirror.stream.%s: expected [FORMAT, NAME]", key);
	*ret = (struct mirror_artifact){n->items[0]->text, n->items[1]->text};
	return 0;
}

static int read_stream(const struct doc_node *map, struct mirror *m, struct err *e)
{
	const struct doc_node *stream = doc_get(map, "stream");
	int rc;

	m->latest_format = stream ? MIRROR_STREAM : MIRROR_KEY_VALUES;
	if (!stream)
		return m->latest_key ? 0
				     : err_set(e, -EINVAL, map->at,
					       "mirror: either latest_key or stream is missing");
	if ((rc = take_word(stream, "platform", &m->platform, e)) < 0 ||
		(rc = read_artifact(stream, "kernel", &m->kernel, e)) < 0 ||
		(rc = read_artifact(stream, "initrd", &m->initrd, e)) < 0 ||
		(rc = read_artifact(stream, "rootfs", &m->rootfs, e)) < 0 ||
		(rc = read_artifact(stream, "disk", &m->disk, e)) < 0)
		return rc;
	return m->platform ? 0
			   : err_set(e, -EINVAL, stream->at, "mirror.stream.platform is missing");
}

static int read_words(
	const struct doc_node *n, const char *what, size_t max, const char *ret[], struct err *e)
{
	if (!n)
		return 0;
	if (n->kind != DOC_LIST || n->n > max)
		return err_set(e, -EINVAL, n->at, "%s: expected a list of at most %zu", what, max);
	for (size_t i = 0; i < n->n; i++) {
		struct distro_text text;
		int rc = distro_take_text(n->items[i], what, &text, e);

		if (rc < 0)
			return rc;
		ret[i] = text.text;
	}
	return 0;
}

static int read_boards(const struct doc_node *map, struct mirror *m, struct err *e)
{
	const struct doc_node *boards = doc_get(map, "boards");

	if (!boards || boards->kind != DOC_MAP || boards->n == 0 || boards->n > MIRROR_WORDS_MAX)
		return err_set(e, -EINVAL, boards ? boards->at : map->at,
			"mirror.boards: expected a map of architectures");
	for (size_t i = 0; i < boards->n; i++) {
		struct distro_text text;
		int rc = distro_take_text(boards->pairs[i].value, "boards", &text, e);

		if (rc < 0)
			return rc;
		m->arches[i] = boards->pairs[i].key->text;
		m->boards[i] = text.text;
	}
	return 0;
}

/* A key is named by all of its fingerprint: shorter names are cheap to make again. */
static int read_keys(const struct doc_node *root, struct mirror *m, struct err *e)
{
	const struct doc_node *keys = doc_get(root, "signing_keys");
	const char *expired = NULL;

	int rc = read_words(keys, "signing_keys", MIRROR_KEYS_MAX, m->keys, e);
	for (size_t i = 0; rc == 0 && m->keys[i]; i++)
		if (strlen(m->keys[i]) != FINGERPRINT_LEN ||
			strspn(m->keys[i], "0123456789ABCDEF") != FINGERPRINT_LEN)
			rc = err_set(e, -EINVAL, keys->items[i]->at,
				"signing_keys: \"%.60s\" is not a fingerprint (40 hex digits, "
				"capitals)",
				m->keys[i]);
	if (rc == 0)
		rc = take_word(root, "signing_keys_from", &m->keys_from, e);
	if (rc == 0)
		rc = take_word(root, "signing_keys_expired", &expired, e);
	m->expired_keys_are_good = expired && strcmp(expired, "accepted") == 0;
	return rc;
}

int mirror_read(const struct distro *d, struct mirror *ret, struct err *e)
{
	const struct doc_node *map = doc_get(d->root, "mirror");
	int rc;

	*ret = (struct mirror){.keys_from = ""};
	if (!map)
		return err_msg(e, -ENOENT, "nobody publishes images of %s", d->title);
	if ((rc = read_texts(map, ret, e)) < 0 ||
		(rc = take_word(map, "latest_key", &ret->latest_key, e)) < 0 ||
		(rc = take_word(map, "build_key", &ret->build_key, e)) < 0 ||
		(rc = take_word(map, "build_file", &ret->build_file, e)) < 0 ||
		(rc = read_stream(map, ret, e)) < 0 ||
		(rc = read_words(doc_get(map, "channels"), "mirror.channels", MIRROR_WORDS_MAX,
			 ret->channels, e)) < 0 ||
		(rc = read_boards(map, ret, e)) < 0)
		return rc;
	if (!ret->channels[0])
		return err_set(e, -EINVAL, map->at, "mirror.channels is missing");
	return read_keys(d->root, ret, e);
}

static struct value globals_of(struct arena *a, const struct mirror_values *v)
{
	struct value globals = value_map(a);

	value_map_set(globals, "version", value_text(a, v->version));
	value_map_set(globals, "channel", value_text(a, v->channel));
	value_map_set(globals, "board", value_text(a, v->board));
	value_map_set(globals, "arch", value_text(a, v->arch));
	return globals;
}

int mirror_base(struct arena *a, const struct mirror *m, const struct mirror_values *v,
	const char **ret, struct err *e)
{
	const char *text = v->base;

	if (!text && !m->base.text)
		return err_msg(e, -EINVAL,
			"no public mirror has it any more: --base-url says where a copy is");
	int rc = text ? 0 : distro_fill(a, &m->base, globals_of(a, v), &text, e);
	if (rc < 0)
		return rc;
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '/')
		len--;
	*ret = arena_strndup(a, text, len);
	return *ret ? 0 : -E2BIG;
}

/* NOLINTNEXTLINE(readability-function-size): seven small things, and all are needed */
int mirror_fill(struct arena *a, const struct mirror *m, const struct mirror_values *v,
	const struct distro_text *text, const char *file, const char **ret, struct err *e)
{
	struct value globals = globals_of(a, v);
	const char *base = NULL, *url = NULL;

	int rc = mirror_base(a, m, v, &base, e);
	if (rc < 0)
		return rc;
	value_map_set(globals, "base", value_text(a, base));
	if ((rc = distro_fill(a, &m->url, globals, &url, e)) < 0)
		return rc;
	value_map_set(globals, "url", value_text(a, url));
	value_map_set(globals, "file", value_text(a, file));
	return distro_fill(a, text, globals, ret, e);
}

const char *mirror_board(const struct mirror *m, const char *word, const char **ret_arch)
{
	for (size_t i = 0; m->arches[i]; i++) {
		if (strcmp(word, m->arches[i]) == 0 || strcmp(word, m->boards[i]) == 0) {
			*ret_arch = m->arches[i];
			return m->boards[i];
		}
	}
	return NULL;
}

bool mirror_has_channel(const struct mirror *m, const char *word)
{
	for (size_t i = 0; m->channels[i]; i++)
		if (strcmp(word, m->channels[i]) == 0)
			return true;
	return false;
}
