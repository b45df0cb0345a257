#include "provisioner/cluster/values_bytes.h"

#include <string.h>

#include "provisioner/base/ident.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/wr.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/texts.h"
#include "provisioner/cluster/values.h"

/* "01:02:0a", or without the colons. The number of bytes, or -1. */
static int parse_hex(const char *text, uint8_t *ret, int max)
{
	static const char digits[] = "0123456789abcdef";
	int n = 0;

	while (*text) {
		const char *high = strchr(digits, text[0] | 0x20);
		const char *low = high && text[1] ? strchr(digits, text[1] | 0x20) : NULL;

		if (!low || n == max)
			return -1;
		ret[n++] = (uint8_t)((high - digits) << 4 | (low - digits));
		text += 2;
		if (*text == ':' && text[1] != '\0')
			text++;
	}
	return n;
}

/* A text as it is, or bytes as "hex:" says. The number of bytes, or -1. */
static int parse_bytes(const struct doc_node *node, uint8_t *ret, int max)
{
	const char *text = node->kind == DOC_SCALAR ? node->text : "";

	if (strncmp(text, "hex:", 4) == 0)
		return parse_hex(text + 4, ret, max);
	size_t len = strlen(text);
	if (!text_is_legal(SCHEMA_TEXT, text) || len > (size_t)max)
		return -1;
	memcpy(ret, text, len); // NOLINT(bugprone-not-null-terminated-result): bytes, no text
	return (int)len;
}

static void keep_bytes(struct load *l, const void *bytes, size_t n, struct byte_list *ret)
{
	uint8_t *kept = arena_alloc(l->arena, n, 1);

	if (kept && n > 0)
		memcpy(kept, bytes, n);
	if (kept)
		*ret = (struct byte_list){.bytes = kept, .n = (uint32_t)n};
}

void value_load_client_id(struct load *l, const struct place *p)
{
	uint8_t bytes[CLUSTER_CLIENT_ID_MAX];
	int n = parse_bytes(p->node, bytes, sizeof(bytes));

	if (n < 2) { /* RFC 2132 section 9.14 */
		value_is_wrong(l, p, p->node);
		return;
	}
	struct rd folded = client_id_folded(rd_init(bytes, (size_t)n));
	keep_bytes(l, folded.p, folded.left, p->field);
}

/* A value of a DHCP option, as it goes out. */
void value_load_option(struct load *l, const struct place *p)
{
	uint8_t bytes[CLUSTER_OPTION_BYTES];
	struct wr w = wr_init(bytes, sizeof(bytes));

	if (p->node->kind != DOC_LIST) {
		int n = parse_bytes(p->node, bytes, sizeof(bytes));

		if (n < 0)
			value_is_wrong(l, p, p->node);
		else
			keep_bytes(l, bytes, (size_t)n, p->field);
		return;
	}
	for (size_t i = 0; i < p->node->n; i++) {
		uint32_t address;

		if (p->node->items[i]->kind != DOC_SCALAR ||
			ipv4_parse(p->node->items[i]->text, &address) < 0) {
			value_is_wrong(l, p, p->node->items[i]);
			return;
		}
		wr_be32(&w, address);
	}
	if (!wr_ok(&w) || w.len == 0)
		value_is_wrong(l, p, p->node);
	else
		keep_bytes(l, bytes, w.len, p->field);
}

void value_load_uuid(struct load *l, const struct place *p)
{
	struct uuid u;

	if (p->node->kind != DOC_SCALAR || uuid_parse(p->node->text, &u) < 0) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (!uuid_is_useful(&u)) {
		err_list_add(l->errors, p->node->at,
			"%s: %s is what boards carry whose maker gave them none: it names no "
			"machine",
			path_of(l, p), p->node->text);
		return;
	}
	u = uuid_folded(&u);
	memcpy(p->field, &u, sizeof(u));
}
