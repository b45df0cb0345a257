#include "provisioner/generation/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/addon_presets.h"
#include "provisioner/generation/build_addons.h"
#include "provisioner/generation/build_id.h"
#include "provisioner/generation/build_image.h"
#include "provisioner/generation/build_node.h"
#include "provisioner/generation/slot.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define SALT_MAX 256

int build_keep(
	const struct build *b, const char *what, const struct str *text, struct artefact *ret)
{
	char *copy = str_ok(text) ? arena_strndup(b->keep, str_text(text), text->len) : NULL;

	if (!copy) {
		err_list_add(b->errors, b->in->cluster->at, "%s is too large", what);
		return -E2BIG;
	}
	*ret = (struct artefact){.data = copy, .len = text->len};
	return 0;
}

int build_render(struct build *b, const char *name, struct value globals, struct artefact *ret)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);
	struct err e;

	int rc = template_set_render(b->templates, name, &globals, NULL, &text, &e);
	if (rc == 0)
		return build_keep(b, name, &text, ret);
	err_list_add_err(b->errors, &e);
	return rc;
}

void build_blame(struct err_list *errors, size_t first, const struct template_map *map)
{
	for (size_t i = first; i < errors->n; i++) {
		struct err *e = &errors->list[i];
		struct mark at = template_map_at(map, e->at.line);

		if (at.file && e->at.line)
			(void)err_set(e, 0, (struct mark){at.file, at.line, 0}, "%s", e->msg);
	}
}

void build_depends_on(struct build *b, const char *name)
{
	const struct template_watch *w = depends_watch(b->depends);

	w->on_template(w->arg, name);
}

/* --- what every machine may get ------------------------------------------------------------------- */

/* Says something in its slot: why a machine gets nothing, why it waits (`enroll` is "wait"), that it is a node now
 * (`enroll` is "renew"). */
static int build_with_reason(
	struct build *b, const char *name, const char *enroll, struct artefact *ret)
{
	AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
	struct value globals = value_map(scratch);

	value_map_set(globals, "server", value_get(b->shared, "server"));
	value_map_set(globals, "cluster", value_get(b->shared, "cluster"));
	value_map_set(globals, "reason", value_text(scratch, SLOT_REASON));
	if (enroll)
		value_map_set(globals, "enroll", value_text(scratch, enroll));
	int rc = build_render(b, name, globals, ret);
	if (rc == 0 && slot_count(ret->data, ret->len, SLOT_REASON) == 0) {
		err_list_add(
			b->errors, b->in->cluster->at, "%s must write {{ reason }} plainly", name);
		rc = -EINVAL;
	}
	return rc;
}

static int build_enrolling(struct build *b)
{
	static const char ipxe[] = "boot/enroll.ipxe", grub[] = "boot/enroll.grub.cfg";
	struct generation *g = b->g;
	int rc;

	if ((rc = build_with_reason(b, ipxe, "wait", &g->enroll_script)) < 0 ||
		(rc = build_with_reason(b, ipxe, "renew", &g->renew_script)) < 0 ||
		(rc = build_with_reason(b, grub, "wait", &g->enroll_grub)) < 0)
		return rc;
	return build_with_reason(b, grub, "renew", &g->renew_grub);
}

static int build_shared(struct build *b)
{
	struct generation *g = b->g;
	int rc;

	if ((rc = build_render(b, "boot/boot.ipxe", b->shared, &g->first_script)) < 0 ||
		(rc = build_render(b, "boot/wait.ipxe", b->shared, &g->wait_script)) < 0 ||
		(rc = build_render(b, "boot/grub.cfg", b->shared, &g->wait_grub)) < 0 ||
		(rc = build_with_reason(b, "boot/refused.ipxe", NULL, &g->refusal)) < 0 ||
		(rc = build_with_reason(b, "boot/grub.cfg", NULL, &g->refusal_grub)) < 0)
		return rc;
	return build_enrolling(b);
}

/* --- nodes ---------------------------------------------------------------------------------------- */

/* The sink's own failure ends it; a node's mistakes are collected. */
static int build_nodes(struct build *b)
{
	const struct cluster *c = b->in->cluster;
	int rc = 0;

	for (uint32_t i = 0; i < c->n_nodes && !err_list_is_full(b->errors); i++) {
		AUTO(arena_free_p) struct arena *scratch = arena_new(BUILD_SCRATCH_MAX);
		struct node_artefacts n = {.node = &c->nodes[i]};
		size_t mistakes = b->errors->n;

		b->keep = scratch;
		int one = build_node(b, scratch, &n);
		if (one < 0 && b->errors->n == mistakes)
			return one;
		rc = rc < 0 ? rc : one;
	}
	b->keep = b->g->arena;
	return rc;
}

static int list_images(struct build *b)
{
	size_t n = 0;

	for (const struct build_image *i = b->images; i; i = i->next)
		n++;
	b->g->images = arena_alloc(b->g->arena, n, sizeof(*b->g->images));
	if (!b->g->images)
		return -E2BIG;
	for (const struct build_image *i = b->images; i; i = i->next) {
		struct generation_image *to = &b->g->images[b->g->n_images++];

		*to = (struct generation_image){.distro = i->image->distro,
			.version = i->image->version,
			.config = i->distro.config,
			.kernel = i->plan.kernel,
			.unified = i->plan.unified,
			.n_initrds = i->plan.n_initrds};
		memcpy(to->initrds, i->plan.initrds, sizeof(to->initrds));
	}
	return 0;
}

static int keep_presets(struct build *b)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);

	addon_presets_write(&b->addons, b->in->cluster->registry_mirror, &text);
	return build_keep(b, "the list of add-ons' parameters", &text, &b->g->addons);
}

static int build_all(struct build *b)
{
	struct build_image *image;
	int rc = build_find_image(b, &b->in->cluster->settings->image, &image);

	if (rc < 0 || (rc = build_read_addons(b)) < 0 || (rc = build_shared(b)) < 0)
		return rc;
	for (size_t i = 0; i < b->addons.n_roles; i++)
		depends_share(b->depends, b->addons.roles[i].values);
	rc = build_nodes(b);
	int seed = build_seed(b);
	rc = rc < 0 ? rc : seed;
	if (rc < 0 || (rc = keep_presets(b)) < 0)
		return rc;
	return list_images(b);
}

int generation_build(const struct generation_inputs *in, const struct generation_sink *sink,
	struct generation **ret, struct err_list *errors)
{
	struct generation *g = xcalloc(1, sizeof(*g));
	AUTO(str_done) struct str salt = str_init(SALT_MAX);
	size_t mistakes = errors->n;

	g->arena = arena_new(ARENA_BYTES_MAX);
	g->cluster = in->cluster;
	(void)snprintf(
		g->ca_fingerprint, sizeof(g->ca_fingerprint), "%s", in->facts.ca_fingerprint);
	struct build b = {.in = in,
		.sink = sink,
		.g = g,
		.keep = g->arena,
		.sources = in->sources,
		.shared = context_cluster(g->arena, in->cluster, &in->facts),
		.errors = errors};

	build_id(&salt);
	b.depends = depends_new(&b.sources, str_text(&salt), b.shared);
	b.templates = template_set_new(&(struct template_options){.load = sources_load,
		.load_arg = &b.sources,
		.arena = g->arena,
		.max_output = BUILD_ARTEFACT_MAX,
		.watch = depends_watch(b.depends)});
	int rc = build_all(&b);
	template_set_free(b.templates);
	depends_free(b.depends);
	if (rc == 0 && errors->n == mistakes) {
		*ret = g;
		return 0;
	}
	generation_free(g);
	if (errors->n > mistakes)
		return -EINVAL;
	return rc;
}
