#include "provisioner/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *or_abort(void *p)
{
	if (!p) {
		(void)fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return or_abort(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	return or_abort(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return or_abort(strdup(text));
}

char *xstrndup(const char *text, size_t max)
{
	return or_abort(strndup(text, max));
}

void free_p(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}

void close_p(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing can be done about a failed close here */
	*fd = -1;
}
