#include "dhcpd/limit.h"

#include <string.h>

#define WAYS 4
#define SETS 1024
#define TOKEN 1000 /* a message, in thousandths */
#define KEY_MAX 300

struct bucket {
	uint64_t tag;  /* 0: nobody's */
	uint64_t used; /* the use that was its last, counted over all */
	int64_t at_ms, told_ms;
	int64_t tokens;
};

struct limits {
	struct hash_key key;
	uint64_t uses;
	struct bucket buckets[SETS][WAYS];
};

/* For each message of one client in a second, so many of the source; and so many at once. */
enum source { SOURCE_CLIENT, SOURCE_SENDER, SOURCE_CIRCUIT, SOURCE_RELAY };

static const struct {
	uint32_t per_s, burst;
	enum counter what;
} rows[] = {
	/* Firmware, iPXE and OS together send a dozen messages in a boot, and repeat few of them. */
	[SOURCE_CLIENT] = {1, 5, COUNT_LIMIT_CLIENT},
	/* A bridge that puts its own MAC in stands for a few machines. */
	[SOURCE_SENDER] = {4, 20, COUNT_LIMIT_SENDER},
	/* isc-dhcp-relay calls a whole network of its own one circuit. */
	[SOURCE_CIRCUIT] = {100, 200, COUNT_LIMIT_CIRCUIT},
	[SOURCE_RELAY] = {200, 400, COUNT_LIMIT_RELAY},
};

struct limits *limits_new(const struct hash_key *key)
{
	struct limits *l = xcalloc(1, sizeof(*l));

	l->key = *key;
	return l;
}

void limits_free(struct limits *l)
{
	free(l);
}

/* The source's bucket, a full one if it has none; it takes the place of the one unused for longest. */
static struct bucket *find(struct limits *l, uint64_t tag, int64_t full, int64_t now_ms)
{
	struct bucket *set = l->buckets[tag / 2 % SETS], *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	*oldest = (struct bucket){
		.tag = tag, .at_ms = now_ms, .told_ms = now_ms - LIMIT_TOLD_MS, .tokens = full};
	return oldest;
}

/* Takes a message's worth from the source that `key` names. */
static enum counter take(struct limits *l, const struct limit_ask *a, enum source source,
	const struct wr *key, bool *ret_tell)
{
	int64_t per_s = (int64_t)a->per_s * rows[source].per_s;
	int64_t full = (int64_t)a->per_s * rows[source].burst * TOKEN;
	uint64_t tag = hash_bytes(&l->key, key->p, key->len) | 1;
	struct bucket *b = find(l, tag, full, a->now_ms);
	int64_t passed_ms = a->now_ms - b->at_ms;

	/* A token is a thousand, and so is a second. */
	b->tokens = passed_ms >= full / per_s ? full : b->tokens + passed_ms * per_s;
	if (b->tokens > full)
		b->tokens = full;
	b->at_ms = a->now_ms;
	b->used = ++l->uses;
	if (b->tokens >= TOKEN) {
		b->tokens -= TOKEN;
		return COUNT_NONE;
	}
	*ret_tell = a->now_ms - b->told_ms >= LIMIT_TOLD_MS;
	if (*ret_tell)
		b->told_ms = a->now_ms;
	return rows[source].what;
}

static bool has_circuit(struct rd r)
{
	const uint8_t circuit_id = 1; /* RFC 3046 section 3.1 */
	bool found = false;

	while (rd_ok(&r) && r.left > 0) {
		found = rd_u8(&r) == circuit_id || found;
		(void)rd_slice(&r, rd_u8(&r));
	}
	return found && rd_ok(&r);
}

/* Came straight from the NIC whose address it names, or through a socket, which does not say. */
static bool is_from_itself(const struct limit_ask *a)
{
	static const struct mac unknown;

	return a->m->giaddr != 0 || mac_is_equal(&a->from->src_mac, &unknown) ||
	       (a->m->hlen == MAC_LEN && memcmp(a->from->src_mac.b, a->m->chaddr, MAC_LEN) == 0);
}

static enum counter judge_client(struct limits *l, const struct limit_ask *a, bool *ret_tell)
{
	struct rd id = opts_value(&a->m->opts, OPT_CLIENT_ID);
	uint8_t bytes[KEY_MAX];
	struct wr key = wr_init(bytes, sizeof(bytes));

	wr_u8(&key, SOURCE_CLIENT);
	wr_u8(&key, is_from_itself(a));
	wr_bytes(&key, a->m->chaddr, a->m->hlen);
	if (a->m->hlen == 0)
		wr_bytes(&key, id.p, id.left);
	return take(l, a, SOURCE_CLIENT, &key, ret_tell);
}

static enum counter judge_sender(struct limits *l, const struct limit_ask *a, bool *ret_tell)
{
	uint8_t bytes[1 + MAC_LEN];
	struct wr key = wr_init(bytes, sizeof(bytes));

	wr_u8(&key, SOURCE_SENDER);
	wr_bytes(&key, a->from->src_mac.b, MAC_LEN);
	return take(l, a, SOURCE_SENDER, &key, ret_tell);
}

static enum counter judge_relay(struct limits *l, const struct limit_ask *a, bool *ret_tell)
{
	struct rd info = opts_value(&a->m->opts, OPT_RELAY);
	uint8_t bytes[KEY_MAX];
	struct wr key = wr_init(bytes, sizeof(bytes));

	wr_u8(&key, SOURCE_RELAY);
	wr_be32(&key, a->m->giaddr);
	enum counter what = take(l, a, SOURCE_RELAY, &key, ret_tell);
	if (what != COUNT_NONE || !has_circuit(info))
		return what;
	bytes[0] = SOURCE_CIRCUIT;
	wr_bytes(&key, info.p, info.left < wr_room(&key) ? info.left : wr_room(&key));
	return take(l, a, SOURCE_CIRCUIT, &key, ret_tell);
}

enum counter limits_judge(struct limits *l, const struct limit_ask *a, bool *ret_tell)
{
	*ret_tell = false;
	if (a->per_s == 0)
		return COUNT_NONE;
	enum counter what = judge_client(l, a, ret_tell);
	if (what != COUNT_NONE || (a->is_node && is_from_itself(a)))
		return what;
	if (a->m->giaddr != 0)
		return judge_relay(l, a, ret_tell);
	return is_from_itself(a) ? COUNT_NONE : judge_sender(l, a, ret_tell);
}
