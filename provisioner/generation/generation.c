#include "netboot/images/store.h"
#include "provisioner/generation/generation.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/config/cloudconfig.h"
#include "provisioner/etcd/values.h"
#include "provisioner/generation/slot.h"

#define ARENA_BYTES_MAX ((size_t)2 << 30)
#define SCRATCH_BYTES_MAX ((size_t)64 << 20)
#define ARTEFACT_BYTES_MAX ((size_t)4 << 20)
#define NAME_BYTES_MAX 256

struct build {
	const struct generation_inputs *in;
	struct generation *g;
	struct sources sources;
	struct template_set *templates;
	struct distro distro;
	struct value shared;
	const char *image_url, *image_path; /* its folder, by HTTP and by TFTP */
	struct err_list *errors;
};

/* What was cut off, here or by whoever wrote into `text`, is never served. */
static int keep(
	const struct build *b, const char *what, const struct str *text, struct artefact *ret)
{
	char *copy = str_ok(text) ? arena_strndup(b->g->arena, str_text(text), text->len) : NULL;

	if (!copy) {
		err_list_add(b->errors, b->in->cluster->at, "%s is too large", what);
		return -E2BIG;
	}
	*ret = (struct artefact){.data = copy, .len = text->len};
	return 0;
}

/* Errors found in rendered text are told where the template wrote it. */
static void blame_template(struct err_list *errors, size_t first, const struct template_map *map)
{
	for (size_t i = first; i < errors->n; i++) {
		struct err *e = &errors->list[i];
		struct mark at = template_map_at(map, e->at.line);

		if (at.file && e->at.line)
			(void)err_set(e, 0, (struct mark){at.file, at.line, 0}, "%s", e->msg);
	}
}

/* Slots that a filter has changed would be served as they are. */
static int check_slots(
	const struct build *b, const struct cluster_node *n, const struct str *config)
{
	if (slot_count(str_text(config), config->len, SLOT_JOIN_TOKEN) > 0)
		return 0;
	err_list_add(b->errors, n->role->at,
		"%s: the join token is not in what %s gives this node, so it could never join: "
		"its template must write {{ boot.join_token }} plainly (parts/files-join.yaml "
		"does)",
		n->name, n->role->template);
	return -EINVAL;
}

static int read_and_emit(const struct build *b, struct arena *scratch, const char *name,
	const struct str *text, struct str *config)
{
	struct cloudconfig *model;

	int rc = cloudconfig_read(scratch, name, str_text(text), text->len, &model, b->errors);
	if (rc < 0)
		return rc;
	if (b->distro.config == DISTRO_IGNITION)
		return cloudconfig_emit_ignition(model, config, b->errors);
	return cloudconfig_emit_coreos(model, config);
}

static int build_config(
	struct build *b, struct arena *scratch, struct value globals, struct node_artefacts *ret)
{
	AUTO(str_done) struct str text = str_init(ARTEFACT_BYTES_MAX);
	AUTO(str_done) struct str config = str_init(ARTEFACT_BYTES_MAX);
	AUTO(template_map_done) struct template_map map = {0};
	const struct cluster_node *n = ret->node;
	size_t first = b->errors->n;
	struct err e;

	int rc = template_set_render(b->templates, n->role->template, &globals, &map, &text, &e);
	if (rc < 0) {
		if (e.file[0])
			err_list_add_err(b->errors, &e);
		else /* a template that is not there has no place of its own */
			err_list_add(b->errors, n->role->at, "%s", e.msg);
		return rc;
	}
	rc = read_and_emit(b, scratch, n->role->template, &text, &config);
	if (rc < 0)
		blame_template(b->errors, first, &map);
	else
		rc = check_slots(b, n, &config);
	if (rc < 0)
		return rc;
	rc = keep(b, "cloud-config", &text, &ret->cloud_config);
	return rc < 0 ? rc : keep(b, "the configuration", &config, &ret->config);
}

static void add_args(struct str *args, const struct text_list *more)
{
	for (uint32_t i = 0; i < more->n; i++)
		str_printf(args, " %s", more->items[i]);
}

static int build_plan(struct build *b, struct node_artefacts *ret)
{
	const struct cluster *c = b->in->cluster;
	AUTO(str_done) struct str args = str_init(ARTEFACT_BYTES_MAX);
	AUTO(str_done) struct str config_url = str_init(NAME_BYTES_MAX);
	struct value server = value_get(value_get(b->shared, "server"), "url");
	struct err e;

	str_printf(&config_url, "%.*s/n/%s/config", (int)server.len, server.text, SLOT_BOOT_NONCE);
	struct distro_input in = {.version = c->image.version,
		.config_url = str_text(&config_url),
		.image_url = b->image_url,
		.console = ""};
	int rc = distro_plan(b->g->arena, &b->distro, &in, &ret->plan, &e);
	if (rc < 0) {
		err_list_add_err(b->errors, &e);
		return rc;
	}
	str_add(&args, ret->plan.args);
	add_args(&args, &c->kernel_args);
	add_args(&args, &ret->node->role->kernel_args);
	add_args(&args, &ret->node->kernel_args);
	ret->plan.args = arena_strdup(b->g->arena, str_text(&args));
	return ret->plan.args ? 0 : -E2BIG;
}

/* What node.ipxe and grub.cfg see beside the names of every template. */
static void set_script_names(const struct build *b, struct arena *a, struct value globals,
	const struct node_artefacts *n, int64_t number)
{
	const struct cluster_image *image = &b->in->cluster->image;
	struct value map = value_map(a), initrds = value_list(a);
	AUTO(str_done) struct str url = str_init(1024);

	value_map_set(map, "name", value_text(a, image->distro));
	value_map_set(map, "version", value_text(a, image->version));
	value_map_set(map, "url", value_text(a, b->image_url));
	value_map_set(globals, "image", map);
	for (size_t i = 0; i < n->plan.n_initrds; i++) {
		struct value one = value_map(a);

		str_reset(&url);
		str_printf(&url, "%s/%s", b->image_url, n->plan.initrds[i]);
		value_map_set(one, "name", value_text(a, n->plan.initrds[i]));
		value_map_set(one, "url", value_text(a, str_text(&url)));
		str_reset(&url);
		str_printf(&url, "%s/%s", b->image_path, n->plan.initrds[i]);
		value_map_set(one, "path", value_text(a, str_text(&url)));
		value_list_add(initrds, one);
	}
	str_reset(&url);
	str_printf(&url, "%s/%s", b->image_url, n->plan.kernel);
	value_map_set(globals, "kernel_url", value_text(a, str_text(&url)));
	str_reset(&url);
	str_printf(&url, "%s/%s", b->image_path, n->plan.kernel);
	value_map_set(globals, "kernel_path", value_text(a, str_text(&url)));
	value_map_set(globals, "initrds", initrds);
	value_map_set(globals, "args", value_text(a, n->plan.args));
	value_map_set(globals, "generation", value_int(number));
}

static int render(struct build *b, const char *name, struct value globals, struct artefact *ret)
{
	AUTO(str_done) struct str text = str_init(ARTEFACT_BYTES_MAX);
	struct err e;

	int rc = template_set_render(b->templates, name, &globals, NULL, &text, &e);
	if (rc == 0)
		return keep(b, name, &text, ret);
	err_list_add_err(b->errors, &e);
	return rc;
}

/* What the node's boot loader runs: iPXE, or GRUB where Secure Boot or the architecture wants it. */
static int build_scripts(struct build *b, struct arena *scratch, struct value globals,
	struct node_artefacts *ret, int64_t number)
{
	set_script_names(b, scratch, globals, ret, number);
	int rc = render(b, "boot/node.ipxe", globals, &ret->script);
	return rc < 0 ? rc : render(b, "boot/grub.cfg", globals, &ret->grub);
}

static int build_node(struct build *b, struct node_artefacts *ret)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
	struct value globals = context_node(scratch, b->shared, b->in->cluster, ret->node);

	int rc = build_config(b, scratch, globals, ret);
	if (rc == 0)
		rc = build_plan(b, ret);
	return rc < 0 ? rc : build_scripts(b, scratch, globals, ret, 0);
}

/* The scripts name the generation, whose number the hash over all decides. */
static int number_scripts(struct build *b, int64_t number)
{
	for (uint32_t i = 0; i < b->in->cluster->n_nodes; i++) {
		AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
		struct node_artefacts *n = &b->g->nodes[i];
		struct value globals = context_node(scratch, b->shared, b->in->cluster, n->node);

		int rc = build_scripts(b, scratch, globals, n, number);
		if (rc < 0)
			return rc;
	}
	b->g->number = number;
	return 0;
}

/* Says, in its slot, why a machine gets nothing. */
static int build_refusal(struct build *b, const char *name, struct artefact *ret)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
	struct value globals = value_map(scratch);

	value_map_set(globals, "server", value_get(b->shared, "server"));
	value_map_set(globals, "cluster", value_get(b->shared, "cluster"));
	value_map_set(globals, "reason", value_text(scratch, SLOT_REASON));
	int rc = render(b, name, globals, ret);
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

	if ((rc = render(b, "boot/boot.ipxe", b->shared, &g->first_script)) < 0 ||
		(rc = render(b, "boot/wait.ipxe", b->shared, &g->wait_script)) < 0 ||
		(rc = render(b, "boot/grub.cfg", b->shared, &g->wait_grub)) < 0 ||
		(rc = build_refusal(b, "boot/refused.ipxe", &g->refusal)) < 0)
		return rc;
	return build_refusal(b, "boot/grub.cfg", &g->refusal_grub);
}

static int read_distro(struct build *b)
{
	const struct cluster_image *image = &b->in->cluster->image;
	char name[NAME_BYTES_MAX];
	struct sources sources = b->in->sources;
	struct template_source source;
	struct err e;

	(void)snprintf(
		name, sizeof(name), "distros/%s.yaml", image->distro); /* checked: < 128 bytes */
	int rc = sources_load(&sources, name, b->g->arena, &source, &e);
	if (rc == -ENOENT) {
		err_list_add(b->errors, image->at,
			"image: there is no distribution \"%s\" (no templates/%s)", image->distro,
			name);
		return rc;
	}
	if (rc == 0)
		rc = distro_read(b->g->arena, source.name, source.text, source.len, &b->distro, &e);
	if (rc < 0)
		err_list_add_err(b->errors, &e);
	return rc;
}

/* Every file that scripts name must be in the image store. */
static int check_image_file(const struct build *b, const char *file)
{
	const struct cluster_image *image = &b->in->cluster->image;
	char path[2 * NAME_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", image->distro, image->version, file);
	AUTO(close_p) int fd = file_open_beneath(b->in->images_dir, path);
	if (fd >= 0)
		return 0;
	err_list_add(b->errors, image->at, "image: %s/%s has no file %s in the image store (%s)",
		image->distro, image->version, file, strerror(-fd));
	return fd;
}

/* What has no manifest can not be verified, and is not served. */
static int check_manifest(const struct build *b)
{
	const struct cluster_image *image = &b->in->cluster->image;
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	struct image_id id;
	struct err e = {.msg = ""};
	char text[640];
	int rc = image_id_make(image->distro, image->version, &id);

	if (rc == 0)
		rc = images_manifest(b->in->images_dir, &id, m, &e);
	if (rc < 0)
		err_list_add(b->errors, image->at, "image: %s",
			e.msg[0] ? err_text(&e, text, sizeof(text))
				 : "not a name that an image can have");
	return rc;
}

static int check_image(const struct build *b)
{
	if (b->in->images_dir < 0 || b->in->cluster->n_nodes == 0)
		return 0;
	const struct distro_plan *plan = &b->g->nodes[0].plan;
	int rc = check_image_file(b, plan->kernel);

	for (size_t i = 0; i < plan->n_initrds; i++) {
		int one = check_image_file(b, plan->initrds[i]);

		rc = rc < 0 ? rc : one;
	}
	if (plan->rootfs[0] && rc == 0)
		rc = check_image_file(b, plan->rootfs);
	return rc < 0 ? rc : check_manifest(b);
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
	int rc = read_distro(b);

	if (rc < 0)
		return rc;
	b->g->config_kind = b->distro.config;
	rc = build_shared(b);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < in->cluster->n_nodes && !err_list_is_full(b->errors); i++) {
		b->g->nodes[i].node = &in->cluster->nodes[i];
		int one = build_node(b, &b->g->nodes[i]);

		rc = rc < 0 ? rc : one;
	}
	int seed = etcd_seed_read(b->g->arena, in->cluster->etcd.seed, &b->g->seed_keys,
		&b->g->n_seed_keys, b->errors);
	rc = rc < 0 ? rc : seed;
	if (rc < 0 || (rc = check_image(b)) < 0 || (rc = hash_all(b->g)) < 0)
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
			server.text, in->cluster->image.distro, in->cluster->image.version),
		.image_path = arena_printf(g->arena, "/images/%s/%s", in->cluster->image.distro,
			in->cluster->image.version)};

	b.templates = template_set_new(&(struct template_options){.load = sources_load,
		.load_arg = &b.sources,
		.arena = g->arena,
		.max_output = ARTEFACT_BYTES_MAX});

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
	AUTO(str_done) struct str text = str_init(ARTEFACT_BYTES_MAX);
	const char *at = refusal->data, *slot;

	for (; (slot = strstr(at, SLOT_REASON)); at = slot + sizeof(SLOT_REASON) - 1) {
		str_addn(&text, at, (size_t)(slot - at));
		str_add(&text, reason);
	}
	str_add(&text, at);
	*ret_len = text.len;
	return str_take(&text);
}
