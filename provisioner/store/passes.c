/* Tokens and boots: what lets one boot of one node fetch its files and join, for a while. */
#include <errno.h>

#include "provisioner/store/query.h"
#include "provisioner/store/store.h"

/* Keeps the newest few of a node: a machine in a boot loop must not fill the disk. */
static int prune(struct store *s, enum sql which, const char *node)
{
	AUTO(query_done) struct query q = query_start(s, which);

	query_put_text(&q, node, STORE_KEY_SIZE - 1);
	query_put_int(&q, STORE_PASSES_PER_NODE_MAX);
	return query_run(&q);
}

static int add_token(struct store *s, const struct store_token *t)
{
	AUTO(query_done) struct query q = query_start(s, SQL_TOKEN_ADD);

	query_put_blob(&q, t->hash, sizeof(t->hash));
	query_put_text(&q, t->node, STORE_KEY_SIZE - 1);
	query_put_text(&q, t->nonce, STORE_NONCE_SIZE - 1);
	query_put_int(&q, t->created_ms);
	query_put_int(&q, t->expires_ms);
	return query_run(&q);
}

int store_token_add(struct store *s, const struct store_token *t)
{
	struct operation o;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = add_token(s, t);
	if (rc == 0)
		rc = prune(s, SQL_TOKENS_PRUNE, t->node);
	return operation_end(&o, rc);
}

/* 0 when it was used just now; -ENOENT when not, for whatever cause. */
static int mark_used(struct store *s, const uint8_t hash[static STORE_HASH_LEN], int64_t now_ms,
	char ret_node[static STORE_KEY_SIZE])
{
	AUTO(query_done) struct query q = query_start(s, SQL_TOKEN_USE);

	query_put_blob(&q, hash, STORE_HASH_LEN);
	query_put_int(&q, now_ms);
	int rc = query_next(&q);
	if (rc == 0)
		query_copy(&q, ret_node, STORE_KEY_SIZE);
	return rc;
}

static int why_not(struct store *s, const uint8_t hash[static STORE_HASH_LEN])
{
	AUTO(query_done) struct query q = query_start(s, SQL_TOKEN_LOOK);

	query_put_blob(&q, hash, STORE_HASH_LEN);
	int rc = query_next(&q);
	if (rc < 0)
		return rc;
	return query_int(&q) != 0 ? -EALREADY : -ETIME;
}

int store_token_use(struct store *s, const uint8_t hash[static STORE_HASH_LEN], int64_t now_ms,
	char ret_node[static STORE_KEY_SIZE])
{
	char node[STORE_KEY_SIZE] = "";
	struct operation o;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = mark_used(s, hash, now_ms, node);
	if (rc == -ENOENT)
		rc = why_not(s, hash);
	rc = operation_end(&o, rc);
	for (size_t i = 0; rc == 0 && i < sizeof(node); i++)
		ret_node[i] = node[i];
	return rc;
}

static int add_boot(struct store *s, const struct store_boot *b)
{
	AUTO(query_done) struct query q = query_start(s, SQL_BOOT_ADD);

	query_put_text(&q, b->nonce, STORE_NONCE_SIZE - 1);
	query_put_text(&q, b->node, STORE_KEY_SIZE - 1);
	query_put_address(&q, b->client);
	query_put_int(&q, b->generation);
	query_put_int(&q, b->created_ms);
	return query_run(&q);
}

int store_boot_add(struct store *s, const struct store_boot *b)
{
	struct operation o;
	int rc = operation_begin(s, &o);

	if (rc < 0)
		return rc;
	rc = add_boot(s, b);
	if (rc == 0)
		rc = prune(s, SQL_BOOTS_PRUNE, b->node);
	return operation_end(&o, rc);
}

static int find_boot(
	struct store *s, enum sql which, const char *by, size_t max, struct store_boot *ret)
{
	AUTO(query_done) struct query q = query_start(s, which);

	query_put_text(&q, by, max);
	int rc = query_next(&q);
	if (rc < 0)
		return rc == -EMSGSIZE ? -ENOENT : rc;
	query_copy(&q, ret->nonce, sizeof(ret->nonce));
	query_copy(&q, ret->node, sizeof(ret->node));
	ret->client = query_address(&q);
	ret->generation = query_int(&q);
	ret->created_ms = query_int(&q);
	return 0;
}

int store_boot_find(struct store *s, const char *nonce, struct store_boot *ret)
{
	return find_boot(s, SQL_BOOT_FIND, nonce, STORE_NONCE_SIZE - 1, ret);
}

int store_boot_last(struct store *s, const char *node, struct store_boot *ret)
{
	return find_boot(s, SQL_BOOT_LAST, node, STORE_KEY_SIZE - 1, ret);
}
