#include "dhcpd/lease_read.h"

#include <sqlite3.h>
#include <string.h>

#define SELECT                                               \
	"SELECT address, state, htype, hardware, client_id," \
	" written_mono_ms, written_wall_ms, left_ms, lease_s, boot_id FROM lease"
#define AGES_MS ((int64_t)10000 * 366 * 86400 * 1000) /* whatever a clock may say */
#define LEFT_MAX_MS ((int64_t)UINT32_MAX * 1000)

/* How much of a lease is left now. Within one boot the monotonic clock tells; otherwise the wall clock, but
 * never more than was left when it was written, for the clock may have gone back. */
static int64_t time_left(sqlite3_stmt *q, const struct moment *now)
{
	const char *boot_id = (const char *)sqlite3_column_text(q, COL_BOOT_ID);
	int64_t left = sqlite3_column_int64(q, COL_LEFT);
	bool is_this_boot = boot_id && strcmp(boot_id, now->boot_id) == 0;
	int64_t gone = is_this_boot ? now->mono_ms - sqlite3_column_int64(q, COL_WRITTEN_MONO)
				    : now->wall_ms - sqlite3_column_int64(q, COL_WRITTEN_WALL);

	if (gone < 0)
		gone = 0;
	return left - gone;
}

static bool is_within(int64_t v, int64_t min, int64_t max)
{
	return v >= min && v <= max;
}

int64_t lease_time_left(int64_t until_ms, int64_t now_ms)
{
	if (until_ms > now_ms + LEFT_MAX_MS)
		return LEFT_MAX_MS;
	return until_ms < now_ms - AGES_MS ? -AGES_MS : until_ms - now_ms;
}

/* A row that this program could have written. */
static bool row_is_sound(sqlite3_stmt *q)
{
	int hlen = sqlite3_column_bytes(q, COL_HARDWARE),
	    id_len = sqlite3_column_bytes(q, COL_CLIENT_ID);

	return is_within(sqlite3_column_int64(q, COL_ADDRESS), 1, UINT32_MAX) &&
	       is_within(sqlite3_column_int64(q, COL_STATE), LEASE_FREE, LEASE_DECLINED) &&
	       is_within(sqlite3_column_int64(q, COL_HTYPE), 0, UINT8_MAX) &&
	       is_within(hlen, 0, MSG_HW_MAX) && is_within(id_len, 0, UINT8_MAX) &&
	       hlen + id_len > 0 &&
	       is_within(sqlite3_column_int64(q, COL_LEASE_S), 0, UINT32_MAX) &&
	       is_within(sqlite3_column_int64(q, COL_LEFT), -AGES_MS, LEFT_MAX_MS) &&
	       is_within(sqlite3_column_int64(q, COL_WRITTEN_MONO), 0, AGES_MS) &&
	       is_within(sqlite3_column_int64(q, COL_WRITTEN_WALL), -AGES_MS, AGES_MS);
}

static void load_row(sqlite3_stmt *q, const struct moment *now, struct lease_table *t)
{
	struct client c = {.htype = (uint8_t)sqlite3_column_int(q, COL_HTYPE),
		.hlen = (uint8_t)sqlite3_column_bytes(q, COL_HARDWARE),
		.id_len = (uint8_t)sqlite3_column_bytes(q, COL_CLIENT_ID),
		.id = sqlite3_column_blob(q, COL_CLIENT_ID)};
	int64_t left = time_left(q, now);
	uint32_t address = (uint32_t)sqlite3_column_int64(q, COL_ADDRESS);

	if (c.hlen > 0)
		memcpy(c.hw, sqlite3_column_blob(q, COL_HARDWARE), c.hlen);
	struct lease *l =
		lease_set(t, address, &c, (enum lease_state)sqlite3_column_int(q, COL_STATE),
			now->mono_ms, now->mono_ms + left);
	if (!l)
		return;
	l->lease_s = (uint32_t)sqlite3_column_int64(q, COL_LEASE_S);
	l->stored = true;
}

/* One way through the table; what is known already stays. */
static int read_rows(sqlite3 *db, const char *sql, const struct moment *now, struct lease_table *t,
	size_t *damaged)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		if (!row_is_sound(q))
			(*damaged)++;
		else if (!lease_by_address(t, (uint32_t)sqlite3_column_int64(q, COL_ADDRESS)))
			load_row(q, now, t);
	}
	(void)sqlite3_finalize(q); /* says again what sqlite3_step() said */
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int lease_read(sqlite3 *db, const struct moment *now, struct lease_table *t, size_t *ret_damaged)
{
	*ret_damaged = 0;
	int rc = read_rows(db, SELECT " ORDER BY address", now, t, ret_damaged);
	if (rc != SQLITE_OK) {
		size_t seen_twice = 0;

		(void)read_rows(db, SELECT " ORDER BY address DESC", now, t, &seen_twice);
		*ret_damaged += seen_twice;
	}
	return rc;
}
