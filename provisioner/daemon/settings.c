#include "provisioner/daemon/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/sandbox.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

#define MEMBERS_MAX 8
#define NAME_SIZE 256
#define WORD_SIZE 32

/* What comes over the pipe. */
struct settings {
	int rc; /* 0, or why there are none */
	char reason[512];
	char name[NAME_SIZE], interface[IFNAMSIZ];
	struct ipv4_net address;
	bool has_bond;
	char bond_name[IFNAMSIZ], hash_policy[WORD_SIZE], members[MEMBERS_MAX][IFNAMSIZ];
	uint32_t n_members, mode, lacp_fast;
	int64_t miimon_ms;
	uint32_t http, https, join, backend, single_port, n_nodes;
};

/* --- the child ------------------------------------------------------------------------------------ */

static void take_bond(const struct cluster_bond *b, struct settings *s)
{
	s->has_bond = true;
	s->mode = b->mode;
	s->lacp_fast = b->lacp_fast;
	s->miimon_ms = b->miimon_ms;
	(void)snprintf(s->bond_name, IFNAMSIZ, "%s", b->name);
	(void)snprintf(s->hash_policy, WORD_SIZE, "%s", b->hash_policy);
	for (uint32_t i = 0; i < b->members.n && i < MEMBERS_MAX; i++)
		(void)snprintf(s->members[s->n_members++], IFNAMSIZ, "%s", b->members.items[i]);
}

static void take(const struct cluster *c, struct settings *s)
{
	const struct cluster_internal *i = &c->network.internal;

	(void)snprintf(s->name, NAME_SIZE, "%s", c->name);
	(void)snprintf(s->interface, IFNAMSIZ, "%s", i->interface);
	s->address = i->address;
	s->http = c->ports.http;
	s->https = c->ports.https;
	s->join = c->ports.join;
	s->backend = c->tftp.backend;
	s->single_port = c->tftp.single_port;
	s->n_nodes = c->n_nodes;
	if (i->bond)
		take_bond(i->bond, s);
}

static int read_archive(const char *state_dir, struct settings *s, struct err *e)
{
	struct archive_generation last;
	struct generation *g = NULL;
	struct archive *a;

	int rc = archive_open(state_dir, /* is_writer= */ false, &a, e);
	if (rc < 0)
		return rc;
	rc = archive_last(a, NULL, &last);
	if (rc < 0)
		(void)err_msg(e, rc, "generations.db: %s", archive_reason(a));
	else if ((rc = generation_open(a, &last, &g, e)) == 0)
		take(g->cluster, s);
	generation_free(g);
	archive_close(a);
	return rc;
}

static void tell(int fd, const char *state_dir, uid_t uid, gid_t gid)
{
	const char *const dirs[] = {state_dir, NULL};
	struct sandbox sandbox = {.uid = uid, .gid = gid, .write_dirs = dirs};
	struct settings s = {.rc = 0};
	struct err e = {.msg = ""};

	s.rc = sandbox_enter(&sandbox, &e);
	if (s.rc == 0)
		s.rc = read_archive(state_dir, &s, &e);
	(void)snprintf(s.reason, sizeof(s.reason), "%s", e.msg);
	_exit(write(fd, &s, sizeof(s)) == (ssize_t)sizeof(s) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- root ----------------------------------------------------------------------------------------- */

/* Ends in a NUL within its field, and has nothing in it that a path or a line could mean something by. */
static bool is_sound(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	return len < size && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789-_.+:@") == len;
}

static bool are_sound(const struct settings *s)
{
	bool is = is_sound(s->name, NAME_SIZE) && is_sound(s->interface, IFNAMSIZ) &&
		  s->interface[0] && is_sound(s->bond_name, IFNAMSIZ) &&
		  is_sound(s->hash_policy, WORD_SIZE) && s->n_members <= MEMBERS_MAX &&
		  s->address.len <= 32 && s->http - 1 < 65535 && s->https <= 65535 &&
		  s->join - 1 < 65535 &&
		  (!s->has_bond || (s->mode >= BOND_ACTIVE_BACKUP && s->mode <= BOND_BALANCE_RR)) &&
		  (s->backend == TFTP_BUILTIN || s->backend == TFTP_HPA);

	for (uint32_t i = 0; is && i < s->n_members; i++)
		is = s->members[i][0] && is_sound(s->members[i], IFNAMSIZ);
	return is;
}

static struct cluster_bond *make_bond(struct arena *a, const struct settings *s)
{
	struct cluster_bond *b = arena_alloc(a, 1, sizeof(*b));
	const char **members = arena_alloc(a, MEMBERS_MAX, sizeof(*members));

	if (!b || !members)
		return NULL;
	for (uint32_t i = 0; i < s->n_members; i++)
		members[i] = arena_strdup(a, s->members[i]);
	*b = (struct cluster_bond){.name = arena_strdup(a, s->bond_name),
		.mode = s->mode,
		.lacp_fast = s->lacp_fast,
		.miimon_ms = s->miimon_ms,
		.hash_policy = arena_strdup(a, s->hash_policy),
		.members = {.items = members, .n = s->n_members}};
	return b;
}

static struct cluster *make_cluster(struct arena *a, const struct settings *s)
{
	struct cluster *c = arena_alloc(a, 1, sizeof(*c));

	if (!c)
		return NULL;
	c->name = arena_strdup(a, s->name);
	c->network.internal.interface = arena_strdup(a, s->interface);
	c->network.internal.address = s->address;
	c->network.internal.bond = s->has_bond ? make_bond(a, s) : NULL;
	c->ports.http = s->http;
	c->ports.https = s->https;
	c->ports.join = s->join;
	c->tftp.backend = s->backend;
	c->tftp.single_port = s->single_port != 0;
	c->n_nodes = s->n_nodes;
	return c;
}

int settings_published(const char *state_dir, uid_t uid, gid_t gid, struct arena *a,
	struct cluster **ret, struct err *e)
{
	struct settings s;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_msg(e, -errno, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		tell(ends[1], state_dir, uid, gid);
	(void)close(ends[1]);
	ssize_t n = pid > 0 ? read(ends[0], &s, sizeof(s)) : -1; /* less than a pipe holds: whole */
	(void)close(ends[0]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	if (n != (ssize_t)sizeof(s))
		return err_msg(e, -EIO, "generations.db can not be read");
	s.reason[sizeof(s.reason) - 1] = '\0';
	if (s.rc < 0)
		return err_msg(e, s.rc, "%s", s.reason);
	if (s.rc > 0 || !are_sound(&s))
		return err_msg(e, -EBADMSG, "generations.db holds no settings of a server");
	*ret = make_cluster(a, &s);
	return *ret ? 0 : -ENOMEM;
}
