#include "provisioner/generation/generation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/inputs.h"
#include "provisioner/generation/shared.h"
#include "provisioner/generation/slot.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)

static int load_cluster(struct generation *g, struct archive *a, int64_t number, struct err *e)
{
	struct cluster_files files = {0};
	struct err_list errors = {0};
	struct cluster *c = NULL;

	g->cluster_arena = arena_new(ARENA_BYTES_MAX);
	int rc = inputs_read(a, number, &files, e);
	if (rc < 0)
		return rc;
	rc = cluster_load_texts(g->cluster_arena, files.texts, files.n, &c, &errors);
	if (rc < 0)
		*e = errors.list[0];
	cluster_files_done(&files);
	g->cluster = c;
	return rc;
}

int generation_open(struct archive *a, const struct archive_generation *which,
	struct generation **ret, struct err *e)
{
	struct generation *g = xcalloc(1, sizeof(*g));

	g->arena = arena_new(ARENA_BYTES_MAX);
	g->number = which->number;
	memcpy(g->hash, which->hash, sizeof(g->hash));
	int rc = load_cluster(g, a, which->number, e);
	if (rc == 0)
		rc = shared_get(g, a, e);
	if (rc < 0) {
		generation_free(g);
		return rc;
	}
	g->archive = a;
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

int generation_text(
	const struct generation *g, const char *node, enum artefact_kind kind, struct str *ret)
{
	AUTO(str_done) struct str text = str_init(ARCHIVE_TEXT_MAX);
	char number[24];

	int rc = archive_node_text(g->archive, g->number, node, kind, &text);
	if (rc < 0)
		return rc;
	(void)snprintf(number, sizeof(number), "%" PRId64, g->number);
	if (text.len > 0 && g->agent_sha256[0])
		slot_fill(text.s, text.len, SLOT_AGENT_SHA256, g->agent_sha256);
	slot_replace(str_text(&text), text.len, SLOT_GENERATION, number, ret);
	return str_ok(ret) ? 0 : -EMSGSIZE;
}

const struct generation_image *generation_image(
	const struct generation *g, const struct cluster_image *image)
{
	for (size_t i = 0; i < g->n_images; i++)
		if (strcmp(g->images[i].distro, image->distro) == 0 &&
			strcmp(g->images[i].version, image->version) == 0)
			return &g->images[i];
	return NULL;
}

char *generation_with_reason(const struct artefact *script, const char *reason, size_t *ret_len)
{
	struct str text = str_init(ARCHIVE_TEXT_MAX);

	slot_replace(script->data, script->len, SLOT_REASON, reason, &text);
	*ret_len = text.len;
	return str_take(&text);
}
