/* config_load - what it takes to read a hall's cluster.yaml with its nodes.d, and to check all of it.
 *
 *   config_load FILE [RUNS]
 *
 * Reads, parses, checks and frees it RUNS times. Prints the best wall time in ms, the CPU time of that run, the
 * number of nodes, and the peak of resident memory in KiB. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "provisioner/base/parse.h"
#include "provisioner/cluster/files.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)

static double now_ms(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	double best = 1e9, cpu = 0;
	struct rusage used;
	uint32_t runs = 1, n_nodes = 0;

	if (argc < 2 || (argc > 2 && parse_u32(argv[2], 1, 1000, &runs) < 0)) {
		(void)fputs("usage: config_load FILE [RUNS]\n", stderr);
		return 2;
	}
	for (uint32_t i = 0; i < runs; i++) {
		double began = now_ms(CLOCK_MONOTONIC), busy = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
		struct err_list errors = {0};
		struct cluster *c;

		if (cluster_files_load(a, AT_FDCWD, argv[1], &c, &errors) < 0) {
			err_list_print(&errors, stderr);
			return 1;
		}
		double took = now_ms(CLOCK_MONOTONIC) - began;
		n_nodes = c->n_nodes;
		if (took < best) {
			best = took;
			cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID) - busy;
		}
	}
	(void)getrusage(RUSAGE_SELF, &used);
	printf("%.1f %.1f %u %ld\n", best, cpu, n_nodes, used.ru_maxrss);
	return 0;
}
