#include "netboot/fetch/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/files.h"

#define GPGV "/usr/bin/gpgv"
#define STATUS_BYTES_MAX ((size_t)64 << 10)
#define KEYRING_BYTES_MAX ((size_t)4 << 20)
#define WORDS_MAX 12
#define WORD_SIZE 64

/* The descriptors that gpgv finds. */
enum { FD_STATUS = 3, FD_SIGNATURE, FD_DATA };

/* What the newest signature in the file turned out to be. */
enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_KEY_EXPIRED, VERDICT_BAD };

struct judge {
	const struct signature_rules *rules;
	enum verdict verdict;
	char signer[MANIFEST_SIGNER_SIZE]; /* of an accepted one */
	char reason[160];                  /* why not, so far */
	bool is_forged;
};

/* gpgv's lines: "[GNUPG:] KEYWORD WORD WORD ...". */
struct status_line {
	char words[WORDS_MAX][WORD_SIZE];
	size_t n;
};

static bool read_line(const char *line, size_t len, struct status_line *ret)
{
	static const char prefix[] = "[GNUPG:] ";
	size_t at = sizeof(prefix) - 1;

	*ret = (struct status_line){.n = 0};
	if (len <= at || memcmp(line, prefix, at) != 0)
		return false;
	while (at < len && ret->n < WORDS_MAX) {
		const char *blank = memchr(line + at, ' ', len - at);
		size_t word = blank ? (size_t)(blank - line) - at : len - at;

		if (word >= WORD_SIZE)
			return ret->n > 0; /* a user id: nothing we read stands behind it */
		memcpy(ret->words[ret->n++], line + at, word);
		at += word + 1;
	}
	return ret->n > 0;
}

static bool is_pinned(const struct signature_rules *r, const char *fingerprint)
{
	if (!r->fingerprints[0])
		return true;
	for (size_t i = 0; r->fingerprints[i]; i++)
		if (strcmp(r->fingerprints[i], fingerprint) == 0)
			return true;
	return false;
}

/* VALIDSIG: 1 the key's fingerprint, 2..9 dates and algorithms, 10 the primary key's fingerprint. */
static void on_valid(struct judge *j, const struct status_line *l)
{
	const char *primary = l->n > 10 ? l->words[10] : l->n > 1 ? l->words[1] : "";

	if (strlen(primary) != MANIFEST_SIGNER_SIZE - 1 ||
		strspn(primary, "0123456789ABCDEF") != MANIFEST_SIGNER_SIZE - 1)
		return;
	if (j->verdict == VERDICT_KEY_EXPIRED && !j->rules->expired_keys_are_good)
		(void)snprintf(j->reason, sizeof(j->reason),
			"its key %s has expired: the key ring needs a newer copy of it", primary);
	else if (j->verdict != VERDICT_GOOD && j->verdict != VERDICT_KEY_EXPIRED)
		return;
	else if (!is_pinned(j->rules, primary))
		(void)snprintf(j->reason, sizeof(j->reason),
			"it was made by key %s, which is not one of the distribution's", primary);
	else
		memcpy(j->signer, primary, sizeof(j->signer));
}

static void on_line(struct judge *j, const struct status_line *l)
{
	static const struct {
		const char *keyword;
		enum verdict verdict;
		const char *reason; /* may name the key that the line names */
	} rows[] = {
		{"NEWSIG", VERDICT_NONE, NULL},
		{"GOODSIG", VERDICT_GOOD, NULL},
		{"EXPKEYSIG", VERDICT_KEY_EXPIRED, NULL},
		{"BADSIG", VERDICT_BAD, "it is not of this file: one of both was changed"},
		{"EXPSIG", VERDICT_BAD, "it has expired"},
		{"REVKEYSIG", VERDICT_BAD, "its key was revoked"},
		{"ERRSIG", VERDICT_BAD, NULL},
		{"NODATA", VERDICT_BAD, "it is not an OpenPGP signature"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(l->words[0], rows[i].keyword) != 0)
			continue;
		j->verdict = rows[i].verdict;
		if (rows[i].reason)
			(void)snprintf(j->reason, sizeof(j->reason), "%s", rows[i].reason);
	}
	if (strcmp(l->words[0], "BADSIG") == 0)
		j->is_forged = true;
	if (strcmp(l->words[0], "NO_PUBKEY") == 0 && l->n > 1)
		(void)snprintf(j->reason, sizeof(j->reason),
			"it was made by key %.40s, which is not in the key ring", l->words[1]);
	if (strcmp(l->words[0], "VALIDSIG") == 0)
		on_valid(j, l);
}

int signature_judge(const struct signature_rules *r, const char *status, size_t len,
	char ret_signer[static MANIFEST_SIGNER_SIZE], struct err *e)
{
	struct judge j = {.rules = r};

	for (const char *end = status + len, *next; status < end; status = next) {
		const char *newline = memchr(status, '\n', (size_t)(end - status));
		struct status_line line;

		next = newline ? newline + 1 : end;
		if (read_line(status, (size_t)((newline ? newline : end) - status), &line))
			on_line(&j, &line);
	}
	if (j.signer[0] && !j.is_forged) {
		memcpy(ret_signer, j.signer, sizeof(j.signer));
		return 0;
	}
	return err_msg(e, j.is_forged ? -EBADMSG : -EKEYREJECTED, "the signature is refused: %s",
		j.reason[0] ? j.reason : "gpgv does not know what to make of it");
}

int signature_check_keyring(const char *keyring, struct err *e)
{
	AUTO(free_p) char *data = NULL;
	size_t len;

	int rc = file_read(AT_FDCWD, keyring, KEYRING_BYTES_MAX, &data, &len);
	if (rc < 0)
		return err_msg(e, -ENOKEY, "the key ring %s: %s", keyring, strerror(-rc));
	if (len >= 5 && memcmp(data, "-----", 5) == 0)
		return err_msg(e, -ENOKEY,
			"the key ring %s is armoured, and gpgv reads binary ones: "
			"`gpg --dearmor < %s` makes one of it",
			keyring, keyring);
	if (len == 0 || !((unsigned char)data[0] & 0x80)) /* RFC 4880 section 4.2 */
		return err_msg(e, -ENOKEY, "%s is not a key ring", keyring);
	return 0;
}

/* Starts gpgv with its status on *ret_status. A descriptor that lies where another is to go would be
 * overwritten by it: ours are opened above them. */
static int start(const char *keyring, int signature, int data, pid_t *ret_pid, int *ret_status)
{
	char *const env[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C"}, NULL};
	char path_signature[32], path_data[32], status_number[8];
	AUTO(free_p) char *ring = xstrdup(keyring);
	posix_spawn_file_actions_t actions;
	int ends[2], rc;

	(void)snprintf(path_signature, sizeof(path_signature), "/proc/self/fd/%d", FD_SIGNATURE);
	(void)snprintf(path_data, sizeof(path_data), "/proc/self/fd/%d", FD_DATA);
	(void)snprintf(status_number, sizeof(status_number), "%d", FD_STATUS);
	char *const argv[] = {(char[]){"gpgv"}, (char[]){"--homedir"}, (char[]){"/nonexistent"},
		(char[]){"--status-fd"}, status_number, (char[]){"--keyring"}, ring, (char[]){"--"},
		path_signature, path_data, NULL};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int high[3] = {fcntl(ends[1], F_DUPFD_CLOEXEC, FD_DATA + 1),
		fcntl(signature, F_DUPFD_CLOEXEC, FD_DATA + 1),
		fcntl(data, F_DUPFD_CLOEXEC, FD_DATA + 1)};
	(void)close(ends[1]);
	(void)posix_spawn_file_actions_init(&actions);
	for (int i = 0; i <= STDERR_FILENO; i++)
		(void)posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	for (int i = 0; i < 3; i++)
		(void)posix_spawn_file_actions_adddup2(&actions, high[i], FD_STATUS + i);
	rc = high[0] < 0 || high[1] < 0 || high[2] < 0
		     ? EMFILE
		     : posix_spawn(ret_pid, GPGV, &actions, NULL, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < 3; i++)
		close_p(&high[i]);
	if (rc != 0)
		(void)close(ends[0]);
	*ret_status = ends[0];
	return -rc;
}

static size_t read_status(int fd, char *buf, size_t size)
{
	size_t len = 0;

	for (;;) {
		char rest[512]; /* past the limit: read, so that gpgv does not hang, and dropped */
		bool is_full = len == size;
		ssize_t n =
			is_full ? read(fd, rest, sizeof(rest)) : read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return len;
		if (!is_full)
			len += (size_t)n;
	}
}

int signature_verify(const struct signature_rules *r, int signature, int data,
	char ret_signer[static MANIFEST_SIGNER_SIZE], struct err *e)
{
	AUTO(free_p) char *status = xcalloc(1, STATUS_BYTES_MAX);
	AUTO(free_p)
	char *keyring = realpath(r->keyring, NULL); /* gpgv looks at home for bare names */
	AUTO(close_p) int fd = -1;
	pid_t pid = -1;
	int how = 0;

	if (!keyring)
		return err_msg(e, -ENOKEY, "the key ring %s: %s", r->keyring, strerror(errno));
	int rc = start(keyring, signature, data, &pid, &fd);
	if (rc == -ENOENT)
		return err_msg(e, rc, GPGV " is not there: it is in Debian's package gpgv");
	if (rc < 0)
		return err_msg(e, rc, GPGV ": %s", strerror(-rc));
	size_t len = read_status(fd, status, STATUS_BYTES_MAX);
	while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	rc = signature_judge(r, status, len, ret_signer, e);
	/* An expired key is an error to gpgv; that one was looked at. Anything else is one to us. */
	if (rc == 0 && !(WIFEXITED(how) && (WEXITSTATUS(how) == 0 || r->expired_keys_are_good)))
		return err_msg(e, -EKEYREJECTED, "the signature is refused: gpgv failed");
	return rc;
}
