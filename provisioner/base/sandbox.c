#include "provisioner/base/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "provisioner/base/landlock.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/syscalls.h"

static int failed(struct err *e, const char *step)
{
	int code = -errno;

	return err_msg(e, code, "%s: %s", step, strerror(-code));
}

/* From root to an ordinary user, with no way back: groups first, the user last. */
static int become_user(const struct sandbox *s, struct err *e)
{
	if (geteuid() != 0)
		return 0;
	if (s->uid == 0 || s->gid == 0)
		return err_msg(e, -EINVAL, "a worker may not run as root");
	/* The bounding set can be emptied only while CAP_SETPCAP is still there. */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return failed(e, "capability bounding set");
	if (setgroups(0, NULL) < 0)
		return failed(e, "setgroups");
	if (setresgid(s->gid, s->gid, s->gid) < 0)
		return failed(e, "setresgid");
	if (setresuid(s->uid, s->uid, s->uid) < 0)
		return failed(e, "setresuid");
	if (setuid(0) == 0)
		return err_msg(e, -EPERM, "setresuid: root is still within reach");
	return 0;
}

/* An ordinary user may have been given capabilities too (AmbientCapabilities= of a unit). */
static int drop_capabilities(struct err *e)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return failed(e, "capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return failed(e, "ambient capabilities");
	return 0;
}

static int give_up_privileges(const struct sandbox *s, struct err *e)
{
	int rc = become_user(s, e);

	if (rc == 0)
		rc = drop_capabilities(e);
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(e, "no_new_privs");
	/* No core file with keys in it, and no ptrace by another process of this user. */
	if (!UNDER_SANITIZER && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed(e, "dumpable");
	return 0;
}

int sandbox_enter(const struct sandbox *s, struct err *e)
{
	const struct syscalls keep = {
		.may_write = s->write_dirs && s->write_dirs[0],
		.may_fork = s->may_fork,
		.may_connect = s->may_connect,
	};

	/* Root may look at every folder that a rule names; the user perhaps not. */
	AUTO(close_p) int ruleset = landlock_open(s->write_dirs, s->read_dirs, s->may_connect, e);
	if (ruleset == -ENOSYS)
		log_warn(
			"landlock: not in this kernel; file permissions alone protect other files");
	else if (ruleset < 0)
		return ruleset;
	int rc = give_up_privileges(s, e);
	if (rc == 0 && ruleset >= 0)
		rc = landlock_enforce(ruleset, e);
	return rc < 0 ? rc : syscalls_restrict(&keep, e);
}

int sandbox_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *p = getpwnam(name);

	if (!p)
		return -ENOENT;
	*ret_uid = p->pw_uid;
	*ret_gid = p->pw_gid;
	return 0;
}
