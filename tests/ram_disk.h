/* ram_disk.h - a disk for SQLite in memory, whose power can be cut at any write.
 *
 * A write is seen at once and survives a cut for certain only after a sync of its file. What is not synced
 * is kept, lost, or torn: each sector of 512 bytes old or new by chance. Everything is deterministic.
 * ram_disk_mount() makes it the place of every database that is opened later, whatever its folder. */
#ifndef SLIPWAY_TESTS_RAM_DISK_H
#define SLIPWAY_TESTS_RAM_DISK_H

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RAM_FILES 8
#define RAM_PAGE 4096
#define RAM_PAGES 2048 /* of one file */
#define RAM_SECTOR 512
#define RAM_SHARED 16 /* regions of the one index of a write-ahead log */

enum ram_loss { RAM_KEPT, RAM_LOST, RAM_TORN };

struct ram_image {
	bool is_there;
	int64_t size;
	uint8_t *pages[RAM_PAGES]; /* NULL: zeros */
};

struct ram_file {
	char name[64];
	struct ram_image now, synced;
	bool is_dirty[RAM_PAGES];
};

struct ram_disk {
	struct ram_file files[RAM_FILES];
	void *shared[RAM_SHARED];  /* memory, which a cut clears */
	unsigned long ops, cut_at; /* power goes with this write; 0: never */
	bool is_off;
	uint32_t seed;
};

struct ram_handle {
	sqlite3_file base;
	struct ram_disk *disk;
	struct ram_file *file;
};

static uint32_t ram_dice(struct ram_disk *d, uint32_t sides)
{
	d->seed = d->seed * 1664525 + 1013904223;
	return (d->seed >> 8) % sides;
}

static struct ram_file *ram_find(struct ram_disk *d, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < RAM_FILES; i++) {
		struct ram_file *f = &d->files[i];

		if (f->name[0] == '\0')
			(void)snprintf(f->name, sizeof(f->name), "%s", name);
		if (strcmp(f->name, name) == 0)
			return f;
	}
	assert(!"too many files");
	return NULL;
}

/* True when this was the last thing before the light went out. */
static bool ram_counts(struct ram_disk *d)
{
	if (!d->is_off && ++d->ops == d->cut_at)
		d->is_off = true;
	return d->is_off;
}

static void ram_put(struct ram_image *m, int64_t at, const uint8_t *bytes, int64_t n)
{
	static const uint8_t zeros[RAM_PAGE];

	for (int64_t k = 0, step; k < n; k += step) {
		int64_t page = (at + k) / RAM_PAGE, in_page = (at + k) % RAM_PAGE;

		step = RAM_PAGE - in_page < n - k ? RAM_PAGE - in_page : n - k;
		assert(page < RAM_PAGES);
		if (!m->pages[page] && memcmp(bytes + k, zeros, (size_t)step) == 0)
			continue;
		if (!m->pages[page])
			m->pages[page] = calloc(1, RAM_PAGE);
		assert(m->pages[page]);
		memcpy(m->pages[page] + in_page, bytes + k, (size_t)step);
	}
	if (at + n > m->size)
		m->size = at + n;
}

static void ram_get(const struct ram_image *m, int64_t at, uint8_t *bytes, int64_t n)
{
	memset(bytes, 0, (size_t)n);
	for (int64_t k = 0, step; k < n && at + k < m->size; k += step) {
		int64_t page = (at + k) / RAM_PAGE, in_page = (at + k) % RAM_PAGE;
		int64_t left = n - k < m->size - at - k ? n - k : m->size - at - k;

		step = RAM_PAGE - in_page < left ? RAM_PAGE - in_page : left;
		if (m->pages[page])
			memcpy(bytes + k, m->pages[page] + in_page, (size_t)step);
	}
}

static void ram_cut_image(struct ram_image *m, int64_t size)
{
	for (int64_t page = 0; page < RAM_PAGES; page++) {
		int64_t keep = size - page * RAM_PAGE;

		if (!m->pages[page] || keep >= RAM_PAGE)
			continue;
		if (keep > 0) {
			memset(m->pages[page] + keep, 0, (size_t)(RAM_PAGE - keep));
			continue;
		}
		free(m->pages[page]);
		m->pages[page] = NULL;
	}
	m->size = size;
}

static void ram_copy_page(struct ram_image *to, const struct ram_image *from, int64_t page)
{
	static const uint8_t zeros[RAM_PAGE];
	int64_t size = to->size;

	free(to->pages[page]);
	to->pages[page] = NULL;
	ram_put(to, page * RAM_PAGE, from->pages[page] ? from->pages[page] : zeros, RAM_PAGE);
	to->size = size;
}

static void ram_sync_file(struct ram_file *f)
{
	for (int64_t page = 0; page < RAM_PAGES; page++) {
		if (f->is_dirty[page])
			ram_copy_page(&f->synced, &f->now, page);
		f->is_dirty[page] = false;
	}
	f->synced.size = f->now.size;
	f->synced.is_there = f->now.is_there;
}

/* --- what SQLite calls --- */

static int ram_close(sqlite3_file *h)
{
	(void)h;
	return SQLITE_OK;
}

static int ram_read(sqlite3_file *h, void *bytes, int n, sqlite3_int64 at)
{
	struct ram_handle *r = (struct ram_handle *)(void *)h;

	if (r->disk->is_off)
		return SQLITE_IOERR_READ;
	ram_get(&r->file->now, at, bytes, n);
	return at + n <= r->file->now.size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int ram_write(sqlite3_file *h, const void *bytes, int n, sqlite3_int64 at)
{
	struct ram_handle *r = (struct ram_handle *)(void *)h;

	if (r->disk->is_off)
		return SQLITE_IOERR_WRITE;
	if ((at + n) / RAM_PAGE >= RAM_PAGES)
		return SQLITE_FULL;
	ram_put(&r->file->now, at, bytes, n);
	for (int64_t page = at / RAM_PAGE; page <= (at + n - 1) / RAM_PAGE; page++)
		r->file->is_dirty[page] = true;
	return ram_counts(r->disk) ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int ram_truncate(sqlite3_file *h, sqlite3_int64 size)
{
	struct ram_handle *r = (struct ram_handle *)(void *)h;

	if (r->disk->is_off)
		return SQLITE_IOERR_TRUNCATE;
	for (int64_t page = size / RAM_PAGE; page < RAM_PAGES; page++)
		r->file->is_dirty[page] |= r->file->now.pages[page] != NULL;
	ram_cut_image(&r->file->now, size);
	return ram_counts(r->disk) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int ram_sync(sqlite3_file *h, int flags)
{
	struct ram_handle *r = (struct ram_handle *)(void *)h;

	(void)flags;
	if (ram_counts(r->disk))
		return SQLITE_IOERR_FSYNC;
	ram_sync_file(r->file);
	return SQLITE_OK;
}

static int ram_size(sqlite3_file *h, sqlite3_int64 *ret)
{
	*ret = ((struct ram_handle *)(void *)h)->file->now.size;
	return SQLITE_OK;
}

static int ram_lock(sqlite3_file *h, int level)
{
	(void)h, (void)level;
	return SQLITE_OK;
}

static int ram_is_reserved(sqlite3_file *h, int *ret)
{
	(void)h;
	*ret = 0;
	return SQLITE_OK;
}

static int ram_control(sqlite3_file *h, int op, void *arg)
{
	(void)h, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
}

static int ram_sector_size(sqlite3_file *h)
{
	(void)h;
	return RAM_SECTOR;
}

static int ram_traits(sqlite3_file *h)
{
	(void)h;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite takes a real disk to be */
}

static void ram_forget_shared(struct ram_disk *d)
{
	for (size_t i = 0; i < RAM_SHARED; i++) {
		free(d->shared[i]);
		d->shared[i] = NULL;
	}
}

static int ram_shared_map(sqlite3_file *h, int region, int size, int extend, void volatile **ret)
{
	struct ram_disk *d = ((struct ram_handle *)(void *)h)->disk;

	if (d->is_off || region >= RAM_SHARED)
		return SQLITE_IOERR_SHMMAP;
	if (!d->shared[region] && extend)
		d->shared[region] = calloc(1, (size_t)size);
	*ret = d->shared[region];
	return SQLITE_OK;
}

static int ram_shared_lock(sqlite3_file *h, int at, int n, int flags)
{
	(void)h, (void)at, (void)n, (void)flags;
	return SQLITE_OK;
}

static void ram_shared_barrier(sqlite3_file *h)
{
	(void)h;
}

static int ram_shared_unmap(sqlite3_file *h, int deletes)
{
	if (deletes)
		ram_forget_shared(((struct ram_handle *)(void *)h)->disk);
	return SQLITE_OK;
}

static const sqlite3_io_methods ram_methods = {2, ram_close, ram_read, ram_write, ram_truncate,
	ram_sync, ram_size, ram_lock, ram_lock, ram_is_reserved, ram_control, ram_sector_size,
	ram_traits, ram_shared_map, ram_shared_lock, ram_shared_barrier, ram_shared_unmap,
	/* mapping: not offered */ NULL, NULL};

static int ram_open(
	sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *h, int flags, int *ret_flags)
{
	struct ram_handle *r = (struct ram_handle *)(void *)h;
	struct ram_disk *d = v->pAppData;

	r->base.pMethods = NULL;
	if (!name || d->is_off)
		return SQLITE_CANTOPEN;
	r->disk = d;
	r->file = ram_find(d, name);
	/* A program may have made the file itself, for its mode. */
	if (!r->file->now.is_there && !(flags & SQLITE_OPEN_CREATE) && access(name, F_OK) < 0)
		return SQLITE_CANTOPEN;
	r->file->now.is_there = true;
	r->base.pMethods = &ram_methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int ram_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	struct ram_disk *d = v->pAppData;
	struct ram_file *f = ram_find(d, name);

	if (d->is_off)
		return SQLITE_IOERR_DELETE;
	for (int64_t page = 0; page < RAM_PAGES; page++)
		f->is_dirty[page] |= f->now.pages[page] || f->synced.pages[page];
	ram_cut_image(&f->now, 0);
	f->now.is_there = false;
	if (sync_dir)
		ram_sync_file(f);
	return ram_counts(d) ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

static int ram_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	const struct ram_file *f = ram_find(v->pAppData, name);

	*ret = f->now.is_there && (flags != SQLITE_ACCESS_EXISTS || f->now.size > 0);
	return SQLITE_OK;
}

static int ram_full_path(sqlite3_vfs *v, const char *name, int n, char *ret)
{
	(void)v;
	return snprintf(ret, (size_t)n, "%s", name) < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int ram_random(sqlite3_vfs *v, int n, char *ret)
{
	for (int i = 0; i < n; i++)
		ret[i] = (char)ram_dice(v->pAppData, 256);
	return n;
}

static int ram_time(sqlite3_vfs *v, sqlite3_int64 *ret)
{
	(void)v;
	*ret = INT64_C(210866803200000);
	return SQLITE_OK;
}

static int ram_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

/* --- what a test calls --- */

/* Makes `d` (all zero at first, kept) the default of SQLite. */
static inline void ram_disk_mount(struct ram_disk *d)
{
	static sqlite3_vfs vfs = {.iVersion = 2,
		.szOsFile = sizeof(struct ram_handle),
		.mxPathname = 256,
		.zName = "ram",
		.xOpen = ram_open,
		.xDelete = ram_delete,
		.xAccess = ram_access,
		.xFullPathname = ram_full_path,
		.xRandomness = ram_random,
		.xSleep = ram_sleep,
		.xCurrentTimeInt64 = ram_time};

	vfs.pAppData = d;
	int rc = sqlite3_vfs_register(&vfs, /* makeDflt= */ 1);
	assert(rc == SQLITE_OK);
}

/* One sector of a file after the cut. */
static void ram_tear_page(struct ram_disk *d, struct ram_file *f, int64_t page)
{
	uint8_t now[RAM_PAGE], old[RAM_PAGE];
	int64_t at = page * RAM_PAGE, size = f->now.size;

	ram_get(&f->now, at, now, RAM_PAGE);
	ram_get(&f->synced, at, old, RAM_PAGE);
	for (int k = 0; k < RAM_PAGE; k += RAM_SECTOR)
		if (ram_dice(d, 2))
			memcpy(now + k, old + k, RAM_SECTOR);
	ram_put(&f->now, at, now, RAM_PAGE);
	f->now.size = size;
}

/* What has become of one file. Removing it is one act: it is gone, or all of it is there. */
static void ram_settle(struct ram_disk *d, struct ram_file *f, enum ram_loss loss)
{
	bool is_torn = loss == RAM_TORN && f->now.is_there && ram_dice(d, 4) != 0;
	bool is_old = loss == RAM_LOST || (loss == RAM_TORN && !is_torn && ram_dice(d, 2));

	for (int64_t page = 0; page < RAM_PAGES; page++) {
		if (f->is_dirty[page] && is_old)
			ram_copy_page(&f->now, &f->synced, page);
		else if (f->is_dirty[page] && is_torn)
			ram_tear_page(d, f, page);
	}
	if (is_old)
		f->now.is_there = f->synced.is_there;
	if (is_old || (is_torn && ram_dice(d, 2)))
		f->now.size = f->synced.size;
	if (!f->now.is_there)
		f->now.size = 0;
	ram_cut_image(&f->now, f->now.size);
	for (int64_t page = 0; page < RAM_PAGES; page++)
		f->is_dirty[page] |= f->now.pages[page] || f->synced.pages[page];
	ram_sync_file(f);
}

/* The machine starts again, with what the disk has kept. */
static inline void ram_disk_restart(struct ram_disk *d, enum ram_loss loss)
{
	ram_forget_shared(d);
	for (size_t i = 0; i < RAM_FILES; i++)
		ram_settle(d, &d->files[i], loss);
	d->is_off = false;
	d->ops = d->cut_at = 0;
}

/* Empty again. */
static inline void ram_disk_wipe(struct ram_disk *d)
{
	ram_forget_shared(d);
	for (size_t i = 0; i < RAM_FILES; i++) {
		ram_cut_image(&d->files[i].now, 0);
		ram_cut_image(&d->files[i].synced, 0);
	}
	*d = (struct ram_disk){0};
}

#endif
