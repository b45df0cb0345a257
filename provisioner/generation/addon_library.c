#include "provisioner/generation/addon_library.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/generation/sources.h"

#define PATH_SIZE 128

static int by_name(const void *a, const void *b)
{
	const struct addon *const x = a, *const y = b;

	return strcmp(x->name, y->name);
}

/* A folder without addon.yaml is no add-on: macros that several share, perhaps. */
static void load_one(struct arena *a, const struct sources *s, const char *name,
	struct addon_library *l, struct err_list *errors)
{
	struct sources sources = *s;
	struct template_source source;
	char path[PATH_SIZE];
	struct err e;

	if (!parse_is_label(name))
		return;
	(void)snprintf(path, sizeof(path), "addons/%s/addon.yaml", name); /* a label: it fits */
	int rc = sources_load(&sources, path, a, &source, &e);
	if (rc == -ENOENT)
		return;
	if (rc < 0) {
		err_list_add_err(errors, &e);
		return;
	}
	if (l->n == ADDONS_MAX)
		err_list_add(errors, (struct mark){.file = source.name},
			"there are more than %d add-ons", ADDONS_MAX);
	else if (addon_read(a, name, &source, &l->items[l->n], errors) == 0)
		l->n++;
}

int addon_library_load(struct arena *a, const struct sources *s, struct addon_library *ret,
	struct err_list *errors)
{
	size_t before = errors->n + errors->dropped;
	struct addon_library l = {.items = arena_alloc(a, ADDONS_MAX, sizeof(*l.items))};
	struct sources_names names;
	int rc = sources_folders(s, "addons", a, &names);

	if (rc < 0 || !l.items) {
		err_list_add(errors, (struct mark){0}, "templates/addons: %s",
			strerror(rc < 0 ? -rc : E2BIG));
		return -EINVAL;
	}
	for (size_t i = 0; i < names.n; i++)
		load_one(a, s, names.items[i], &l, errors);
	if (l.n > 0)
		qsort(l.items, l.n, sizeof(*l.items), by_name);
	*ret = l;
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}

const struct addon *addon_find(const struct addon_library *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].name, name) == 0)
			return &l->items[i];
	return NULL;
}
