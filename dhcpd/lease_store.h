/* lease_store.h - the leases on disk: SQLite, write-ahead log, every commit synced.
 *
 * A batch of leases is one transaction: lease_store_write() returns when all of them survive a power cut,
 * and until then no ACK for them may leave. A database that cannot be read is set aside under another
 * name, loudly, and a fresh one begun with what could be read of it; it is never a reason to stop. Clients
 * keep their addresses even then (decide.h). One that a newer version wrote is left alone: nobody starts.
 *
 * Times on disk are wall-clock, with the monotonic time and the kernel's boot id beside them: within one
 * boot a clock that jumps changes no lease, and across boots one that went back makes none eternal. While
 * the server is suspended the monotonic clock stands still, so a lease may last longer, never shorter. */
#ifndef SLIPWAY_DHCPD_LEASE_STORE_H
#define SLIPWAY_DHCPD_LEASE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/lease.h"
#include "provisioner/base/err.h"
#include "provisioner/base/mem.h"

#define BOOT_ID_LEN 36

/* One moment on both clocks, and the boot that the monotonic one belongs to. */
struct moment {
	int64_t mono_ms, wall_ms;
	char boot_id[BOOT_ID_LEN + 1];
};

struct lease_store;

/* Opens or makes "leases.db" in the folder `dir` (kept: must outlive the store) and adds what it holds to
 * `t`. `*ret_damaged` counts rows that made no sense and were left out. NULL with *e filled when not even a
 * fresh database can be begun. */
struct lease_store *lease_store_open(const char *dir, const struct moment *now,
	struct lease_table *t, size_t *ret_damaged, struct err *e);
void lease_store_close(struct lease_store *s);

/* Writes `n` leases, then marks them stored. 0; -ENOSPC when the disk is full; -EUCLEAN when the database has
 * become unreadable (open it anew and write all leases); -EIO for anything else. */
int lease_store_write(struct lease_store *s, struct lease *const leases[], size_t n,
	const struct moment *now) MUST_USE;

/* Removes the leases of these addresses. As lease_store_write(). */
int lease_store_forget(struct lease_store *s, const uint32_t addresses[], size_t n) MUST_USE;

/* Moves a long log into the database; for when nothing else is to be done. */
void lease_store_tidy(struct lease_store *s);

/* What SQLite said of the last failure. */
const char *lease_store_error(const struct lease_store *s);

#endif
