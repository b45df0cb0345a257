#include "tests/bench/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void load_die(const char *what)
{
	perror(what);
	exit(2);
}

const uint8_t *load_file(const char *path, uint64_t *ret_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) < 0)
		load_die(path);
	*ret_size = (uint64_t)st.st_size;
	const uint8_t *p =
		mmap(NULL, *ret_size ? *ret_size : 1, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		load_die(path);
	(void)close(fd);
	return p;
}
