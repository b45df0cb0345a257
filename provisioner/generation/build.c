#include "provisioner/generation/build.h"

#include <errno.h>

#include "provisioner/cluster/cluster.h"

/* What was cut off, here or by whoever wrote into `text`, is never served. */
int build_keep(
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
