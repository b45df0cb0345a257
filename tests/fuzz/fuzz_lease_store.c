/* What dhcpd does with a lease database that is not as it left it, on a disk in memory. The first byte says what
 * the rest is:
 *
 *   0 the database          1 the log beside a sound database
 *   2 changes to a sound database, 5 bytes each: which file, where (3 bytes), the new byte
 *   3 how much is left of a sound database, in units of 64 bytes (2 bytes), then changes
 *
 * Whatever it finds, it starts, unless a newer version has been there; what it took for leases are some; and
 * from then on it keeps what it is given. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dhcpd/lease_store.h"
#include "provisioner/base/log.h"
#include "tests/ram_disk.h"

#define POOL 0x0a4d0064
#define BASE_LEASES 60
#define CHANGE 5
#define NO_LOG ((enum log_level)0) /* below all levels: damage is an error each time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash_key key = {1, 2};
static const struct moment now = {
	.mono_ms = 1000000, .wall_ms = 1700000000000, .boot_id = "this-boot"};

/* The sound database, with leases in its log that are not in its file yet. */
struct base {
	uint8_t *db, *log;
	size_t db_len, log_len;
};

/* lease_store.c sets a damaged database aside by its name: on this disk it is then gone. */
int rename(const char *from, const char *to)
{
	(void)to;
	return ram_delete(sqlite3_vfs_find("ram"), from, 0);
}

static struct lease_store *open_store(struct lease_table *t, size_t *damaged, struct err *e)
{
	return lease_store_open("/ram", &now, t, damaged, e);
}

static void write_base(struct lease_store *s, struct lease_table *t, uint32_t first, uint32_t n)
{
	uint8_t id[255];

	memset(id, 'i', sizeof(id));
	for (uint32_t i = first; i < first + n; i++) {
		struct client c = {.htype = 1,
			.hlen = 6,
			.hw = {2, 0, 0, 0, 0, (uint8_t)i},
			.id = id,
			.id_len = i % 3 ? 255 : 19};
		struct lease *l = lease_set(
			t, POOL + i, &c, LEASE_BOUND, now.mono_ms, now.mono_ms + 1000 * (int64_t)i);

		l->lease_s = 3600;
		int rc = lease_store_write(s, &l, 1, &now);
		assert(rc == 0);
	}
}

static uint8_t *copy_file(struct ram_disk *d, const char *name, size_t *ret_len)
{
	struct ram_file *f = ram_find(d, name);
	uint8_t *bytes = calloc(1, (size_t)f->now.size + 1);

	assert(bytes);
	*ret_len = (size_t)f->now.size;
	ram_get(&f->now, 0, bytes, f->now.size);
	return bytes;
}

static void make_base(struct ram_disk *d, struct base *ret)
{
	struct lease_table *t = lease_table_new(&key);
	struct err e;
	size_t damaged;

	struct lease_store *s = open_store(t, &damaged, &e);
	assert(s);
	write_base(s, t, 0, BASE_LEASES / 2);
	lease_store_close(s);
	s = open_store(t, &damaged, &e);
	assert(s);
	write_base(s, t, BASE_LEASES / 2, BASE_LEASES / 2);
	ret->db = copy_file(d, "leases.db", &ret->db_len);
	ret->log = copy_file(d, "leases.db-wal", &ret->log_len);
	while (ret->log_len > 0 && ret->log[ret->log_len - 1] == 0)
		ret->log_len--;
	lease_store_close(s);
	lease_table_free(t);
}

static void put_file(struct ram_disk *d, const char *name, const uint8_t *bytes, size_t len)
{
	struct ram_file *f = ram_find(d, name);

	ram_cut_image(&f->now, 0);
	f->now.is_there = len > 0;
	ram_put(&f->now, 0, bytes, (int64_t)len);
}

static void change(struct ram_disk *d, const uint8_t *p, size_t size)
{
	for (; size >= CHANGE; p += CHANGE, size -= CHANGE) {
		struct ram_file *f = ram_find(d, p[0] & 1 ? "leases.db-wal" : "leases.db");
		int64_t at = p[1] << 16 | p[2] << 8 | p[3];

		if (f->now.size > 0)
			ram_put(&f->now, at % f->now.size, p + 4, 1);
	}
}

static void lay_out(struct ram_disk *d, const struct base *b, const uint8_t *data, size_t size)
{
	size_t left = size > 2 ? (size_t)(data[1] << 8 | data[2]) * 64 : 0;

	ram_disk_wipe(d);
	put_file(d, "leases.db", b->db, b->db_len);
	put_file(d, "leases.db-wal", b->log, b->log_len);
	switch (data[0] % 4) {
	case 0:
		put_file(d, "leases.db", data + 1, size - 1);
		put_file(d, "leases.db-wal", NULL, 0);
		break;
	case 1:
		put_file(d, "leases.db-wal", data + 1, size - 1);
		break;
	case 2:
		change(d, data + 1, size - 1);
		break;
	default:
		put_file(d, "leases.db", b->db, left < b->db_len ? left : b->db_len);
		change(d, data + 1 + 2, size > 3 ? size - 3 : 0);
	}
}

/* Some leases, whatever they are. */
static void look_at(const struct lease_table *t)
{
	for (size_t i = 0; i < lease_count(t); i++) {
		const struct lease *l = lease_at(t, i);
		struct client c = lease_client(l);

		assert(l->address != 0 && lease_by_address(t, l->address) == l);
		assert(l->state >= LEASE_FREE && l->state <= LEASE_DECLINED);
		assert(c.hlen <= MSG_HW_MAX);
	}
}

static void serve(struct lease_store *s, struct lease_table *t)
{
	struct client c = {.htype = 1, .hlen = 6, .hw = {2, 1, 1, 1, 1, 1}};
	struct lease *l = lease_set(t, POOL - 1, &c, LEASE_BOUND, now.mono_ms, now.mono_ms + 60000);
	struct lease_table *again = lease_table_new(&key);
	struct err e;
	size_t damaged;

	assert(l);
	int rc = lease_store_write(s, &l, 1, &now);
	lease_store_close(s);
	s = open_store(again, &damaged, &e);
	assert(s && (rc == 0 || rc == -EUCLEAN));
	if (rc == 0) { /* then its ACK has left */
		struct lease *found = lease_by_address(again, POOL - 1);
		assert(found && lease_is_of(found, &c) && found->until_ms == l->until_ms);
	}
	lease_store_close(s);
	lease_table_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ram_disk disk;
	static struct base base;
	struct lease_table *t;
	struct err e;
	size_t damaged;

	if (!base.db) {
		log_init("fuzz", NO_LOG);
		ram_disk_mount(&disk);
		make_base(&disk, &base);
	}
	if (size == 0)
		return 0;
	lay_out(&disk, &base, data, size);
	t = lease_table_new(&key);
	struct lease_store *s = open_store(t, &damaged, &e);
	assert(s || strstr(e.msg, "newer version"));
	look_at(t);
	if (s)
		serve(s, t);
	lease_table_free(t);
	return 0;
}
