#include "provisioner/generation/depends.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "provisioner/generation/sources.h"

#define SEEN 512 /* names that were just told: most are told again and again */
#define VALUE_DEPTH_MAX 100
#define SCRATCH_MAX ((size_t)2 << 20)

enum read_kind { READ_NAME = 'n', READ_TEMPLATE = 't' };

struct read {
	enum read_kind kind;
	const char *name;
	size_t len;
};

/* The text of a template, or that there is none. */
struct text_hash {
	char *name;
	uint8_t hash[DEPENDS_KEY_LEN];
	struct text_hash *next;
};

struct shared_hash {
	const void *body; /* of a list or map that all nodes see */
	uint8_t hash[DEPENDS_KEY_LEN];
};

struct depends {
	struct sources *sources;
	char *salt;
	EVP_MD *sha256;
	EVP_MD_CTX *ctx;
	struct template_watch watch;
	struct read *reads;
	size_t n_reads, cap;
	const char *seen[SEEN]; /* by the place of their text, which a parsed template keeps */
	struct text_hash *texts;
	struct shared_hash *shared;
	size_t n_shared;
	bool failed;
};

/* --- recording ------------------------------------------------------------------------------------ */

static int compare(const struct read *a, const struct read *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	int order = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);

	if (order != 0)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

static void note(struct depends *d, const struct read *r)
{
	for (size_t i = 0; i < d->n_reads; i++)
		if (compare(&d->reads[i], r) == 0)
			return;
	if (d->n_reads == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 64;
		d->reads = xreallocarray(d->reads, d->cap, sizeof(*d->reads));
	}
	d->reads[d->n_reads++] = *r;
}

static void on_name(void *arg, const char *name, size_t len)
{
	struct depends *d = arg;
	const char **seen = &d->seen[((uintptr_t)name >> 3) % SEEN];

	if (*seen == name)
		return;
	*seen = name;
	note(d, &(struct read){READ_NAME, name, len});
}

static struct text_hash *find_text(struct depends *d, const char *name);

/* The name is the renderer's; ours lives as long as we do. */
static void on_template(void *arg, const char *name)
{
	struct depends *d = arg;
	const struct text_hash *t = find_text(d, name);

	note(d, &(struct read){READ_TEMPLATE, t->name, strlen(t->name)});
}

static int compare_reads(const void *a, const void *b)
{
	return compare(a, b);
}

void depends_begin(struct depends *d)
{
	d->n_reads = 0;
	memset(d->seen, 0, sizeof(d->seen));
}

void depends_trace(struct depends *d, struct str *out)
{
	if (d->n_reads > 0)
		qsort(d->reads, d->n_reads, sizeof(*d->reads), compare_reads);
	for (size_t i = 0; i < d->n_reads; i++) {
		str_addc(out, (char)d->reads[i].kind);
		str_addc(out, ' ');
		str_addn(out, d->reads[i].name, d->reads[i].len);
		str_addc(out, '\n');
	}
}

/* --- hashing -------------------------------------------------------------------------------------- */

static void add(struct depends *d, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(d->ctx, data, len))
		d->failed = true;
}

static void start(struct depends *d)
{
	d->failed = !EVP_DigestInit_ex2(d->ctx, d->sha256, NULL);
}

static int finish(struct depends *d, uint8_t ret[static DEPENDS_KEY_LEN])
{
	if (!EVP_DigestFinal_ex(d->ctx, ret, NULL))
		d->failed = true;
	return d->failed ? -EIO : 0;
}

/* With its length before it: no two lists of texts give the same bytes. */
static void add_text(struct depends *d, const char *text, size_t len)
{
	uint64_t n = len;

	add(d, &n, sizeof(n));
	add(d, text, len);
}

/* VALUE_DEPTH_MAX bounds these. NOLINTBEGIN(misc-no-recursion) */
static void add_value(struct depends *d, struct value v, unsigned depth);

static void add_list(struct depends *d, const struct value_list *l, unsigned depth)
{
	uint64_t n = l->n;

	add(d, &n, sizeof(n));
	for (size_t i = 0; i < l->n; i++)
		add_value(d, l->items[i], depth);
}

static void add_map(struct depends *d, const struct value_map *m, unsigned depth)
{
	uint64_t n = m->n;

	add(d, &n, sizeof(n));
	for (size_t i = 0; i < m->n; i++) {
		add_text(d, m->pairs[i].key.text, m->pairs[i].key.len);
		add_value(d, m->pairs[i].value, depth);
	}
}

/* Depth is counted: cluster.yaml's own limit is below it. What only lives while a template runs is no global. */
static void add_value(struct depends *d, struct value v, unsigned depth)
{
	uint8_t kind = (uint8_t)v.kind;

	add(d, &kind, sizeof(kind));
	switch (v.kind) {
	case VALUE_BOOL:
		kind = v.truth;
		add(d, &kind, sizeof(kind));
		break;
	case VALUE_INT:
		add(d, &v.i, sizeof(v.i));
		break;
	case VALUE_FLOAT:
		add(d, &v.f, sizeof(v.f));
		break;
	case VALUE_TEXT:
		add_text(d, v.text, v.len);
		break;
	case VALUE_LIST:
		if (depth < VALUE_DEPTH_MAX)
			add_list(d, v.list, depth + 1);
		else
			d->failed = true;
		break;
	case VALUE_MAP:
	case VALUE_NAMESPACE:
		if (depth < VALUE_DEPTH_MAX)
			add_map(d, v.map, depth + 1);
		else
			d->failed = true;
		break;
	case VALUE_UNDEFINED:
	case VALUE_NONE:
	case VALUE_MACRO:
	case VALUE_FUNCTION:
	case VALUE_LOOP:
		break;
	}
}
/* NOLINTEND(misc-no-recursion) */

/* --- templates ------------------------------------------------------------------------------------ */

static int hash_text(struct depends *d, const char *name, uint8_t ret[static DEPENDS_KEY_LEN])
{
	AUTO(arena_free_p) struct arena *a = arena_new(SCRATCH_MAX);
	struct template_source source;
	struct err e;

	int rc = sources_load(d->sources, name, a, &source, &e);
	if (rc < 0) /* whatever hinders it now must still do so then */
		source = (struct template_source){.text = "", .len = 0};
	start(d);
	add(d, &rc, sizeof(rc));
	add_text(d, source.text, source.len);
	return finish(d, ret);
}

static struct text_hash *find_text(struct depends *d, const char *name)
{
	for (struct text_hash *t = d->texts; t; t = t->next)
		if (strcmp(t->name, name) == 0)
			return t;
	struct text_hash *t = xcalloc(1, sizeof(*t));

	t->name = xstrdup(name);
	t->next = d->texts;
	d->texts = t;
	if (hash_text(d, name, t->hash) < 0)
		d->failed = true;
	return t;
}

/* --- keys ----------------------------------------------------------------------------------------- */

static const void *body_of(struct value v)
{
	return v.kind == VALUE_LIST ? (const void *)v.list
				    : (v.kind == VALUE_MAP ? (const void *)v.map : NULL);
}

/* What can not be hashed now is hashed for each node, and found wanting there. */
void depends_share(struct depends *d, struct value v)
{
	struct shared_hash h = {.body = body_of(v)};

	if (!h.body)
		return;
	start(d);
	add_value(d, v, 0);
	if (finish(d, h.hash) < 0)
		return;
	d->shared = xreallocarray(d->shared, d->n_shared + 1, sizeof(*d->shared));
	d->shared[d->n_shared++] = h;
}

static void add_global(struct depends *d, struct value v)
{
	const void *body = body_of(v);

	for (size_t i = 0; body && i < d->n_shared; i++) {
		if (d->shared[i].body == body) {
			add(d, d->shared[i].hash, DEPENDS_KEY_LEN);
			return;
		}
	}
	add_value(d, v, 0);
}

/* Templates first: hashing one that is new needs the context. */
static void meet_templates(struct depends *d, const char *trace)
{
	char name[512];

	for (const char *line = trace, *end; (end = strchr(line, '\n')); line = end + 1)
		if (line[0] == READ_TEMPLATE && (size_t)(end - line) < sizeof(name)) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)(end - line - 2), line + 2);
			(void)find_text(d, name);
		}
}

static void add_read(struct depends *d, const char *line, size_t len, struct value globals)
{
	if (line[0] == READ_NAME) {
		add_global(d, value_getn(globals, line + 2, len - 2));
		return;
	}
	for (const struct text_hash *t = d->texts; t; t = t->next) {
		if (strncmp(t->name, line + 2, len - 2) == 0 && t->name[len - 2] == '\0') {
			add(d, t->hash, sizeof(t->hash));
			return;
		}
	}
	d->failed = true;
}

int depends_key(struct depends *d, const char *trace, struct value globals, const char *own,
	uint8_t ret[static DEPENDS_KEY_LEN])
{
	meet_templates(d, trace);
	start(d);
	add_text(d, d->salt, strlen(d->salt));
	add_text(d, own, strlen(own));
	add_text(d, trace, strlen(trace));
	for (const char *line = trace, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (end - line < 3)
			d->failed = true;
		else
			add_read(d, line, (size_t)(end - line), globals);
	}
	return finish(d, ret);
}

struct depends *depends_new(struct sources *sources, const char *salt, struct value shared)
{
	struct depends *d = xcalloc(1, sizeof(*d));

	*d = (struct depends){.sources = sources,
		.salt = xstrdup(salt),
		.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
		.ctx = EVP_MD_CTX_new(),
		.watch = {.on_name = on_name, .on_template = on_template, .arg = d}};
	assert(d->sha256 && d->ctx); /* libcrypto without SHA-256 can do nothing of ours */
	for (size_t i = 0; i < shared.map->n; i++)
		depends_share(d, shared.map->pairs[i].value);
	return d;
}

void depends_free(struct depends *d)
{
	if (!d)
		return;
	for (struct text_hash *t = d->texts, *next; t; t = next) {
		next = t->next;
		free(t->name);
		free(t);
	}
	free(d->salt);
	free(d->reads);
	free(d->shared);
	EVP_MD_CTX_free(d->ctx);
	EVP_MD_free(d->sha256);
	free(d);
}

const struct template_watch *depends_watch(struct depends *d)
{
	return &d->watch;
}
