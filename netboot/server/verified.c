#include "netboot/server/verified.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/log.h"

void verified_done(struct verified *v)
{
	verdicts_done(&v->verdicts);
}

/* The verifier puts a new file in the place of the old one whenever it has found something out. */
static void read_verdicts(struct verified *v)
{
	AUTO(free_p) char *text = NULL;
	struct stat st;
	size_t len;

	if (fstatat(v->verdicts_dir, VERDICTS_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* not yet; what is known stays known */
	const struct verdict_identity now = verdict_identity_of(&st);
	if (verdict_is_same(&now, &v->read_from))
		return;
	verdicts_done(&v->verdicts);
	int rc = file_read(v->verdicts_dir, VERDICTS_NAME, VERDICTS_BYTES_MAX, &text, &len);
	if (rc == 0)
		rc = verdicts_read(text, len, &v->verdicts);
	if (rc < 0)
		log_error("verdicts on images: %s; none is served", strerror(-rc));
	v->read_from = now;
}

int verified_check(struct verified *v, const char *name, int fd, struct stat *ret_stat)
{
	if (fstat(fd, ret_stat) < 0)
		return -errno;
	read_verdicts(v);
	switch (verdicts_of(&v->verdicts, name, ret_stat)) {
	case VERDICT_GOOD:
		return 0;
	case VERDICT_PENDING:
		return -EAGAIN;
	case VERDICT_REFUSED:
		return -EACCES;
	case VERDICT_UNKNOWN:
		break;
	}
	return -ENOENT;
}
