#include "provisioner/generation/generation.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/build_addons.h"
#include "provisioner/generation/build_image.h"
#include "provisioner/generation/build_node.h"
#include "provisioner/generation/slot.h"

#define ARENA_BYTES_MAX ((size_t)2 << 30)

/* The scripts name the generation, whose number the hash over all decides. */
static int number_scripts(struct build *b, int64_t number)
{
	for (uint32_t i = 0; i < b->in->cluster->n_nodes; i++) {
		int rc = build_node_number(b, &b->g->nodes[i], number);

		if (rc < 0)
			return rc;
	}
	b->g->number = number;
	return 0;
}

/* Says, in its slot, why a machine gets nothing. */
static int build_refusal(struct build *b, const char *name, struct artefact *ret)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	struct value globals = value_map(scratch);

	value_map_set(globals, "server", value_get(b->shared, "server"));
	value_map_set(globals, "cluster", value_get(b->shared, "cluster"));
	value_map_set(globals, "reason", value_text(scratch, SLOT_REASON));
	int rc = build_render(b, name, globals, ret);
	if (rc == 0 && slot_count(ret->data, ret->len, SLOT_REASON) == 0) {
		err_list_add(
			b->errors, b->in->cluster->at, "%s must write {{ reason }} plainly", name);
		rc = -EINVAL;
	}
	return rc;
}

/* What every machine may get. */
static int build_shared(struct build *b)
{
	struct generation *g = b->g;
	int rc;

	if ((rc = build_render(b, "boot/boot.ipxe", b->shared, &g->first_script)) < 0 ||
		(rc = build_render(b, "boot/wait.ipxe", b->shared, &g->wait_script)) < 0 ||
		(rc = build_render(b, "boot/grub.cfg", b->shared, &g->wait_grub)) < 0 ||
		(rc = build_refusal(b, "boot/refused.ipxe", &g->refusal)) < 0)
		return rc;
	return build_refusal(b, "boot/grub.cfg", &g->refusal_grub);
}

static void hash_artefact(EVP_MD_CTX *ctx, const struct artefact *a)
{
	uint64_t len = a->len;

	(void)EVP_DigestUpdate(ctx, &len, sizeof(len));
	(void)EVP_DigestUpdate(ctx, a->data, a->len);
}

static int hash_all(struct generation *g)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	AUTO(str_done) struct str hex = str_init(sizeof(g->hash));
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
		EVP_MD_CTX_free(ctx);
		return -EIO;
	}
	hash_artefact(ctx, &g->first_script);
	hash_artefact(ctx, &g->wait_script);
	hash_artefact(ctx, &g->refusal);
	hash_artefact(ctx, &g->wait_grub);
	hash_artefact(ctx, &g->refusal_grub);
	for (uint32_t i = 0; i < g->cluster->n_nodes; i++) {
		hash_artefact(ctx, &g->nodes[i].config);
		hash_artefact(ctx, &g->nodes[i].script);
		hash_artefact(ctx, &g->nodes[i].grub);
		hash_artefact(ctx, &g->nodes[i].secrets);
	}
	int ok = EVP_DigestFinal_ex(ctx, digest, &n);
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -EIO;
	str_add_hex(&hex, digest, n);
	memcpy(g->hash, str_text(&hex), sizeof(g->hash));
	return 0;
}

static int build_all(struct build *b)
{
	const struct generation_inputs *in = b->in;
	int rc = build_read_distro(b);

	if (rc < 0)
		return rc;
	b->g->config_kind = b->distro.config;
	if ((rc = build_read_addons(b)) < 0 || (rc = build_shared(b)) < 0)
		return rc;
	for (uint32_t i = 0; i < in->cluster->n_nodes && !err_list_is_full(b->errors); i++) {
		b->g->nodes[i].node = &in->cluster->nodes[i];
		int one = build_node(b, &b->g->nodes[i]);

		rc = rc < 0 ? rc : one;
	}
	int seed = build_seed(b);
	rc = rc < 0 ? rc : seed;
	if (rc < 0 || (rc = build_check_image(b)) < 0 || (rc = hash_all(b->g)) < 0)
		return rc;
	bool is_same = strcmp(b->g->hash, in->last_hash) == 0;
	return number_scripts(b, is_same ? in->last_number : in->last_number + 1);
}

int generation_build(const struct generation_inputs *in, struct arena *cluster_arena,
	struct generation **ret, struct err_list *errors)
{
	struct generation *g = xcalloc(1, sizeof(*g));
	struct value server;

	g->arena = arena_new(ARENA_BYTES_MAX);
	g->cluster = in->cluster;
	struct value globals = context_cluster(g->arena, in->cluster, &in->facts);
	g->nodes = arena_alloc(g->arena, in->cluster->n_nodes, sizeof(*g->nodes));
	server = value_get(value_get(globals, "server"), "url");
	struct build b = {.in = in,
		.g = g,
		.shared = globals,
		.errors = errors,
		.sources = in->sources,
		.image_url = arena_printf(g->arena, "%.*s/images/%s/%s", (int)server.len,
			server.text, in->cluster->settings->image.distro, in->cluster->settings->image.version),
		.image_path = arena_printf(g->arena, "/images/%s/%s", in->cluster->settings->image.distro,
			in->cluster->settings->image.version)};

	b.templates = template_set_new(&(struct template_options){.load = sources_load,
		.load_arg = &b.sources,
		.arena = g->arena,
		.max_output = BUILD_ARTEFACT_MAX});

	int rc = build_all(&b);
	template_set_free(b.templates);
	if (rc < 0 || errors->n > 0) {
		if (errors->n == 0)
			err_list_add(
				errors, in->cluster->at, "rendering failed: %s", strerror(-rc));
		arena_free(g->arena);
		free(g);
		return -EINVAL;
	}
	g->cluster_arena = cluster_arena;
	*ret = g;
	return 0;
}

void generation_free(struct generation *g)
{
	if (!g)
		return;
	arena_free(g->arena);
	arena_free(g->cluster_arena);
	free(g);
}

const struct node_artefacts *generation_node(const struct generation *g, const char *name)
{
	const struct cluster_node *n = cluster_node_find(g->cluster, name);

	return n ? &g->nodes[n - g->cluster->nodes] : NULL;
}

char *generation_refusal(const struct artefact *refusal, const char *reason, size_t *ret_len)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);
	const char *at = refusal->data, *slot;

	for (; (slot = strstr(at, SLOT_REASON)); at = slot + sizeof(SLOT_REASON) - 1) {
		str_addn(&text, at, (size_t)(slot - at));
		str_add(&text, reason);
	}
	str_add(&text, at);
	*ret_len = text.len;
	return str_take(&text);
}
