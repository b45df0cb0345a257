#include "provisioner/generation/shared.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/etcd/seed.h"

#define FACTS "generation.json"
#define FACTS_MAX ((size_t)8 << 20)

/* Where in the archive, and where in the struct. */
static const struct {
	const char *name;
	size_t offset;
	bool is_optional; /* older archives have none */
} texts[] = {
	{"boot.ipxe", offsetof(struct generation, first_script), .is_optional = false},
	{"wait.ipxe", offsetof(struct generation, wait_script), .is_optional = false},
	{"refused.ipxe", offsetof(struct generation, refusal), .is_optional = false},
	{"wait.grub", offsetof(struct generation, wait_grub), .is_optional = false},
	{"refused.grub", offsetof(struct generation, refusal_grub), .is_optional = false},
	{"enroll.ipxe", offsetof(struct generation, enroll_script), .is_optional = true},
	{"renew.ipxe", offsetof(struct generation, renew_script), .is_optional = true},
	{"enroll.grub", offsetof(struct generation, enroll_grub), .is_optional = true},
	{"renew.grub", offsetof(struct generation, renew_grub), .is_optional = true},
	{"addons.json", offsetof(struct generation, addons), .is_optional = true},
};

/* --- putting -------------------------------------------------------------------------------------- */

static void write_image(struct json *j, const struct generation_image *i)
{
	json_map(j);
	json_key_text(j, "distro", i->distro);
	json_key_text(j, "version", i->version);
	json_key_text(j, "config", config_kind_name(i->config));
	json_key_text(j, "kernel", i->kernel);
	json_key_text(j, "unified", i->unified);
	json_key(j, "initrds");
	json_list(j);
	for (size_t k = 0; k < i->n_initrds; k++)
		json_text(j, i->initrds[k]);
	json_list_end(j);
	json_map_end(j);
}

static void write_facts(const struct generation *g, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "ca_fingerprint", g->ca_fingerprint);
	json_key(&j, "images");
	json_list(&j);
	for (size_t i = 0; i < g->n_images; i++)
		write_image(&j, &g->images[i]);
	json_list_end(&j);
	json_key(&j, "seed");
	json_list(&j);
	for (size_t i = 0; i < g->n_seed_keys; i++) {
		json_map(&j);
		json_key_text(&j, "key", g->seed_keys[i].key);
		json_key_text(&j, "value", g->seed_keys[i].value);
		json_map_end(&j);
	}
	json_list_end(&j);
	json_map_end(&j);
}

static int put_one(struct archive *a, int64_t number, const char *name, const char *text,
	size_t len, struct str *sum)
{
	str_printf(sum, "%s %zu\n", name, len);
	str_addn(sum, text, len);
	return archive_put_file(a, number, ARCHIVE_SHARED, name, text, len);
}

int shared_put(const struct generation *g, struct archive *a, int64_t number, struct str *sum)
{
	AUTO(str_done) struct str facts = str_init(FACTS_MAX);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(texts); i++) {
		struct artefact text;

		memcpy(&text, (const char *)g + texts[i].offset, sizeof(text));
		rc = put_one(a, number, texts[i].name, text.data, text.len, sum);
	}
	if (rc < 0)
		return rc;
	write_facts(g, &facts);
	if (!str_ok(&facts))
		return -EMSGSIZE;
	return put_one(a, number, FACTS, str_text(&facts), facts.len, sum);
}

/* --- getting -------------------------------------------------------------------------------------- */

static const char *text_of(struct arena *a, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_strdup(a, text) : NULL;
}

static int get_image(struct arena *a, const json_t *from, struct generation_image *ret)
{
	const json_t *initrds = json_object_get(from, "initrds");
	const char *kind = json_string_value(json_object_get(from, "config"));

	ret->distro = text_of(a, from, "distro");
	ret->version = text_of(a, from, "version");
	ret->kernel = text_of(a, from, "kernel");
	ret->unified = text_of(a, from, "unified");
	ret->n_initrds = json_array_size(initrds);
	if (!ret->distro || !ret->version || !ret->kernel || !ret->unified || !kind ||
		!config_kind_find(kind, &ret->config) || ret->n_initrds > DISTRO_INITRDS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < ret->n_initrds; i++) {
		const char *name = json_string_value(json_array_get(initrds, i));

		if (!name)
			return -EBADMSG;
		ret->initrds[i] = arena_strdup(a, name);
	}
	return 0;
}

static int get_facts(struct generation *g, const json_t *facts)
{
	const json_t *images = json_object_get(facts, "images");
	const json_t *seed = json_object_get(facts, "seed");
	const char *ca = json_string_value(json_object_get(facts, "ca_fingerprint"));
	int rc = 0;

	(void)snprintf(g->ca_fingerprint, sizeof(g->ca_fingerprint), "%s", ca ? ca : "");
	g->n_images = json_array_size(images);
	g->n_seed_keys = json_array_size(seed);
	g->images = arena_alloc(g->arena, g->n_images + 1, sizeof(*g->images));
	g->seed_keys = arena_alloc(g->arena, g->n_seed_keys + 1, sizeof(*g->seed_keys));
	if (!g->images || !g->seed_keys || g->n_images == 0)
		return -EBADMSG;
	for (size_t i = 0; rc == 0 && i < g->n_images; i++)
		rc = get_image(g->arena, json_array_get(images, i), &g->images[i]);
	for (size_t i = 0; rc == 0 && i < g->n_seed_keys; i++) {
		const json_t *one = json_array_get(seed, i);

		g->seed_keys[i] = (struct etcd_seed_key){.key = text_of(g->arena, one, "key"),
			.value = text_of(g->arena, one, "value")};
		rc = g->seed_keys[i].key && g->seed_keys[i].value ? 0 : -EBADMSG;
	}
	return rc;
}

static int take(const char *name, const struct str *text, void *arg)
{
	struct generation *g = arg;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		struct artefact a = {.data = arena_strndup(g->arena, str_text(text), text->len),
			.len = text->len};
		memcpy((char *)g + texts[i].offset, &a, sizeof(a));
		return a.data ? 0 : -E2BIG;
	}
	if (strcmp(name, FACTS) != 0)
		return 0;
	json_t *facts = json_loadb(str_text(text), text->len, 0, NULL);
	int rc = facts ? get_facts(g, facts) : -EBADMSG;
	json_decref(facts);
	return rc;
}

int shared_get(struct generation *g, struct archive *a, struct err *e)
{
	int rc = archive_files_each(a, g->number, ARCHIVE_SHARED, take, g);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(texts); i++) {
		struct artefact text;

		memcpy(&text, (const char *)g + texts[i].offset, sizeof(text));
		rc = text.data || texts[i].is_optional ? 0 : -EBADMSG;
	}
	if (rc == 0 && g->n_images == 0)
		rc = -EBADMSG;
	return rc == 0 ? 0
		       : err_msg(e, rc, "generation %" PRId64 " can not be read: %s", g->number,
				 rc == -EBADMSG ? "it is not whole" : archive_reason(a));
}

/* --- the images alone ----------------------------------------------------------------------------- */

static int take_facts(const char *name, const struct str *text, void *arg)
{
	return strcmp(name, FACTS) == 0 ? take(name, text, arg) : 0;
}

int shared_images(struct archive *a, int64_t number, struct arena *arena,
	const struct generation_image **ret, size_t *ret_n)
{
	struct generation g = {.arena = arena};
	int rc = archive_files_each(a, number, ARCHIVE_SHARED, take_facts, &g);

	if (rc == 0 && g.n_images == 0)
		rc = -EBADMSG;
	if (rc < 0)
		return rc;
	*ret = g.images;
	*ret_n = g.n_images;
	return 0;
}
