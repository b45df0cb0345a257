#include "provisioner/generation/convert.h"

#include <errno.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/config/emit.h"
#include "provisioner/generation/generation.h"

#define MODEL_BYTES_MAX ((size_t)64 << 20)

typedef int emitter(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors);

static const struct language {
	const char *as;
	enum config_kind kind;
	emitter *emit;
} languages[] = {
	{"ignition", CONFIG_IGNITION, config_emit},
	{"coreos", CONFIG_COREOS, config_emit},
	{"flatcar", CONFIG_FLATCAR, config_emit},
	{"cloud-init", CONFIG_CLOUD_INIT, config_emit},
	{"network-config", CONFIG_CLOUD_INIT, config_emit_network},
};

static const struct language *find(const char *as)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (strcmp(languages[i].as, as) == 0)
			return &languages[i];
	return NULL;
}

bool convert_is_language(const char *as)
{
	return find(as) != NULL;
}

const char *convert_languages(void)
{
	return "ignition, coreos, flatcar, cloud-init, network-config";
}

/* Ignition is that of the node's own system, where it reads Ignition. */
static enum config_kind kind_for(
	const struct generation *g, const char *node, const struct language *l)
{
	const struct cluster_node *n = cluster_node_find(g->cluster, node);
	const struct generation_image *image = n ? generation_image(g, &n->settings->image) : NULL;
	bool is_fcos = image && image->config == CONFIG_IGNITION_FCOS;

	return is_fcos && l->kind == CONFIG_IGNITION ? CONFIG_IGNITION_FCOS : l->kind;
}

int convert_node(const struct generation *g, const char *node, const char *as, struct str *out,
	struct err_list *errors)
{
	const struct language *l = find(as);
	AUTO(arena_free_p) struct arena *a = arena_new(MODEL_BYTES_MAX);
	AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
	struct cloudconfig *model = NULL;

	if (!l)
		return -EINVAL;
	int rc = generation_text(g, node, ARTEFACT_CLOUD_CONFIG, &text);
	if (rc == 0)
		rc = cloudconfig_read(a, "cloud-config", str_text(&text), text.len, &model, errors);
	return rc < 0 ? rc : l->emit(kind_for(g, node, l), model, out, errors);
}
