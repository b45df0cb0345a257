/* admission.h - whose turn it is to load an image, when a hall of nodes powers on at once. Pure.
 *
 * So many nodes load at a time, each at a good share of the link; the others are told to ask again, in the order in
 * which they first asked. A place is kept for who goes on asking: after PRESENT_MS of silence a node holds nobody up
 * any more, after FORGET_MS it is forgotten. A node is an address: it has one place, however often it asks, and few
 * transfers at a time. One that has had its turn is not made to wait again in the same boot (RAM disks follow the
 * kernel, and what comes up then may not be patient), unless it comes more often than any boot does. Between its kernel
 * and the file that must follow, nobody else is given its place.
 *
 * Some can not be told to wait: TFTP knows only silence, which its clients take for half a minute, and UEFI's own HTTP
 * boot fails at the first 503. But they are paced by the round trip and take little of the link; so these are counted,
 * up to half of the places, and never wait. */
#ifndef SLIPWAY_SERVER_ADMISSION_H
#define SLIPWAY_SERVER_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADMISSION_SLOTS_DEFAULT 40
#define ADMISSION_SMALL_BYTES \
	((uint64_t)1 << 20)      /* what is smaller is gone before a queue is any use */
#define ADMISSION_PER_NODE_MAX 4 /* transfers of one node at a time */
#define ADMISSION_TURNS 16       /* files of one boot, with some to spare */
#define ADMISSION_PASS_MS 300000 /* from one file of a boot to the next */
#define ADMISSION_KEEP_MS 5000   /* from a kernel to its RAM disk, at most */
#define ADMISSION_PRESENT_MS 15000
#define ADMISSION_FORGET_MS 60000
#define ADMISSION_NODES_MAX 4096
#define ADMISSION_NAME_SIZE 48

struct admission;
struct admission_transfer;

struct admission_answer {
	bool may_go;
	bool is_waiting;        /* it has a place in the queue */
	bool is_new;            /* it begins to wait: worth a line in its timeline */
	unsigned n_ahead;       /* nodes that come before it */
	uint32_t retry_after_s; /* when to ask again */
	int64_t expected_ms;    /* until its turn, as far as one can tell; -1: one can not */
};

/* One file on its way. `of` is the caller's; `name` is copied, and may be a stranger's text. */
struct admission_file {
	uint32_t client;
	bool is_tftp;
	bool is_unasked; /* it can not be told to wait */
	bool is_kernel;  /* its boot goes on with another file: its place is kept for that */
	uint64_t size;
	const char *name;
	void *of;
};

struct admission *admission_new(unsigned slots);
void admission_free(struct admission *a);
void admission_set_slots(struct admission *a, unsigned slots);

/* The client asks for an image by HTTP. It may go, or has a place in the queue now. */
void admission_ask(
	struct admission *a, uint32_t client, int64_t now_ms, struct admission_answer *ret);

/* The file leaves: after admission_ask() has said that it may, or unasked. Never NULL. */
struct admission_transfer *admission_begin(
	struct admission *a, const struct admission_file *file, int64_t now_ms);

/* So many bytes of it have left by now. */
void admission_moved(struct admission *a, struct admission_transfer *t, uint64_t bytes);

/* It has ended, well or not, and is freed. Gives how long its node waited before this turn began; 0 for a later
 * file of the same turn. */
int64_t admission_end(
	struct admission *a, struct admission_transfer *t, uint64_t bytes, int64_t now_ms);

/* Every second or so: measures the rate, forgets who went away. */
void admission_tick(struct admission *a, int64_t now_ms);

/* In the order in which they began, NULL at the end. */
struct admission_transfer *admission_next(
	const struct admission *a, const struct admission_transfer *after);
void *admission_of(const struct admission_transfer *t);
bool admission_is_tftp(const struct admission_transfer *t);

struct admission_figures {
	unsigned slots, n_loading, n_waiting; /* nodes */
	uint64_t bytes_per_s;        /* of all transfers together; 0: none, or not known yet */
	uint64_t turns, waits, left; /* since the start; counters.c says what each means */
};

struct admission_figures admission_figures(const struct admission *a);

/* One transfer, or one node that waits. */
struct admission_row {
	uint32_t client;
	bool is_waiting, is_tftp;
	unsigned place;       /* in the queue, from 1 */
	int64_t since_ms;     /* the transfer began, or the wait */
	int64_t expected_ms;  /* until it ends, or until its turn; -1: not known */
	uint64_t bytes, size; /* of the transfer */
	const char *name;     /* borrowed; "" for one that waits */
};

/* All transfers, then all that wait, by place: fills in up to `max` and gives their number. */
size_t admission_rows(
	const struct admission *a, int64_t now_ms, struct admission_row *ret, size_t max);

#endif
