#include "provisioner/cluster/values.h"

#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/cluster/cluster.h"

/* `etcd`, or `docker: {log-max-files: 9}`. False, with an error added, for anything else. */
static bool read_one(struct load *l, const struct place *p, const struct doc_node *item,
	struct cluster_addon *ret)
{
	const struct doc_node *name = item, *parameters = NULL;

	if (item->kind == DOC_MAP && item->n == 1) {
		name = item->pairs[0].key;
		parameters = item->pairs[0].value;
		if (doc_is_null(parameters))
			parameters = NULL;
	}
	if (name->kind != DOC_SCALAR) {
		value_is_wrong(l, p, item);
		return false;
	}
	if (!parse_is_label(name->text)) {
		err_list_add(l->errors, name->at, "%s: \"%.80s\" is not the name of an add-on",
			path_of(l, p), name->text);
		return false;
	}
	if (parameters && parameters->kind != DOC_MAP) {
		err_list_add(l->errors, parameters->at,
			"%s: %s: expected a map of parameters, as in {docker: {log-max-files: 9}}",
			path_of(l, p), name->text);
		return false;
	}
	*ret = (struct cluster_addon){.at = name->at, .name = name->text, .parameters = parameters};
	return true;
}

static bool is_listed(const struct cluster_addon_list *list, const char *name)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return true;
	return false;
}

void role_addons_load(struct load *l, const struct place *p)
{
	struct cluster_addon_list list = {0};

	if (p->node->kind != DOC_LIST) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (value_has_too_many(l, p, p->node->n, CLUSTER_ADDONS_MAX))
		return;
	list.items = arena_alloc(l->arena, p->node->n, sizeof(*list.items));
	for (size_t i = 0; list.items && i < p->node->n; i++) {
		struct cluster_addon one;

		if (!read_one(l, p, p->node->items[i], &one))
			continue;
		if (is_listed(&list, one.name))
			err_list_add(l->errors, one.at, "%s: %s stands here twice", path_of(l, p),
				one.name);
		else
			list.items[list.n++] = one;
	}
	memcpy(p->field, &list, sizeof(list));
}
