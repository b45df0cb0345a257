#include "provisioner/base/stamp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/mem.h"

#define SETTLED_MS 3000 /* the coarsest clock of a file system, FAT's, goes by 2 s */

/* FNV-1a over the bytes of a number, or of a text. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_number(uint64_t h, uint64_t number)
{
	for (int i = 0; i < 8; i++, number >>= 8)
		h = (h ^ (number & 0xff)) * HASH_PRIME;
	return h;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * HASH_PRIME;
	return h;
}

static uint64_t hash_time(uint64_t h, struct timespec t)
{
	return hash_number(hash_number(h, (uint64_t)t.tv_sec), (uint64_t)t.tv_nsec);
}

static void look_at(struct stamp *s, struct timespec t)
{
	int64_t ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;

	s->newest_ms = ms > s->newest_ms ? ms : s->newest_ms;
}

/* A sum: a folder tells its files in any order. */
void stamp_file(struct stamp *s, int dir, const char *name)
{
	uint64_t h = hash_text(HASH_START, name);
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0) {
		s->sum += hash_number(h, (uint64_t)errno);
		return;
	}
	h = hash_number(hash_number(h, st.st_dev), st.st_ino);
	h = hash_number(h, (uint64_t)st.st_size);
	s->sum += hash_time(hash_time(h, st.st_mtim), st.st_ctim);
	look_at(s, st.st_mtim);
	look_at(s, st.st_ctim);
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

void stamp_folder(struct stamp *s, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir_p) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	stamp_file(s, dir, name);
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(d))) // NOLINT(concurrency-mt-unsafe): we have no threads
		if (e->d_name[0] != '.')
			stamp_file(s, fd, e->d_name);
}

bool stamp_is_settled(const struct stamp *s, int64_t now_ms)
{
	return s->newest_ms < now_ms - SETTLED_MS;
}

bool stamp_is_equal(const struct stamp *a, const struct stamp *b)
{
	return a->sum == b->sum && a->newest_ms == b->newest_ms;
}
