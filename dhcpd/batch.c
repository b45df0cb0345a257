#include "dhcpd/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "dhcpd/lease_store.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/log.h"

#define STRAYED_MS ((int64_t)86400 * 1000)
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

struct batch {
	const char *lease_dir;
	char boot_id[BOOT_ID_LEN + 1];
	struct lease_table *leases;
	struct lease_store *store; /* NULL while none can be opened */
	bool is_untidy;            /* leases were written since it was tidied */
	struct log_rate unstored;

	batch_release *release;
	void *arg;
	struct pending pending[BATCH_MAX];
	size_t n;
};

static struct moment moment_now(const struct batch *b)
{
	struct moment m = {.mono_ms = clock_mono_ms(), .wall_ms = clock_wall_ms()};

	memcpy(m.boot_id, b->boot_id, sizeof(m.boot_id));
	return m;
}

static int read_boot_id(char ret[static BOOT_ID_LEN + 1], struct err *e)
{
	AUTO(close_p) int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, ret, BOOT_ID_LEN) != BOOT_ID_LEN)
		return err_msg(e, -EIO, "%s cannot be read", BOOT_ID_FILE);
	ret[BOOT_ID_LEN] = '\0';
	return 0;
}

struct batch *batch_new(const char *lease_dir, struct lease_table *leases, batch_release *release,
	void *arg, struct err *e)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->lease_dir = lease_dir;
	b->leases = leases;
	b->release = release;
	b->arg = arg;
	if (read_boot_id(b->boot_id, e) == 0)
		return b;
	batch_free(b);
	return NULL;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	lease_store_close(b->store);
	free(b);
}

int batch_load(struct batch *b, struct err *e)
{
	struct moment now = moment_now(b);
	size_t damaged;

	b->store = lease_store_open(b->lease_dir, &now, b->leases, &damaged, e);
	if (!b->store)
		return -EIO;
	(void)malloc_trim(0); /* what reading took, and nobody needs again */
	if (damaged > 0)
		log_error("lease database: %zu leases made no sense and were left out", damaged);
	log_info("%zu leases are known", lease_count(b->leases));
	return 0;
}

/* The file system holds a database that cannot be read any more. Memory knows all there is to know. */
static int rebuild_store(struct batch *b, const struct moment *now)
{
	struct hash_key key = {0};
	struct lease_table *scratch = lease_table_new(&key);
	struct err e;
	size_t damaged, n = 0;

	lease_store_close(b->store);
	b->store = lease_store_open(b->lease_dir, now, scratch, &damaged, &e);
	lease_table_free(scratch);
	if (!b->store) {
		log_error("%s", e.msg);
		return -EIO;
	}
	struct lease **all = xcalloc(lease_count(b->leases) + 1, sizeof(struct lease *));
	for (size_t i = 0; i < lease_count(b->leases); i++) {
		struct lease *l = lease_at(b->leases, i);

		if (l->state != LEASE_OFFERED && l->hlen + l->id_len > 0)
			all[n++] = l;
	}
	int rc = lease_store_write(b->store, all, n, now);
	free(all);
	return rc;
}

static int write_leases(struct batch *b)
{
	struct lease *leases[BATCH_MAX];
	struct moment now = moment_now(b);
	unsigned held;

	b->is_untidy = true;
	for (size_t i = 0; i < b->n; i++)
		leases[i] = b->pending[i].lease;
	int rc = b->store ? lease_store_write(b->store, leases, b->n, &now) : -EUCLEAN;
	if (rc != 0 && b->store && log_rate_allows(&b->unstored, now.mono_ms, &held))
		log_error("leases cannot be written: %s; known machines keep theirs, new ones wait "
			  "(%u more)",
			lease_store_error(b->store), held);
	return rc == -EUCLEAN ? rebuild_store(b, &now) : rc;
}

struct pending *batch_next(struct batch *b)
{
	return &b->pending[b->n];
}

void batch_add(struct batch *b)
{
	if (++b->n == BATCH_MAX)
		batch_flush(b);
}

void batch_flush(struct batch *b)
{
	if (b->n == 0)
		return;
	int rc = write_leases(b);
	for (size_t i = 0; i < b->n; i++) {
		struct pending *p = &b->pending[i];

		b->release(b->arg, p, /* may_go= */ rc == 0 || p->was_known);
	}
	b->n = 0;
}

int batch_write(struct batch *b, struct lease *l)
{
	struct moment now = moment_now(b);

	int rc = b->store ? lease_store_write(b->store, &l, 1, &now) : -EUCLEAN;
	return rc == -EUCLEAN ? rebuild_store(b, &now) : rc;
}

/* Leases outside all pools, of a pool that was changed or of a node that is gone, are forgotten when they have been
 * over for a day; a few at a time, for clients wait meanwhile. */
static void forget_strayed(struct batch *b)
{
	int64_t before_ms = clock_mono_ms() - STRAYED_MS;
	uint32_t addresses[BATCH_MAX];
	size_t n = 0;

	while (n < BATCH_MAX && (addresses[n] = lease_drop_strayed(b->leases, before_ms)) != 0)
		n++;
	if (n > 0 && lease_store_forget(b->store, addresses, n) == 0)
		log_debug("%zu leases outside all pools are forgotten", n);
}

void batch_tidy(struct batch *b)
{
	batch_flush(b); /* an answer that waits points at its lease */
	if (!b->store)
		return;
	forget_strayed(b);
	lease_store_tidy(b->store);
	if (b->is_untidy)
		(void)malloc_trim(0); /* what a burst took */
	b->is_untidy = false;
}
