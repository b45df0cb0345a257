/* lease.h - who holds which address, in memory.
 *
 * One `struct lease` per address that was ever held; it is never taken out while its address may be
 * given, so a machine that comes back finds its old one. Found by address, or by client: its MAC or,
 * when it has none worth the name, its client identifier. lease_pick() gives an address that was
 * never used, then the one that has been free for longest. There is one pool for each network. A lease
 * never moves in memory.
 *
 * Invariants: one lease per address; a client has at most one lease in each pool that is not
 * declined; `until_ms` says when the address is nobody's any more. Times are monotonic. */
#ifndef SLIPWAY_DHCPD_LEASE_H
#define SLIPWAY_DHCPD_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpd/hash.h"
#include "dhcpd/msg.h"

#define LEASES_MAX 131072
#define LEASE_NEVER INT64_MAX
#define LEASE_POOLS_MAX 65
#define LEASE_NO_POOL UINT8_MAX

/* Who asks. Without usable hardware `hlen` is 0 and the client identifier is the key. */
struct client {
	uint8_t htype, hlen;
	uint8_t hw[MSG_HW_MAX];
	uint8_t id_len;
	const uint8_t *id; /* borrowed */
};

enum lease_state {
	LEASE_FREE = 1, /* released: the client is remembered */
	LEASE_OFFERED,  /* held until the client asks for it */
	LEASE_BOUND,
	LEASE_DECLINED /* the client found somebody else there: nobody gets it */
};

/* One cache line: 60,000 of them and all else shall fit into 20 MiB. */
#define LEASE_CLIENT_BYTES 30 /* a MAC beside the longest client identifier in use, a DUID-UUID's */

struct lease {
	int64_t until_ms;
	uint32_t address;
	uint32_t lease_s;
	uint8_t state; /* enum lease_state */
	bool stored;   /* what is on disk says that this client has it */

	/* the table's own: see lease_client() */
	uint8_t pool; /* LEASE_NO_POOL: its address is in none */
	uint8_t htype, hlen, id_len;
	uint8_t client
		[LEASE_CLIENT_BYTES]; /* hardware, then identifier; a pointer to both if longer */
	uint32_t heap_at, next_by_address, next_by_client;
};

/* Who holds it, or held it last; `id` is the lease's and lasts until its client changes. hlen and id_len are 0
 * when nobody does. */
struct client lease_client(const struct lease *l);

/* When a lease that is bound was given or renewed. */
int64_t lease_begun_ms(const struct lease *l);

struct lease_table;

struct lease_table *lease_table_new(const struct hash_key *key);
void lease_table_free(struct lease_table *t);

/* The addresses that lease_pick() may give, both inclusive; {1, 0} is a pool without any. */
struct lease_pool {
	uint32_t first, last;
};

/* Replaces all pools (at most LEASE_POOLS_MAX, copied; no two overlap) and sorts the leases into them. */
void lease_table_set_pools(struct lease_table *t, const struct lease_pool *pools, size_t n);

/* Begins the search for unused addresses anew: what lease_pick() had to refuse may be free now. */
void lease_table_rewind(struct lease_table *t);
bool lease_is_in_pool(const struct lease_table *t, size_t pool, uint32_t address);

struct lease *lease_by_address(const struct lease_table *t, uint32_t address);

/* The client's lease in this pool, whatever its state but declined; or NULL. */
struct lease *lease_by_client(const struct lease_table *t, size_t pool, const struct client *c);

/* The pool's next address for a newcomer, or 0 when all are taken. */
typedef bool lease_refuse(const void *arg, uint32_t address);
uint32_t lease_pick(struct lease_table *t, size_t pool, int64_t now_ms, lease_refuse *is_refused,
	const void *arg);

/* Makes `c` (copied; not one borrowed from a lease of this table) the client of `address`, in `state` until `until_ms`. Forgets an older lease of the
 * client, in the same pool, that has run out. NULL past LEASES_MAX. */
struct lease *lease_set(struct lease_table *t, uint32_t address, const struct client *c,
	enum lease_state state, int64_t now_ms, int64_t until_ms);

/* Takes out the lease that ended first, if its address is in no pool and it ended by `before_ms`: its address, or
 * 0, as long as no pools were set. No pointer to it may be kept. */
uint32_t lease_drop_strayed(struct lease_table *t, int64_t before_ms);

/* Changes the state of a lease and how long it stays so. */
void lease_change(struct lease_table *t, struct lease *l, enum lease_state state, int64_t until_ms);

/* Nobody holds it any more (it may still be remembered). */
bool lease_is_over(const struct lease *l, int64_t now_ms);
bool lease_is_of(const struct lease *l, const struct client *c);

/* How many addresses are in quarantine because of this client. */
size_t lease_count_declined(const struct lease_table *t, const struct client *c);

/* All leases, in no order: begin with i = 0; NULL at the end. */
struct lease *lease_at(const struct lease_table *t, size_t i);
size_t lease_count(const struct lease_table *t);

#endif
