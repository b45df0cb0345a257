/* The power fails at each single write of the lease store in turn, and what the disk has not synced is kept, lost
 * or torn. Whatever was promised by an ACK is there afterwards, and no batch by half. */
#include "tests/unit/test.h"

#include "dhcpd/lease_store.h"
#include "provisioner/base/log.h"
#include "tests/ram_disk.h"

#define POOL 0x0a4d0064
#define ADDRESSES 40
#define CLIENTS 48
#define BATCH 10
#define NOBODY CLIENTS /* it has moved to another address since its lease ended */
#define ROUNDS 130

static const struct hash_key key = {1, 2};

struct promise {
	bool is_made;
	uint32_t client;
	enum lease_state state;
	int64_t until_ms; /* wall clock */
	uint32_t lease_s;
};

/* A server, its disk, and what its clients were told. */
struct world {
	struct ram_disk disk;
	struct lease_store *store;
	struct lease_table *leases;
	struct moment now;
	struct promise told[ADDRESSES],
		asked[ADDRESSES]; /* asked: of the batch that is being written */
	uint32_t seed;
};

static uint32_t dice(struct world *w, uint32_t sides)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (w->seed >> 8) % sides;
}

/* Half of them with identifiers so long that a batch is many pages. */
static struct client nth_client(uint32_t n)
{
	static uint8_t ids[CLIENTS][255];

	memset(ids[n], (int)n + 1, sizeof(ids[n]));
	return (struct client){.htype = 1,
		.hlen = 6,
		.hw = {2, 0, 0, 0, 0, (uint8_t)n},
		.id = ids[n],
		.id_len = n % 2 ? 255 : 7};
}

static uint32_t client_number(const struct lease *l)
{
	struct client c = lease_client(l);

	if (c.hlen == 0)
		return NOBODY;
	assert_int_equal(c.hlen, 6);
	struct client wanted = nth_client(c.hw[5]);
	assert_int_equal(c.id_len, wanted.id_len);
	assert_memory_equal(c.id, wanted.id, c.id_len);
	return c.hw[5];
}

static bool refuse_none(const void *arg, uint32_t address)
{
	(void)arg, (void)address;
	return false;
}

static bool switch_on(struct world *w)
{
	struct err e;
	size_t damaged = 0;

	lease_table_free(w->leases);
	w->leases = lease_table_new(&key);
	lease_table_set_pools(w->leases, &(struct lease_pool){POOL, POOL + ADDRESSES - 1}, 1);
	w->store = lease_store_open("/ram", &w->now, w->leases, &damaged, &e);
	assert_int_equal(damaged, 0);
	return w->store;
}

static void switch_off(struct world *w)
{
	lease_store_close(w->store);
	w->store = NULL;
}

static struct promise promise_of(const struct world *w, const struct lease *l)
{
	return (struct promise){.is_made = true,
		.client = client_number(l),
		.state = l->state,
		.until_ms = l->until_ms - w->now.mono_ms + w->now.wall_ms,
		.lease_s = l->lease_s};
}

static bool is_same(const struct promise *found, const struct promise *b)
{
	return found->is_made == b->is_made &&
	       (found->client == b->client || found->client == NOBODY) &&
	       found->state == b->state && found->until_ms == b->until_ms &&
	       found->lease_s == b->lease_s;
}

/* What the disk remembers: all that was told, and of the last batch all or nothing. */
static void compare(struct world *w)
{
	struct promise found[ADDRESSES] = {0};
	size_t new = 0, old = 0, n = 0;

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		const struct lease *l = lease_by_address(w->leases, POOL + i);

		if (l)
			found[i] = promise_of(w, l);
		assert_true(!l || found[i].client != NOBODY || lease_is_over(l, w->now.mono_ms));
		n += l != NULL;
	}
	assert_int_equal(lease_count(w->leases), n);
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		if (!w->asked[i].is_made || is_same(&w->asked[i], &w->told[i])) {
			assert_true(is_same(&found[i], &w->told[i]));
			continue;
		}
		bool is_new = is_same(&found[i], &w->asked[i]);
		assert_true(is_new || is_same(&found[i], &w->told[i]));
		new += is_new;
		old += !is_new;
	}
	assert_true(new == 0 || old == 0);
	if (new > 0) /* what was read once must not vanish later */
		memcpy(w->told, found, sizeof(w->told));
	memset(w->asked, 0, sizeof(w->asked));
}

static struct lease *decide(struct world *w)
{
	uint32_t n = dice(w, CLIENTS);
	struct client c = nth_client(n);
	struct lease *l = lease_by_client(w->leases, 0, &c);

	if (l && l->state == LEASE_BOUND && dice(w, 6) == 0) {
		bool is_declined = dice(w, 3) == 0;

		lease_change(w->leases, l, is_declined ? LEASE_DECLINED : LEASE_FREE,
			w->now.mono_ms + (is_declined ? 600000 : 0));
		return l;
	}
	uint32_t address =
		l ? l->address : lease_pick(w->leases, 0, w->now.mono_ms, refuse_none, NULL);
	if (address == 0)
		return NULL;
	uint32_t lease_s = 30 + dice(w, 600);
	l = lease_set(w->leases, address, &c, LEASE_BOUND, w->now.mono_ms,
		w->now.mono_ms + (int64_t)lease_s * 1000);
	l->lease_s = lease_s;
	return l;
}

/* False when the power has gone. */
static bool serve_batch(struct world *w)
{
	struct lease *batch[BATCH];
	size_t n = 0, wanted = 1 + dice(w, BATCH);

	for (size_t i = 0; i < wanted; i++)
		if ((batch[n] = decide(w)))
			n++;
	memset(w->asked, 0, sizeof(w->asked));
	for (size_t i = 0; i < n; i++)
		w->asked[batch[i]->address - POOL] = promise_of(w, batch[i]);
	if (lease_store_write(w->store, batch, n, &w->now) < 0)
		return false;
	for (uint32_t i = 0; i < ADDRESSES; i++) /* now the ACKs leave */
		if (w->asked[i].is_made)
			w->told[i] = w->asked[i];
	memset(w->asked, 0, sizeof(w->asked));
	return true;
}

static bool restart(struct world *w)
{
	switch_off(w);
	if (w->disk.is_off || !switch_on(w))
		return false;
	compare(w);
	return true;
}

static bool serve_round(struct world *w)
{
	uint32_t what = dice(w, 40);

	w->now.mono_ms += dice(w, 20000);
	w->now.wall_ms = w->now.mono_ms + 1000000;
	if (what == 0)
		return restart(w);
	if (what < 4)
		lease_store_tidy(w->store);
	return !w->disk.is_off && serve_batch(w);
}

/* Lives through all rounds, or until the write number `cut_at`. How many writes there were. */
static unsigned long live(struct world *w, unsigned long cut_at)
{
	ram_disk_wipe(&w->disk);
	memset(w->told, 0, sizeof(w->told));
	memset(w->asked, 0, sizeof(w->asked));
	w->now = (struct moment){.mono_ms = 1000000, .wall_ms = 2000000, .boot_id = "a"};
	w->seed = 4711;
	w->disk.cut_at = cut_at;
	bool is_on = switch_on(w);
	for (int i = 0; i < ROUNDS && is_on; i++)
		is_on = serve_round(w);
	switch_off(w);
	return w->disk.ops;
}

/* The next start may be cut short too, at any write of its own. */
static void start_again(struct world *w, enum ram_loss loss)
{
	ram_disk_restart(&w->disk, loss);
	w->disk.cut_at = 1 + ram_dice(&w->disk, 80);
	if (switch_on(w))
		compare(w);
	switch_off(w);
	ram_disk_restart(&w->disk, loss);
	assert_true(switch_on(w));
	compare(w);
	assert_true(serve_batch(w));
	assert_true(restart(w));
	switch_off(w);
}

TEST(power_cut_at_any_write_breaks_no_promise)
{
	static struct world w;

	log_init("test", (enum log_level)0); /* damage is an error each time */
	ram_disk_mount(&w.disk);
	unsigned long n = live(&w, 0);
	print_message("# %lu writes\n", n);
	assert_true(n > 500);
	for (unsigned long cut_at = 1; cut_at < n; cut_at++) {
		(void)live(&w, cut_at);
		w.disk.seed = (uint32_t)cut_at;
		start_again(&w, (enum ram_loss)(cut_at % 3));
	}
	lease_table_free(w.leases);
	ram_disk_wipe(&w.disk);
}

RUN(t(power_cut_at_any_write_breaks_no_promise))
