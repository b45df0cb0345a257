#include "provisioner/generation/addon_values.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"
#include "provisioner/generation/addon.h"

#define LINE_MAX_BYTES 4096
#define LIST_ITEMS_MAX 256

static bool is_line(const char *text)
{
	return parse_is_line(text, LINE_MAX_BYTES);
}

static bool is_address(const char *text)
{
	uint32_t address;

	return ipv4_parse(text, &address) == 0;
}

static bool is_net(const char *text)
{
	struct ipv4_net net;

	return ipv4_net_parse(text, &net) == 0 && net.addr == ipv4_net_first(net);
}

static bool is_path(const char *text)
{
	size_t len = strlen(text);

	return len > 1 && len < 1024 && text[0] == '/' && text[len - 1] != '/' &&
	       !strstr(text, "//") && !strstr(text, "/../") && parse_is_plain(text, "._-/@+:");
}

static bool is_url(const char *text)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t skip = strlen(schemes[i]);

		if (strncmp(text, schemes[i], skip) == 0)
			return parse_is_plain(text, "._-/:~%?=&+@,") && text[skip] &&
			       text[skip] != '/' && strlen(text) < 1024;
	}
	return false;
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* A tag or a digest is there: what "latest" is would change behind the operator's back. */
static bool is_image(const char *text)
{
	const char *name = path_name(text);
	const char *tag = strpbrk(name, ":@");

	return parse_is_plain(text, "._-/:@") && strlen(text) < 300 && tag && tag > name &&
	       tag[1] && text[0] != '/' && !strstr(text, "//");
}

static const struct {
	enum addon_type type;
	bool (*is_legal)(const char *text);
} texts[] = {
	{ADDON_TEXT, is_line},
	{ADDON_ADDRESS, is_address},
	{ADDON_NET, is_net},
	{ADDON_HOST, parse_is_host},
	{ADDON_PATH, is_path},
	{ADDON_URL, is_url},
	{ADDON_SHA256, is_sha256},
	{ADDON_IMAGE, is_image},
};

/* One value on its way. */
struct giving {
	struct arena *arena;
	struct err_list *errors;
	const struct addon_parameter *parameter;
	const char *path;
};

static void wrong(const struct giving *g, const struct doc_node *n)
{
	const char *expected = addon_type_text(g->parameter->type);

	if (n->kind == DOC_SCALAR)
		err_list_add(g->errors, n->at, "%s.%s: \"%.80s\" is not %s", g->path,
			g->parameter->name, n->text, expected);
	else
		err_list_add(g->errors, n->at, "%s.%s: a %s stands here; expected %s", g->path,
			g->parameter->name, doc_kind_name(n->kind), expected);
}

static void wrong_word(const struct giving *g, const struct doc_node *n)
{
	const struct addon_names *words = &g->parameter->words;
	const char *names[ADDON_NAMES_MAX + 1] = {NULL};
	char all[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < words->n && len < sizeof(all); i++) {
		int one = snprintf(
			all + len, sizeof(all) - len, "%s%s", i ? ", " : "", words->items[i].text);

		names[i] = words->items[i].text;
		len += one < 0 ? 0 : (size_t)one;
	}
	err_list_add(g->errors, n->at, "%s.%s: \"%.80s\" is not one of %s%s", g->path,
		g->parameter->name, n->text, all, err_did_you_mean(n->text, names).text);
}

static void out_of_range(const struct giving *g, const struct doc_node *n)
{
	const struct addon_parameter *p = g->parameter;
	const char *unit = p->type == ADDON_DURATION ? "ms" : "";
	char least[32] = "no limit", most[32] = "no limit";

	if (p->min != INT64_MIN)
		(void)snprintf(least, sizeof(least), "%lld%s", (long long)p->min, unit);
	if (p->max != INT64_MAX)
		(void)snprintf(most, sizeof(most), "%lld%s", (long long)p->max, unit);
	err_list_add(g->errors, n->at, "%s.%s: %.40s is out of range (%s to %s)", g->path, p->name,
		n->text, least, most);
}

static struct value text_value(const struct giving *g, const struct doc_node *n)
{
	return value_textn(g->arena, n->text, n->len);
}

static struct value take_number(const struct giving *g, const struct doc_node *n)
{
	int64_t number;

	if (parse_i64(n->text, INT64_MIN, INT64_MAX, &number) < 0)
		wrong(g, n);
	else if (number < g->parameter->min || number > g->parameter->max)
		out_of_range(g, n);
	else
		return value_int(number);
	return value_none();
}

static struct value take_duration(const struct giving *g, const struct doc_node *n)
{
	int64_t ms;

	if (parse_duration_ms(n->text, &ms) < 0)
		wrong(g, n);
	else if (ms < g->parameter->min || ms > g->parameter->max)
		out_of_range(g, n);
	return text_value(g, n);
}

static struct value take_bool(const struct giving *g, const struct doc_node *n)
{
	bool truth = false;

	if (parse_bool(n->text, &truth) < 0)
		wrong(g, n);
	return value_bool(truth);
}

static struct value take_word(const struct giving *g, const struct doc_node *n)
{
	if (!addon_names_has(&g->parameter->words, n->text))
		wrong_word(g, n);
	return text_value(g, n);
}

static struct value take_text(const struct giving *g, const struct doc_node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].type == g->parameter->type && !texts[i].is_legal(n->text))
			wrong(g, n);
	return text_value(g, n);
}

static struct value take_list(const struct giving *g, const struct doc_node *n)
{
	struct value list = value_list(g->arena);

	if (n->kind != DOC_LIST || n->n > LIST_ITEMS_MAX) {
		wrong(g, n);
		return list;
	}
	for (size_t i = 0; i < n->n; i++) {
		if (n->items[i]->kind == DOC_SCALAR && is_line(n->items[i]->text))
			value_list_add(list, text_value(g, n->items[i]));
		else
			wrong(g, n->items[i]);
	}
	return list;
}

static struct value take_map(const struct giving *g, const struct doc_node *n)
{
	if (n->kind != DOC_MAP)
		wrong(g, n);
	return value_from_doc(g->arena, n);
}

static struct value take(const struct giving *g, const struct doc_node *n)
{
	static const struct {
		enum addon_type type;
		struct value (*take)(const struct giving *g, const struct doc_node *n);
	} scalars[] = {
		{ADDON_NUMBER, take_number},
		{ADDON_DURATION, take_duration},
		{ADDON_BOOL, take_bool},
		{ADDON_ENUM, take_word},
	};

	if (g->parameter->type == ADDON_LIST)
		return take_list(g, n);
	if (g->parameter->type == ADDON_MAP)
		return take_map(g, n);
	if (n->kind != DOC_SCALAR) {
		wrong(g, n);
		return value_none();
	}
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
		if (scalars[i].type == g->parameter->type)
			return scalars[i].take(g, n);
	return take_text(g, n);
}

/* The first part names a registry if it could be a host: Docker's own rule. */
const char *addon_image_mirrored(struct arena *a, const char *image, const char *mirror)
{
	size_t host = strcspn(image, "/");
	const char *rest = image;

	if (!mirror)
		return image;
	if (image[host] == '/' && (memchr(image, '.', host) || memchr(image, ':', host) ||
					  strncmp(image, "localhost/", 10) == 0))
		rest = image + host + 1;
	const char *mirrored = arena_printf(a, "%s/%s", mirror, rest);
	return mirrored ? mirrored : image;
}

static struct value preset_of(
	struct arena *a, const struct addon_values_input *in, const struct giving *g)
{
	const struct addon_parameter *p = g->parameter;

	if (in->base)
		return value_get(*in->base, p->key);
	if (!p->preset)
		return value_none();
	/* A mistake here is the add-on's: its file is where the mark says. */
	struct value v = take(g, p->preset);
	if (p->type == ADDON_IMAGE && p->preset->kind == DOC_SCALAR)
		return value_text(a, addon_image_mirrored(a, p->preset->text, in->registry_mirror));
	return v;
}

static void check_names(const struct addon_values_input *in, struct err_list *errors)
{
	const char *names[ADDON_PARAMETERS_MAX + 1] = {NULL};

	for (size_t i = 0; i < in->addon->n_parameters; i++)
		names[i] = in->addon->parameters[i].name;
	for (size_t i = 0; i < in->given->n; i++) {
		const struct doc_node *key = in->given->pairs[i].key;
		const struct addon_parameter *p = addon_parameter_find(in->addon, key->text);

		if (p && in->base && p->cluster_wide)
			err_list_add(errors, key->at,
				"%s.%s: this is the same for the whole cluster: write it under the "
				"top-level addons.%s",
				in->path, key->text, in->addon->name);
		if (p)
			continue;
		err_list_add(errors, key->at, "%s: the add-on has no parameter \"%.60s\"%s",
			in->path, key->text, err_did_you_mean(key->text, names).text);
	}
}

struct value addon_values(
	struct arena *a, const struct addon_values_input *in, struct err_list *errors)
{
	struct value map = value_map(a);

	if (in->given)
		check_names(in, errors);
	for (size_t i = 0; i < in->addon->n_parameters; i++) {
		const struct addon_parameter *p = &in->addon->parameters[i];
		const struct doc_node *n = in->given ? doc_get(in->given, p->name) : NULL;
		struct giving g = {.arena = a, .errors = errors, .parameter = p, .path = in->path};
		struct value v;

		if (n && !doc_is_null(n))
			v = take(&g, n);
		else
			v = preset_of(a, in, &g);
		if (v.kind == VALUE_NONE && p->required && in->is_used && (!n || doc_is_null(n)))
			err_list_add(errors, in->used_at, "%s.%s is missing: %s", in->path, p->name,
				p->doc);
		value_map_set(map, p->key, v);
	}
	return map;
}
