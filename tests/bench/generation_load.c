/* Publishes a cluster.yaml into an archive in a folder, as the server's builder does, and prints what that took.
 *
 *   generation_load CONFIG_FOLDER TEMPLATES ARCHIVE_FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/generation/publish.h"

#define KIB 1024L

int main(int argc, char **argv)
{
	struct publish_result result;
	struct err_list *errors = xcalloc(1, sizeof(*errors));
	struct archive *a;
	struct rusage use;
	struct err e;

	if (argc != 4 || archive_open(argv[3], /* is_writer= */ true, &a, &e) < 0) {
		(void)fputs("generation_load CONFIG_FOLDER TEMPLATES ARCHIVE_FOLDER\n", stderr);
		return EXIT_FAILURE;
	}
	struct publish_order order = {.config_dir = dir_open(argv[1]),
		.config_name = "cluster.yaml",
		.templates_dir = dir_open(argv[2]),
		.images_dir = -1,
		.ca_fingerprint =
			"0000000000000000000000000000000000000000000000000000000000000000",
		.by = "bench",
		.now_ms = clock_wall_ms()};
	int64_t began_ms = clock_mono_ms();
	int rc = publish_config(a, &order, &result, errors);
	int64_t took_ms = clock_mono_ms() - began_ms;

	err_list_print(errors, stderr);
	(void)getrusage(RUSAGE_SELF, &use);
	if (rc == 0)
		printf("{\"ms\": %lld, \"cpu_ms\": %lld, \"rendered\": %lld, \"changed\": %lld, "
		       "\"rss_mib\": %ld}\n",
			(long long)took_ms,
			(long long)(use.ru_utime.tv_sec * 1000 + use.ru_utime.tv_usec / 1000 +
				    use.ru_stime.tv_sec * 1000 + use.ru_stime.tv_usec / 1000),
			(long long)result.n_rendered, (long long)result.generation.n_changed,
			use.ru_maxrss / KIB);
	archive_close(a);
	free(errors);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
