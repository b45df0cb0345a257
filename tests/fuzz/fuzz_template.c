/* Any bytes as a template: it renders or says why not, within its ceilings. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "templates/engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_MAX ((size_t)64 << 10)
#define MEMORY_MAX ((size_t)4 << 20)
#define STEPS_MAX 20000
#define INPUT_MAX ((size_t)64 << 10)

struct input {
	const char *text;
	size_t len;
};

/* Every name but "no" is the template itself. */
static int load(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	const struct input *in = arg;

	(void)a;
	if (strcmp(name, "no") == 0)
		return -ENOENT;
	if (strcmp(name, "bad") == 0)
		return err_msg(e, -EIO, "the disk is on fire");
	*ret = (struct template_source){.name = name, .text = in->text, .len = in->len};
	return 0;
}

static struct value globals_new(struct arena *a)
{
	struct value g = value_map(a), list = value_list(a), node = value_map(a);

	value_list_add(list, value_int(3));
	value_list_add(list, value_text(a, "b"));
	value_list_add(list, node);
	value_map_set(node, "name",
		value_text(a, "n\xc3\xb6"
			      "de1"));
	value_map_set(node, "address", value_text(a, "10.10.0.7/24"));
	value_map_set(node, "mac", value_text(a, "52:54:00:12:34:56"));
	value_map_set(g, "node", node);
	value_map_set(g, "xs", list);
	value_map_set(g, "n", value_int(7));
	value_map_set(g, "f", value_float(0.5));
	value_map_set(g, "yes", value_bool(true));
	value_map_set(g, "nil", value_none());
	value_map_set(g, "bytes", value_textn(a, "\xff\x00\x80 a\n", 6));
	return g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.text = (const char *)data, .len = size};

	if (size > INPUT_MAX)
		return 0;
	struct arena *a = arena_new(MEMORY_MAX);
	struct value globals = globals_new(a);
	struct template_options o = {.load = load,
		.load_arg = &in,
		.arena = a,
		.max_output = OUTPUT_MAX,
		.max_memory = MEMORY_MAX,
		.max_steps = STEPS_MAX};
	struct template_set *set = template_set_new(&o);
	struct template_map map = {.n = 0};
	struct str out = str_init(OUTPUT_MAX);
	struct err e = {.msg = ""};

	int rc = template_set_render(set, "self", &globals, &map, &out, &e);
	if (rc < 0 && e.msg[0] == '\0')
		abort(); /* a failure without a sentence */
	unsigned lines = 0;
	for (size_t i = 0; i < out.len; i++)
		lines += i == 0 || out.s[i - 1] == '\n';
	if (map.n != lines)
		abort(); /* every line of the output has its place */
	str_done(&out);
	template_map_done(&map);
	template_set_free(set);
	arena_free(a);
	return 0;
}
