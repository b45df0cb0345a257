#include "provisioner/generation/rendered.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"

#define SUM_BYTES_MAX ((size_t)64 << 20)

/* A node of the generation before. */
struct old {
	char *name;
	struct archive_node row;
};

struct trace {
	int64_t object;
	char *text;
	struct trace *next;
};

/* The first text of each kind that a role's nodes got: the others are like it. */
struct model {
	const struct cluster_role *role;
	int64_t objects[N_ARTEFACTS];
	struct model *next;
};

struct rendered {
	struct archive *archive;
	int64_t number;
	struct old *old; /* by name */
	size_t n_old, cap;
	struct trace *traces;
	struct model *models;
	EVP_MD *sha256;
	EVP_MD_CTX *ctx;
	struct str sum;
	int64_t n_put, n_changed, n_met;
};

static int take_old(const struct archive_node *n, void *arg)
{
	struct rendered *r = arg;

	if (r->n_old == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 256;
		r->old = xreallocarray(r->old, r->cap, sizeof(*r->old));
	}
	struct old *o = &r->old[r->n_old++];
	*o = (struct old){.name = xstrdup(n->name), .row = *n};
	o->row.name = o->name;
	return 0;
}

int rendered_new(struct archive *a, int64_t before, int64_t number, struct rendered **ret)
{
	struct rendered *r = xcalloc(1, sizeof(*r));

	r->archive = a;
	r->number = number;
	r->sum = str_init(SUM_BYTES_MAX);
	r->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	r->ctx = EVP_MD_CTX_new();
	assert(r->sha256 && r->ctx);
	int rc = before ? archive_nodes_each(a, before, take_old, r) : 0;
	if (rc < 0) {
		rendered_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void rendered_free(struct rendered *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_old; i++)
		free(r->old[i].name);
	free(r->old);
	for (struct trace *t = r->traces, *next; t; t = next) {
		next = t->next;
		free(t->text);
		free(t);
	}
	for (struct model *m = r->models, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	str_done(&r->sum);
	EVP_MD_CTX_free(r->ctx);
	EVP_MD_free(r->sha256);
	free(r);
}

/* The archive gives them in the order of their bytes. */
static int compare_name(const void *name, const void *old)
{
	return strcmp(name, ((const struct old *)old)->name);
}

static struct old *find_old(const struct rendered *r, const char *name)
{
	return r->n_old ? bsearch(name, r->old, r->n_old, sizeof(*r->old), compare_name) : NULL;
}

/* Most nodes have read the same. */
static const char *find_trace(struct rendered *r, int64_t object)
{
	for (const struct trace *t = r->traces; t; t = t->next)
		if (t->object == object)
			return t->text;
	AUTO(str_done) struct str text = str_init(DEPENDS_TRACE_MAX);
	if (archive_text(r->archive, object, &text) < 0)
		return NULL;
	struct trace *t = xcalloc(1, sizeof(*t));
	t->object = object;
	t->text = text.len ? str_take(&text) : xstrdup("");
	t->next = r->traces;
	r->traces = t;
	return t->text;
}

bool rendered_find(void *rendered, const struct cluster_node *n, struct generation_before *ret)
{
	const struct old *o = find_old(rendered, n->name);

	if (!o)
		return false;
	ret->key = o->row.key;
	ret->trace = find_trace(rendered, o->row.trace);
	return ret->trace != NULL;
}

static struct model *model_of(struct rendered *r, const struct cluster_role *role)
{
	for (struct model *m = r->models; m; m = m->next)
		if (m->role == role)
			return m;
	struct model *m = xcalloc(1, sizeof(*m));

	m->role = role;
	m->next = r->models;
	r->models = m;
	return m;
}

static void be_model(
	struct rendered *r, const struct cluster_node *node, const struct archive_node *row)
{
	struct model *m = model_of(r, node->role);

	for (size_t i = 0; i < N_ARTEFACTS; i++)
		m->objects[i] = m->objects[i] ? m->objects[i] : row->objects[i];
}

static int put_row(struct rendered *r, const struct archive_node *row, const struct old *was)
{
	if (was)
		r->n_met++;
	if (!was || memcmp(was->row.hash, row->hash, sizeof(row->hash)) != 0)
		r->n_changed++;
	str_printf(&r->sum, "%s ", row->name);
	str_add_hex(&r->sum, row->hash, sizeof(row->hash));
	str_addc(&r->sum, '\n');
	return archive_put_node(r->archive, r->number, row);
}

int rendered_keep(void *rendered, const struct cluster_node *n)
{
	struct rendered *r = rendered;
	const struct old *was = find_old(r, n->name);

	if (!was)
		return -ENOENT;
	be_model(r, n, &was->row);
	return put_row(r, &was->row, was);
}

/* Its texts, each like the one it had or like the one of the first node of its role. */
static int put_texts(struct rendered *r, const struct node_artefacts *n, const struct old *was,
	struct archive_node *row)
{
	const struct model *m = model_of(r, n->node->role);
	uint8_t hash[ARCHIVE_HASH_LEN];
	int rc = 0;

	if (!EVP_DigestInit_ex2(r->ctx, r->sha256, NULL))
		return -EIO;
	for (size_t i = 0; rc == 0 && i < N_ARTEFACTS; i++) {
		const struct artefact *t = &n->texts[i];
		int64_t like = m->objects[i];

		if (!like && was)
			like = was->row.objects[i];
		rc = archive_put(
			r->archive, t->data ? t->data : "", t->len, like, &row->objects[i], hash);
		if (rc == 0 && !EVP_DigestUpdate(r->ctx, hash, sizeof(hash)))
			rc = -EIO;
	}
	if (rc == 0 && !EVP_DigestFinal_ex(r->ctx, row->hash, NULL))
		rc = -EIO;
	return rc;
}

int rendered_put(void *rendered, const struct node_artefacts *n)
{
	struct rendered *r = rendered;
	struct archive_node row = {.name = n->node->name};
	const struct old *was = find_old(r, n->node->name);
	uint8_t hash[ARCHIVE_HASH_LEN];
	int rc = put_texts(r, n, was, &row);

	if (rc == 0)
		rc = archive_put(r->archive, n->trace.data, n->trace.len, 0, &row.trace, hash);
	if (rc < 0)
		return rc;
	memcpy(row.key, n->key, sizeof(row.key));
	r->n_put++;
	be_model(r, n->node, &row);
	return put_row(r, &row, was);
}

static int put_again(const struct archive_node *n, void *arg)
{
	struct rendered *r = arg;

	return put_row(r, n, find_old(r, n->name));
}

int rendered_again(struct rendered *r, int64_t number)
{
	return archive_nodes_each(r->archive, number, put_again, r);
}

int64_t rendered_n_put(const struct rendered *r)
{
	return r->n_put;
}

int64_t rendered_n_changed(const struct rendered *r)
{
	return r->n_changed + (int64_t)r->n_old - r->n_met;
}

void rendered_sum(const struct rendered *r, struct str *out)
{
	str_addn(out, str_text(&r->sum), r->sum.len);
}
