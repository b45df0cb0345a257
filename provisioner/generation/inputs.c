#include "provisioner/generation/inputs.h"

#include <errno.h>
#include <inttypes.h>

#include "provisioner/store/archive.h"

#define TEXTS_MAX (1 + CLUSTER_FILES_MAX + CLUSTER_ENROLLED_MAX)

static int add(const char *name, const struct str *text, void *arg)
{
	struct cluster_files *f = arg;

	if (f->n == TEXTS_MAX)
		return -E2BIG;
	f->texts = xreallocarray(f->texts, f->n + 1, sizeof(*f->texts));
	f->owned = xreallocarray(f->owned, f->n_owned + 2, sizeof(*f->owned));
	char *own_name = f->owned[f->n_owned++] = xstrdup(name);
	char *own_text = f->owned[f->n_owned++] = xstrndup(str_text(text), text->len);
	f->texts[f->n++] =
		(struct cluster_text){.name = own_name, .text = own_text, .len = text->len};
	return 0;
}

int inputs_read(struct archive *a, int64_t number, struct cluster_files *ret, struct err *e)
{
	struct cluster_files files = {0};
	int rc = archive_files_each(a, number, ARCHIVE_INPUT, add, &files);

	if (rc == 0 && files.n > 0) {
		*ret = files;
		return 0;
	}
	cluster_files_done(&files);
	return err_msg(e, rc < 0 ? rc : -ENOENT,
		"generation %" PRId64 ": its cluster.yaml can not be read: %s", number,
		rc < 0 ? archive_reason(a) : "it is not there");
}
