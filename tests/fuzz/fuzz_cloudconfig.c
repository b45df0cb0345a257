/* Any text: reading it ends, with a model or an error. A model becomes Ignition that is JSON, and a
 * cloud-config that reads back as the same model. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "provisioner/config/emit.h"

#define ARENA_MAX ((size_t)16 << 20)
#define OUT_MAX ((size_t)8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_json(const struct str *text)
{
	json_error_t e;
	json_t *root = json_loadb(text->s, text->len, JSON_REJECT_DUPLICATES, &e);

	assert(root);
	json_decref(root);
}

static void expect_same(const struct cloudconfig *c, const struct str *ignition)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	AUTO(str_done) struct str first = str_init(OUT_MAX), second = str_init(OUT_MAX);
	AUTO(str_done) struct str again = str_init(OUT_MAX);
	struct err_list errors = {0};
	struct cloudconfig *back = NULL;

	/* Escapes may make the text longer than what the reader takes. */
	if (config_emit(CONFIG_COREOS, c, &first, &errors) < 0 || first.len > CLOUDCONFIG_MAX)
		return;
	int rc = cloudconfig_read(a, "again", first.s, first.len, &back, &errors);
	assert(rc == 0);
	rc = config_emit(CONFIG_COREOS, back, &second, &errors);
	assert(rc == 0 && strcmp(first.s, second.s) == 0);
	if (c->hyphened.n > 0)
		return;
	rc = config_emit(CONFIG_IGNITION, back, &again, &errors);
	assert((rc == 0) == (ignition->len > 0));
	assert(rc < 0 || strcmp(str_text(ignition), str_text(&again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	AUTO(str_done) struct str ignition = str_init(OUT_MAX);
	struct err_list errors = {0};
	struct cloudconfig *c = NULL;

	int rc = cloudconfig_read(a, "fuzz", (const char *)data, size, &c, &errors);
	assert(rc == 0 ? errors.n == 0 : errors.n > 0);
	if (rc < 0)
		return 0;
	rc = config_emit(CONFIG_IGNITION, c, &ignition, &errors);
	assert(rc == 0 ? errors.n == 0 : errors.n > 0);
	if (rc == 0)
		expect_json(&ignition);
	expect_same(c, &ignition);
	return 0;
}
