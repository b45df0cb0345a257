#include "provisioner/base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/syscalls.h"

/* What later kernels added; the headers of Debian 12 end at level 2. */
#define FS_TRUNCATE (UINT64_C(1) << 14)          /* level 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15)         /* level 5 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)       /* level 4 */
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0) /* level 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)          /* level 6 */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |       \
		LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |   \
		LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
/* Nobody is given these: starting programs, making devices and pipes, talking to devices. */
#define FS_NEVER                                                     \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | FS_IOCTL_DEV)
/* The rights that exist on a single file; a rule on one may name no other. */
#define FS_OF_A_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE)

/* struct landlock_ruleset_attr as level 6 has it. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static const struct {
	int abi;
	uint64_t fs; /* the rights that this level brought */
	size_t ruleset_size;
} levels[] = {
	{1,
		(FS_READ | FS_WRITE | FS_NEVER) &
			~(LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE | FS_IOCTL_DEV),
		8},
	{2, LANDLOCK_ACCESS_FS_REFER, 8},
	{3, FS_TRUNCATE, 8},
	{4, 0, 16},
	{5, FS_IOCTL_DEV, 16},
	{6, 0, 24},
};

/* What the libraries read of their own accord: SQLite's seed, a sanitizer's view of the process. */
static const char *const unasked[] = {"/dev/urandom", UNDER_SANITIZER ? "/proc" : NULL, NULL};

/* glibc 2.36 has no wrappers for the three calls. */
int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static int ruleset_new(int abi, bool may_connect, uint64_t *ret_handled)
{
	struct ruleset attr = {0};
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_LEN(levels) && levels[i].abi <= abi; i++) {
		attr.fs |= levels[i].fs;
		size = levels[i].ruleset_size;
	}
	if (abi >= 4 && !may_connect)
		attr.net = NET_CONNECT_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_SOCKET;
	*ret_handled = attr.fs;
	long fd = syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	return fd < 0 ? -errno : (int)fd;
}

static int allow(int ruleset, const char *path, uint64_t rights, struct err *e)
{
	AUTO(close_p) int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_msg(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		rights &= FS_OF_A_FILE;
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_msg(e, -errno, "%s: landlock rule: %s", path, strerror(errno));
	return 0;
}

static int allow_each(int ruleset, const char *const *paths, uint64_t rights, struct err *e)
{
	for (size_t i = 0; paths && paths[i]; i++) {
		int rc = allow(ruleset, paths[i], rights, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int landlock_open(const char *const *write_dirs, const char *const *read_dirs, bool may_connect,
	struct err *e)
{
	uint64_t handled;
	int abi = landlock_abi();

	if (abi == 0)
		return err_msg(e, -ENOSYS, "landlock: not in this kernel");
	AUTO(close_p) int ruleset = ruleset_new(abi, may_connect, &handled);
	if (ruleset < 0)
		return err_msg(e, ruleset, "landlock ruleset: %s", strerror(-ruleset));
	int rc = allow_each(ruleset, unasked, FS_READ & handled, e);
	if (rc == 0)
		rc = allow_each(ruleset, read_dirs, FS_READ & handled, e);
	if (rc == 0)
		rc = allow_each(ruleset, write_dirs, (FS_READ | FS_WRITE) & handled, e);
	if (rc < 0)
		return rc;
	return TAKE_FD(ruleset);
}

int landlock_enforce(int ruleset, struct err *e)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_msg(e, -errno, "landlock: %s", strerror(errno));
	return 0;
}
