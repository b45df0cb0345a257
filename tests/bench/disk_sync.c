/* disk_sync - what the disk itself needs to make one small write durable: a server that promises durability can be
 * no faster than that when it is asked once.
 *
 *   disk_sync FOLDER COUNT PAUSE_MS
 *
 * "overwrite": fdatasync() after 4 KiB in the middle of a file that has its size already; "append": the same
 * at its end, where the file system has to note the new size as well. One JSON object. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/parse.h"
#include "tests/bench/load.h"
#include "tests/bench/times.h"

#define PAGE 4096
#define PAGES 1024

static uint32_t number_of(const char *text)
{
	uint32_t v = 0;

	if (parse_u32(text, 0, 100000, &v) < 0)
		load_die(text);
	return v;
}

static void write_page(int fd, uint32_t at)
{
	static const char page[PAGE] = "what a lease might look like";

	if (pwrite(fd, page, sizeof(page), (off_t)at * PAGE) != PAGE)
		load_die("write");
}

static void measure(int fd, uint32_t from, uint32_t count, uint32_t pause_ms, struct times *t)
{
	struct timespec pause = {.tv_nsec = (long)pause_ms * 1000000};

	for (uint32_t i = 0; i < count; i++) {
		(void)nanosleep(&pause, NULL);
		int64_t begun_us = times_now_us();
		write_page(fd, from + i);
		if (fdatasync(fd) < 0)
			load_die("fdatasync");
		times_add(t, times_now_us() - begun_us);
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	struct times overwrite = {0}, append = {0};

	if (argc != 4 ||
		(size_t)snprintf(path, sizeof(path), "%s/disk_sync", argv[1]) >= sizeof(path))
		load_die("FOLDER COUNT PAUSE_MS");
	uint32_t count = number_of(argv[2]), pause_ms = number_of(argv[3]);
	AUTO(close_p) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || unlink(path) < 0)
		load_die(path);
	for (uint32_t i = 0; i < PAGES; i++)
		write_page(fd, i);
	if (fsync(fd) < 0)
		load_die("fsync");
	measure(fd, 0, count < PAGES ? count : PAGES, pause_ms, &overwrite);
	measure(fd, PAGES, count, pause_ms, &append);
	(void)printf("{");
	times_print("overwrite", &overwrite);
	(void)printf(",");
	times_print("append", &append);
	(void)printf("}\n");
	times_free(&overwrite);
	times_free(&append);
	return 0;
}
