/* YAML from a stranger: never more than the limits allow, and a tree that can be walked. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "provisioner/base/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct doc_limits limits = {
	.bytes = 1 << 20, .depth = 16, .nodes = 5000, .expanded = 500, .anchors = 50};

static size_t walk(const struct doc_node *n, size_t depth)
{
	size_t nodes = 1;

	assert(depth <= limits.depth);
	assert(n->at.line > 0 && n->at.col > 0);
	if (n->kind == DOC_SCALAR) {
		assert(n->style != 0 && strlen(n->text) == n->len);
		return nodes;
	}
	for (size_t i = 0; i < n->n; i++) {
		if (n->kind == DOC_MAP) {
			assert(n->pairs[i].key->kind == DOC_SCALAR);
			assert(doc_get(n, n->pairs[i].key->text) == n->pairs[i].value);
			nodes += 1 + walk(n->pairs[i].value, depth + 1);
		} else {
			nodes += walk(n->items[i], depth + 1);
		}
	}
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	struct doc_node *root = NULL;
	struct err e = {0};
	int rc = doc_parse(a, "fuzz", (const char *)data, size, &limits, &root, &e);

	if (rc < 0)
		assert(e.msg[0] != '\0');
	else if (root)
		assert(walk(root, 0) <= limits.nodes + limits.expanded + 1);
	return 0;
}
