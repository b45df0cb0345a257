/* Runs a fuzz target over the files of its corpus, without libFuzzer: past crashes stay fixed.
 * Prints TAP, one line per file. Usage: fuzz_X-replay FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)4 << 20)

static int replay(const char *path, uint8_t *buffer)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return -1;
	size_t n = fread(buffer, 1, INPUT_MAX, f);
	(void)fclose(f);
	/* An exact heap copy, so that the sanitizers see a read past the end. */
	uint8_t *exact = malloc(n ? n : 1);
	if (!exact)
		return -1;
	for (size_t i = 0; i < n; i++)
		exact[i] = buffer[i];
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t *buffer = malloc(INPUT_MAX);
	int failed = 0;

	if (!buffer)
		return 1;
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		int rc = replay(argv[i], buffer);

		failed |= rc != 0;
		printf("%s %d - %s\n", rc == 0 ? "ok" : "not ok", i, argv[i]);
	}
	free(buffer);
	return failed;
}
