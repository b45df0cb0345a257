#include "provisioner/cli/groups.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cli/own_words.h"

#define NODES_AT_A_TIME 64 /* so many nodes' texts are held */
#define BARE_BYTES_MAX ((size_t)32 << 20)
#define SHOWN_BYTES_MAX ((size_t)32 << 20)
#define KEY_SIZE (2 * EVP_MAX_MD_SIZE + 1)

static const struct diff_style shown = {.context = 3, .numbers = true};
static const struct diff_style bare = {.context = 0, .numbers = false};

/* --- one node ------------------------------------------------------------------------------------- */

/* What a system reads is made of the cloud-config: it says nothing new, and is hard to read. */
static bool is_followed(const struct groups *g, const json_t *node, const char *kind)
{
	return !g->is_full && strcmp(kind, "config") == 0 &&
	       !json_equal(json_object_get(json_object_get(node, "from"), "cloud-config"),
		       json_object_get(json_object_get(node, "to"), "cloud-config"));
}

/* The next kind of artefact that a node gets another of; NULL at the end. */
static const char *next_kind(
	const struct groups *g, const json_t *node, void **at, json_t **ret_from, json_t **ret_to)
{
	json_t *to = json_object_get(node, "to");

	for (*at = *at ? json_object_iter_next(to, *at) : json_object_iter(to); *at;
		*at = json_object_iter_next(to, *at)) {
		const char *kind = json_object_iter_key(*at);

		*ret_to = json_object_iter_value(*at);
		*ret_from = json_object_get(json_object_get(node, "from"), kind);
		if (!json_equal(*ret_from, *ret_to) && !is_followed(g, node, kind))
			return kind;
	}
	return NULL;
}

static void want_node(struct groups *g, const json_t *node)
{
	json_t *from, *to;
	void *at = NULL;

	while (next_kind(g, node, &at, &from, &to)) {
		texts_want(g->texts, from);
		texts_want(g->texts, to);
	}
}

/* What changes, without its neighbours. */
static void add_bare(const struct groups *g, const json_t *node, struct str *out)
{
	json_t *from, *to;
	const char *kind;
	void *at = NULL;

	str_add(out, client_text(node, "needs"));
	while ((kind = next_kind(g, node, &at, &from, &to))) {
		AUTO(free_p) char *diff = texts_diff(g->texts, from, to, &bare);

		str_printf(out, "\n@@ %s\n%s", kind, diff);
	}
}

static json_t *artefacts_of(struct groups *g, const json_t *node)
{
	json_t *list = json_array(), *from, *to;
	const char *kind;
	void *at = NULL;

	while ((kind = next_kind(g, node, &at, &from, &to))) {
		AUTO(free_p) char *diff = texts_diff(g->texts, from, to, &shown);

		g->shown_bytes += strlen(diff);
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s}", "kind", kind, "diff", diff));
	}
	return list;
}

/* --- groups --------------------------------------------------------------------------------------- */

/* The same change is one of these for two nodes: as it is; with marks for what is their own; and the same but for where
 * others are named as well, as in a list of all hosts. */
enum likeness { AS_IT_IS, BUT_FOR_OWN_WORDS, BUT_FOR_OWN_WORDS_ALONE, N_LIKENESSES };

struct keys {
	char text[N_LIKENESSES][KEY_SIZE];
};

static void make_key(const struct str *text, enum likeness how, char ret[static KEY_SIZE])
{
	AUTO(str_done) struct str hex = str_init(KEY_SIZE);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	(void)EVP_Digest(str_text(text), text->len, digest, &n, EVP_sha256(), NULL);
	str_add_hex(&hex, digest, n);
	(void)snprintf(ret, KEY_SIZE, "%d %s", (int)how, str_text(&hex));
}

/* Hunk by hunk. */
static void add_marked(const struct groups *g, const char *name, const struct own_words *words,
	const char *text, enum likeness how, struct str *out)
{
	while (*text) {
		const char *next = strstr(text + 1, "\n@@");
		size_t len = next ? (size_t)(next - text) : strlen(text);

		if (how == BUT_FOR_OWN_WORDS_ALONE &&
			own_words_are_others_in(g->machines, name, text, len))
			str_addn(out, text, len);
		else
			own_words_add(words, text, len, out);
		text += len;
	}
}

static void make_keys(const struct groups *g, const json_t *node, struct keys *ret)
{
	AUTO(str_done) struct str text = str_init(BARE_BYTES_MAX);
	const char *name = client_text(node, "name");
	struct own_words words;

	own_words_init(&words, json_object_get(g->machines, name));
	add_bare(g, node, &text);
	make_key(&text, AS_IT_IS, ret->text[AS_IT_IS]);
	for (int how = BUT_FOR_OWN_WORDS; how < N_LIKENESSES; how++) {
		AUTO(str_done) struct str marked = str_init(2 * BARE_BYTES_MAX);

		add_marked(g, name, &words, str_text(&text), (enum likeness)how, &marked);
		make_key(&marked, (enum likeness)how, ret->text[how]);
	}
}

static json_t *find_group(const struct groups *g, const struct keys *keys, int *ret_how)
{
	json_t *group = NULL;

	for (int how = 0; how < N_LIKENESSES && !group; how++) {
		group = json_object_get(g->index, keys->text[how]);
		*ret_how = how;
	}
	return group;
}

static json_t *new_group(struct groups *g, const char *needs)
{
	json_t *group = json_pack(
		"{s:s, s:b, s:[], s:[]}", "needs", needs, "own_words", 0, "nodes", "artefacts");

	(void)json_array_append_new(g->list, group);
	return group;
}

static void append(json_t *group, const json_t *node, long long runs)
{
	json_t *name = json_object_get(node, "name");

	(void)json_array_append_new(json_object_get(group, "nodes"),
		runs ? json_pack("{s:O, s:I}", "name", name, "runs", (json_int_t)runs)
		     : json_incref(name));
}

/* It stands for this change from now on, whatever way another node has the same. */
static void show(struct groups *g, const json_t *node, const struct keys *keys, json_t *group)
{
	(void)json_object_set_new(group, "artefacts", artefacts_of(g, node));
	for (int how = 0; how < N_LIKENESSES; how++)
		(void)json_object_set(g->index, keys->text[how], group);
}

/* Nodes of which nothing can be shown, by why that is. */
static json_t *group_without(struct groups *g, const char *key, const char *needs)
{
	json_t *group = json_object_get(g->index, key);

	if (group)
		return group;
	group = new_group(g, needs);
	(void)json_object_set(g->index, key, group);
	return group;
}

static void add_one(struct groups *g, const json_t *node, long long runs)
{
	const char *needs = client_text(node, "needs");
	struct keys keys;
	int how;

	make_keys(g, node, &keys);
	json_t *group = find_group(g, &keys, &how);
	bool is_first = !group;
	if (is_first && g->shown_bytes > SHOWN_BYTES_MAX) {
		group = group_without(g, needs, needs);
	} else if (is_first) {
		group = new_group(g, needs);
		show(g, node, &keys, group);
	} else if (how != AS_IT_IS) {
		(void)json_object_set_new(group, "own_words", json_true());
	}
	append(group, node, runs);
}

void groups_init(struct groups *g, struct texts *texts, const json_t *machines, bool is_full)
{
	*g = (struct groups){.texts = texts,
		.machines = machines,
		.is_full = is_full,
		.list = json_array(),
		.index = json_object()};
}

void groups_done(struct groups *g)
{
	json_decref(g->list);
	json_decref(g->index);
}

void groups_add(struct groups *g, const json_t *nodes, long long runs)
{
	size_t n = json_array_size(nodes);

	for (size_t first = 0; first < n && g->texts->rc == CLI_OK; first += NODES_AT_A_TIME) {
		size_t end = first + NODES_AT_A_TIME < n ? first + NODES_AT_A_TIME : n;

		for (size_t i = first; i < end; i++)
			want_node(g, json_array_get(nodes, i));
		if (texts_fetch(g->texts) != CLI_OK)
			return;
		for (size_t i = first; i < end; i++)
			add_one(g, json_array_get(nodes, i), runs);
		texts_forget(g->texts);
	}
}

void groups_add_unknown(struct groups *g, const json_t *nodes, long long runs)
{
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
		append(group_without(g, "unknown", "unknown"), node, runs);
}
