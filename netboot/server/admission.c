#include "netboot/server/admission.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

#include "provisioner/base/mem.h"

#define RETRY_LEAST_S 1
#define RETRY_MOST_S 10 /* well within ADMISSION_PRESENT_MS */
#define RETRY_UNKNOWN_S 3
#define RATE_SHARE 4 /* a second's rate counts for a quarter of what is known of it */

struct node {
	uint32_t client;
	unsigned n_asked, n_unasked; /* transfers on their way */
	bool is_waiting;
	unsigned turns_left; /* files it may still have without waiting */
	int64_t seen_ms;     /* it asked, or a transfer of it ended */
	int64_t since_ms;    /* it began to wait */
	int64_t waited_ms;   /* before this turn; 0 once told */
	int64_t kept_ms;     /* until then its place is kept for its next file */
	uint64_t bytes;      /* of the files of this turn that have ended */
};

struct admission_transfer {
	TAILQ_ENTRY(admission_transfer) in_order;
	uint32_t client;
	bool is_tftp, is_unasked, is_kernel;
	uint64_t size, bytes;
	int64_t began_ms;
	void *of;
	char name[ADMISSION_NAME_SIZE];
};

TAILQ_HEAD(transfers, admission_transfer);

struct admission {
	unsigned slots;
	struct node *nodes; /* those that wait stand in the order of their places */
	size_t n, room;
	struct transfers transfers;
	uint64_t moved, moved_before; /* bytes of all transfers; at the last tick */
	uint64_t bytes_per_s;
	uint64_t bytes_per_turn; /* what a node loads in its turn, on average */
	int64_t ticked_ms;
	uint64_t turns, waits, left;
};

struct admission *admission_new(unsigned slots)
{
	struct admission *a = xcalloc(1, sizeof(*a));

	a->slots = slots;
	TAILQ_INIT(&a->transfers);
	return a;
}

void admission_free(struct admission *a)
{
	if (!a)
		return;
	for (struct admission_transfer *t; (t = TAILQ_FIRST(&a->transfers));) {
		TAILQ_REMOVE(&a->transfers, t, in_order);
		free(t);
	}
	free(a->nodes);
	free(a);
}

void admission_set_slots(struct admission *a, unsigned slots)
{
	a->slots = slots;
}

static bool is_loading(const struct node *n)
{
	return n->n_asked + n->n_unasked > 0;
}

static struct node *find(const struct admission *a, uint32_t client)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->nodes[i].client == client)
			return &a->nodes[i];
	return NULL;
}

static void remove_node(struct admission *a, struct node *n)
{
	size_t at = (size_t)(n - a->nodes);

	memmove(n, n + 1, (a->n - at - 1) * sizeof(*n));
	a->n--;
}

/* At the end, without a place yet; NULL when there are too many. */
static struct node *add_node(struct admission *a, uint32_t client, int64_t now_ms)
{
	if (a->n == ADMISSION_NODES_MAX)
		return NULL;
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 64;
		a->nodes = xreallocarray(a->nodes, a->room, sizeof(*a->nodes));
	}
	a->nodes[a->n] = (struct node){.client = client, .seen_ms = now_ms, .since_ms = now_ms};
	return &a->nodes[a->n++];
}

static void forget_absent(struct admission *a, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct node *n = &a->nodes[i];
		int64_t limit_ms = n->is_waiting ? ADMISSION_FORGET_MS : ADMISSION_PASS_MS;

		if (is_loading(n) || now_ms - n->seen_ms <= limit_ms)
			a->nodes[kept++] = *n;
		else
			a->left += n->is_waiting;
	}
	a->n = kept;
}

/* Who never waits may not keep the others out altogether. */
static unsigned slots_used(const struct admission *a, int64_t now_ms)
{
	unsigned asked = 0, unasked = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct node *n = &a->nodes[i];
		bool has_place = n->n_asked > 0 || now_ms < n->kept_ms;

		asked += has_place;
		unasked += !has_place && n->n_unasked > 0;
	}
	return asked + (unasked < a->slots / 2 ? unasked : a->slots / 2);
}

/* Those that wait before it and still ask. */
static unsigned count_ahead(const struct admission *a, const struct node *node, int64_t now_ms)
{
	unsigned n = 0;

	for (const struct node *i = a->nodes; i < node; i++)
		n += i->is_waiting && now_ms - i->seen_ms <= ADMISSION_PRESENT_MS;
	return n;
}

static int64_t expected_ms(const struct admission *a, unsigned n_ahead)
{
	if (!a->bytes_per_s || !a->bytes_per_turn)
		return -1;
	return (int64_t)((n_ahead + 1) * a->bytes_per_turn * 1000 / a->bytes_per_s);
}

static uint32_t retry_after_s(int64_t in_ms)
{
	int64_t s = in_ms < 0 ? RETRY_UNKNOWN_S : (in_ms + 999) / 1000;

	if (s < RETRY_LEAST_S)
		return RETRY_LEAST_S;
	return s > RETRY_MOST_S ? RETRY_MOST_S : (uint32_t)s;
}

static void let_wait(struct admission *a, struct node *n, unsigned n_ahead, int64_t now_ms,
	struct admission_answer *ret)
{
	ret->n_ahead = n_ahead;
	ret->expected_ms = expected_ms(a, n_ahead);
	ret->retry_after_s = retry_after_s(ret->expected_ms);
	ret->is_waiting = true;
	ret->is_new = !n->is_waiting;
	if (ret->is_new) {
		n->is_waiting = true;
		n->since_ms = now_ms;
		a->waits++;
	}
	n->seen_ms = now_ms;
}

static void let_go(
	struct admission *a, struct node *n, int64_t now_ms, struct admission_answer *ret)
{
	if (n->turns_left == 0) {
		n->turns_left = ADMISSION_TURNS;
		n->waited_ms = n->is_waiting ? now_ms - n->since_ms : 0;
		n->bytes = 0;
		a->turns++;
	}
	n->turns_left--;
	n->kept_ms = 0;
	n->is_waiting = false;
	n->seen_ms = now_ms;
	ret->may_go = true;
}

void admission_ask(
	struct admission *a, uint32_t client, int64_t now_ms, struct admission_answer *ret)
{
	*ret = (struct admission_answer){.retry_after_s = RETRY_MOST_S, .expected_ms = -1};
	forget_absent(a, now_ms);
	struct node *n = find(a, client);
	if (!n && !(n = add_node(a, client, now_ms)))
		return;
	if (n->n_asked >= ADMISSION_PER_NODE_MAX) {
		ret->retry_after_s = RETRY_LEAST_S;
		return;
	}
	if (n->turns_left > 0) {
		let_go(a, n, now_ms, ret);
		return;
	}
	if (!n->is_waiting) { /* it has had its turn: behind all others again */
		remove_node(a, n);
		n = add_node(a, client, now_ms);
		assert(n); /* in the room that it has just left */
	}
	unsigned used = slots_used(a, now_ms), n_ahead = count_ahead(a, n, now_ms);
	if (used < a->slots && n_ahead < a->slots - used)
		let_go(a, n, now_ms, ret);
	else
		let_wait(a, n, n_ahead, now_ms, ret);
}

struct admission_transfer *admission_begin(
	struct admission *a, const struct admission_file *file, int64_t now_ms)
{
	struct admission_transfer *t = xcalloc(1, sizeof(*t));
	struct node *n = find(a, file->client);

	*t = (struct admission_transfer){.client = file->client,
		.is_tftp = file->is_tftp,
		.is_unasked = file->is_unasked,
		.is_kernel = file->is_kernel,
		.size = file->size,
		.began_ms = now_ms,
		.of = file->of};
	memcpy(t->name, file->name, strnlen(file->name, sizeof(t->name) - 1));
	if (TAILQ_EMPTY(&a->transfers)) { /* the time without any says nothing about the rate */
		a->ticked_ms = now_ms;
		a->moved_before = a->moved;
	}
	TAILQ_INSERT_TAIL(&a->transfers, t, in_order);
	if (!n)
		n = add_node(a, file->client, now_ms);
	if (n)
		file->is_unasked ? n->n_unasked++ : n->n_asked++;
	return t;
}

void admission_moved(struct admission *a, struct admission_transfer *t, uint64_t bytes)
{
	if (bytes <= t->bytes)
		return;
	a->moved += bytes - t->bytes;
	t->bytes = bytes;
}

int64_t admission_end(
	struct admission *a, struct admission_transfer *t, uint64_t bytes, int64_t now_ms)
{
	struct node *n = find(a, t->client);
	int64_t waited_ms = 0;

	admission_moved(a, t, bytes);
	if (n) {
		unsigned *count = t->is_unasked ? &n->n_unasked : &n->n_asked;

		*count -= *count > 0;
		n->seen_ms = now_ms;
		if (t->is_kernel && !t->is_unasked && bytes >= t->size)
			n->kept_ms = now_ms + ADMISSION_KEEP_MS;
		n->bytes += bytes;
		waited_ms = n->waited_ms;
		n->waited_ms = 0;
	}
	TAILQ_REMOVE(&a->transfers, t, in_order);
	free(t);
	return waited_ms;
}

/* What the nodes that load have had, and will have had. Kernels come first, so it grows with their RAM disks. */
static void measure_turns(struct admission *a)
{
	const struct admission_transfer *t;
	uint64_t bytes = 0, n_loading = 0;

	TAILQ_FOREACH(t, &a->transfers, in_order)
	bytes += t->size;
	for (size_t i = 0; i < a->n; i++) {
		if (!is_loading(&a->nodes[i]))
			continue;
		bytes += a->nodes[i].bytes;
		n_loading++;
	}
	if (n_loading > 0)
		a->bytes_per_turn = bytes / n_loading;
}

void admission_tick(struct admission *a, int64_t now_ms)
{
	int64_t took_ms = now_ms - a->ticked_ms;
	uint64_t moved = a->moved - a->moved_before;

	if (took_ms <= 0)
		return;
	forget_absent(a, now_ms);
	measure_turns(a);
	if (moved > 0) {
		uint64_t rate = moved * 1000 / (uint64_t)took_ms;

		a->bytes_per_s = a->bytes_per_s
					 ? ((RATE_SHARE - 1) * a->bytes_per_s + rate) / RATE_SHARE
					 : rate;
	}
	a->moved_before = a->moved;
	a->ticked_ms = now_ms;
}

struct admission_transfer *admission_next(
	const struct admission *a, const struct admission_transfer *after)
{
	return after ? TAILQ_NEXT(after, in_order) : TAILQ_FIRST(&a->transfers);
}

void *admission_of(const struct admission_transfer *t)
{
	return t->of;
}

bool admission_is_tftp(const struct admission_transfer *t)
{
	return t->is_tftp;
}

struct admission_figures admission_figures(const struct admission *a)
{
	struct admission_figures f = {
		.slots = a->slots, .turns = a->turns, .waits = a->waits, .left = a->left};

	for (size_t i = 0; i < a->n; i++) {
		f.n_loading += is_loading(&a->nodes[i]);
		f.n_waiting += a->nodes[i].is_waiting;
	}
	f.bytes_per_s = f.n_loading > 0 ? a->bytes_per_s : 0;
	return f;
}

static struct admission_row row_of_transfer(const struct admission_transfer *t, int64_t now_ms)
{
	uint64_t left = t->size > t->bytes ? t->size - t->bytes : 0;
	uint64_t took_ms = (uint64_t)(now_ms - t->began_ms);

	return (struct admission_row){.client = t->client,
		.is_tftp = t->is_tftp,
		.since_ms = t->began_ms,
		.expected_ms =
			t->bytes ? (int64_t)((double)left / (double)t->bytes * (double)took_ms)
				 : -1,
		.bytes = t->bytes,
		.size = t->size,
		.name = t->name};
}

size_t admission_rows(
	const struct admission *a, int64_t now_ms, struct admission_row *ret, size_t max)
{
	const struct admission_transfer *t;
	unsigned place = 0;
	size_t n = 0;

	TAILQ_FOREACH(t, &a->transfers, in_order)
	{
		if (n < max)
			ret[n++] = row_of_transfer(t, now_ms);
	}
	for (const struct node *i = a->nodes; i < a->nodes + a->n && n < max; i++) {
		if (!i->is_waiting)
			continue;
		place++;
		ret[n++] = (struct admission_row){.client = i->client,
			.is_waiting = true,
			.place = place,
			.since_ms = i->since_ms,
			.expected_ms = expected_ms(a, place - 1),
			.name = ""};
	}
	return n;
}
