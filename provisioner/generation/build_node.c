#include "provisioner/generation/build_node.h"

#include <errno.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/config/content.h"
#include "provisioner/config/emit.h"
#include "provisioner/generation/build_addons.h"
#include "provisioner/generation/build_dhcp.h"
#include "provisioner/generation/build_image.h"
#include "provisioner/generation/slot.h"

/* Linux takes 2047 bytes of arguments (COMMAND_LINE_SIZE), and there are others. */
#define NETWORK_ARG_MAX 1200

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

/* What a template wrote, in the node's language. */
struct emitted {
	struct str config, network;
};

static void emitted_done(struct emitted *e)
{
	str_done(&e->config);
	str_done(&e->network);
}

static int read_and_emit(const struct build *b, struct arena *scratch, enum config_kind kind,
	const char *template, const struct str *text, struct emitted *ret)
{
	struct cloudconfig *model;

	int rc = cloudconfig_read(scratch, template, str_text(text), text->len, &model, b->errors);
	if (rc < 0)
		return rc;
	rc = config_emit(kind, model, &ret->config, b->errors);
	int network = config_emit_network(kind, model, &ret->network, b->errors);
	return rc < 0 ? rc : network;
}

/* cloud-init is told the network by the kernel's arguments: it fetches no such file from a seed. */
static int make_network_arg(const struct build *b, struct arena *scratch,
	const struct cluster_node *n, const struct str *network, const char **ret)
{
	AUTO(str_done) struct str packed = str_init(BUILD_ARTEFACT_MAX);

	content_add_packed(&packed, str_text(network), network->len);
	if (!str_ok(&packed) || packed.len > NETWORK_ARG_MAX) {
		err_list_add(b->errors, n->at,
			"%s: its network-config takes %zu bytes of the kernel's arguments, and "
			"there is room for %d",
			n->name, packed.len, NETWORK_ARG_MAX);
		return -E2BIG;
	}
	*ret = arena_printf(scratch, " network-config=%s", str_text(&packed));
	return *ret ? 0 : -E2BIG;
}

/* A template that is not there has no place of its own: the role that names it has. */
static void complain_of_none(
	struct build *b, struct arena *scratch, const struct cluster_role *r, const char *message)
{
	const struct doc_node *said = r->said.map ? doc_get(r->said.map, "template") : NULL;
	const char *near = sources_nearest(&b->sources, ".", r->template, scratch);

	err_list_add(b->errors, said ? said->at : r->at, "%s%s%s%s", message,
		near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static int build_config(struct build *b, struct arena *scratch, const struct build_image *i,
	struct value globals, struct node_artefacts *ret, const char **ret_network)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);
	AUTO(emitted_done)
	struct emitted got = {str_init(BUILD_ARTEFACT_MAX), str_init(BUILD_ARTEFACT_MAX)};
	AUTO(template_map_done) struct template_map map = {0};
	const struct cluster_node *n = ret->node;
	size_t first = b->errors->n;
	struct err e;

	int rc = template_set_render(b->templates, n->role->template, &globals, &map, &text, &e);
	if (rc < 0) {
		if (e.file[0])
			err_list_add_err(b->errors, &e);
		else
			complain_of_none(b, scratch, n->role, e.msg);
		return rc;
	}
	rc = read_and_emit(b, scratch, i->distro.config, n->role->template, &text, &got);
	if (rc < 0)
		build_blame(b->errors, first, &map);
	else
		rc = check_slots(b, n, &got.config);
	if (rc == 0 && got.network.len > 0)
		rc = make_network_arg(b, scratch, n, &got.network, ret_network);
	if (rc < 0)
		return rc;
	rc = build_keep(b, "cloud-config", &text, &ret->texts[ARTEFACT_CLOUD_CONFIG]);
	return rc < 0 ? rc
		      : build_keep(
				b, "the configuration", &got.config, &ret->texts[ARTEFACT_CONFIG]);
}

/* The distribution's arguments, then the operator's. */
static const char *make_args(
	struct arena *scratch, const struct build_image *i, const struct cluster_node *n)
{
	const struct text_list *more = &n->settings->kernel_args;
	AUTO(str_done) struct str args = str_init(BUILD_ARTEFACT_MAX);

	str_add(&args, i->plan.args);
	for (uint32_t k = 0; k < more->n; k++)
		str_printf(&args, " %s", more->items[k]);
	return str_ok(&args) ? arena_strdup(scratch, str_text(&args)) : NULL;
}

static int check_unified(
	const struct build *b, const struct build_image *i, const struct cluster_node *n)
{
	if (!cluster_node_boots_unified(n) || i->plan.unified[0])
		return 0;
	err_list_add(b->errors, n->at,
		"%s has boot-file: uki, but %s names no unified kernel image (boot.unified)",
		n->name, i->distro.kernel.at.file);
	return -EINVAL;
}

/* What its templates see; the boot scripts' names too. */
static struct value node_names(const struct build *b, struct arena *scratch,
	const struct build_image *i, const char *args, const struct cluster_node *n)
{
	struct value globals = context_node(scratch, b->shared, b->in->cluster, n);

	build_addons_names(b, globals, n);
	value_map_set(globals, "image", i->name);
	value_map_set(globals, "kernel_url", i->kernel_url);
	value_map_set(globals, "kernel_path", i->kernel_path);
	value_map_set(globals, "initrds", i->initrds);
	value_map_set(globals, "args", value_text(scratch, args));
	value_map_set(
		globals, "generation", value_text_of(SLOT_GENERATION, sizeof(SLOT_GENERATION) - 1));
	return globals;
}

/* What its boot loader loads, for people to read. */
static int build_boot(
	struct build *b, const struct build_image *i, const char *args, struct node_artefacts *ret)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);

	str_printf(&text, "image: %s/%s\nkernel: %s\n", i->image->distro, i->image->version,
		i->plan.kernel);
	for (size_t k = 0; k < i->plan.n_initrds; k++)
		str_printf(&text, "initrd: %s\n", i->plan.initrds[k]);
	if (i->plan.rootfs[0])
		str_printf(&text, "rootfs: %s\n", i->plan.rootfs);
	str_printf(&text, "args: %s\n", args);
	return build_keep(b, "the kernel's arguments", &text, &ret->texts[ARTEFACT_BOOT]);
}

/* What is known of a node before anything is rendered, and what its texts depend on beside what templates read. */
struct own {
	const char *args, *dhcp;
	const char *all; /* in one text */
};

static int keep_dhcp(const struct build *b, const char *dhcp, struct node_artefacts *n)
{
	AUTO(str_done) struct str text = str_init(BUILD_ARTEFACT_MAX);

	str_add(&text, dhcp);
	return build_keep(b, "what DHCP tells", &text, &n->texts[ARTEFACT_DHCP]);
}

static int build_texts(struct build *b, struct arena *scratch, const struct build_image *i,
	const struct own *own, struct value globals, struct node_artefacts *n)
{
	const char *network = "";
	int rc = build_config(b, scratch, i, globals, n, &network);
	const char *all = rc == 0 ? arena_printf(scratch, "%s%s", own->args, network) : "";

	/* Only the boot scripts see it; what a rendering depends on was said before. */
	value_map_set(globals, "args", value_text(scratch, all ? all : ""));
	if (rc == 0 && !all)
		rc = -E2BIG;
	if (rc == 0)
		rc = build_addons_secrets(b, scratch, globals, n);
	/* What its boot loader runs: iPXE, or GRUB where Secure Boot or the architecture wants it. */
	if (rc == 0)
		rc = build_render(b, "boot/node.ipxe", globals, &n->texts[ARTEFACT_IPXE]);
	if (rc == 0)
		rc = build_render(b, "boot/grub.cfg", globals, &n->texts[ARTEFACT_GRUB]);
	value_map_set(globals, "args", value_text(scratch, own->args));
	if (rc == 0)
		rc = keep_dhcp(b, own->dhcp, n);
	return rc < 0 ? rc : build_boot(b, i, all, n);
}

/* The key over what this rendering has read. One that can not be made is equal to none. */
static int finish_trace(
	struct build *b, struct value globals, const char *own, struct node_artefacts *n)
{
	AUTO(str_done) struct str trace = str_init(DEPENDS_TRACE_MAX);

	depends_trace(b->depends, &trace);
	int rc = build_keep(b, "what the templates read", &trace, &n->trace);
	if (rc == 0 && depends_key(b->depends, n->trace.data, globals, own, n->key) < 0)
		memset(n->key, 0, sizeof(n->key));
	return rc;
}

static bool is_as_before(
	struct build *b, const struct cluster_node *n, struct value globals, const char *own)
{
	static const uint8_t none[DEPENDS_KEY_LEN];
	struct generation_before before;
	uint8_t key[DEPENDS_KEY_LEN];

	return b->sink->find && b->sink->find(b->sink->arg, n, &before) &&
	       memcmp(before.key, none, sizeof(none)) != 0 &&
	       depends_key(b->depends, before.trace, globals, own, key) == 0 &&
	       memcmp(key, before.key, sizeof(key)) == 0;
}

int build_node(struct build *b, struct arena *scratch, struct node_artefacts *n)
{
	struct build_image *i;
	int rc = build_find_image(b, &n->node->settings->image, &i);

	if (rc == 0)
		rc = check_unified(b, i, n->node);
	if (rc < 0)
		return rc;
	struct own own = {.args = make_args(scratch, i, n->node),
		.dhcp = build_dhcp_text(scratch, b->in->cluster, n->node)};
	if (own.args && own.dhcp)
		own.all = arena_printf(scratch, "%s %s %s\n%s", i->depends, n->node->role->template,
			own.args, own.dhcp);
	if (!own.all)
		return -E2BIG;
	struct value globals = node_names(b, scratch, i, own.args, n->node);
	if (is_as_before(b, n->node, globals, own.all))
		return b->sink->keep(b->sink->arg, n->node);
	depends_begin(b->depends);
	rc = build_texts(b, scratch, i, &own, globals, n);
	if (rc == 0)
		rc = finish_trace(b, globals, own.all, n);
	if (rc < 0)
		return rc;
	return b->sink->put ? b->sink->put(b->sink->arg, n) : 0;
}
