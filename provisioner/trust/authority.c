#include "provisioner/trust/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "provisioner/base/files.h"
#include "provisioner/trust/cert.h"

#define NAME_SIZE 48
#define RSA_BITS 2048

/* The two files of a pair. */
struct files {
	char key[NAME_SIZE], cert[NAME_SIZE];
};

static struct files files_of(const char *name)
{
	struct files f;

	/* Names are our own and short; cut ones would not be found again, so they are none. */
	if (snprintf(f.key, sizeof(f.key), "%s.key", name) >= (int)sizeof(f.key) ||
		snprintf(f.cert, sizeof(f.cert), "%s.crt", name) >= (int)sizeof(f.cert))
		abort();
	return f;
}

void authority_done(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->cert);
	*a = (struct authority){0};
}

static int save_key(EVP_PKEY *key, int dir, const char *file, struct err *e)
{
	AUTO(cert_wipe) struct str pem = str_init(CERT_PEM_MAX);

	if (cert_key_pem(key, &pem) < 0)
		return err_msg(e, -EIO, "cannot write %s as PEM", file);
	int rc = file_write(dir, file, pem.s, pem.len, 0600);
	return rc < 0 ? err_msg(e, rc, "cannot write %s: %s", file, strerror(-rc)) : 0;
}

static int save(const struct authority *a, int dir, const struct files *f, struct err *e)
{
	AUTO(str_done) struct str cert = str_init(CERT_PEM_MAX);
	int rc = save_key(a->key, dir, f->key, e);

	if (rc < 0)
		return rc;
	if (cert_pem(a->cert, &cert) < 0)
		return err_msg(e, -EIO, "cannot write %s as PEM", f->cert);
	rc = file_write(dir, f->cert, cert.s, cert.len, 0644);
	return rc < 0 ? err_msg(e, rc, "cannot write %s: %s", f->cert, strerror(-rc)) : 0;
}

static int make(struct authority *a, const char *common_name, struct err *e)
{
	int rc = cert_key_new(&a->key, e);

	if (rc < 0)
		return rc;
	struct cert_spec spec = {
		.common_name = common_name,
		.key = a->key,
		.issuer_key = a->key,
		.is_ca = true,
		.not_after_s = CERT_NEVER_EXPIRES,
	};
	return cert_issue(&spec, &a->cert, e);
}

/* The two files must be one key pair that signs itself and may sign others. */
static int check_pair(const struct authority *a, const struct files *f, struct err *e)
{
	int rc = 0;

	if (X509_check_private_key(a->cert, a->key) != 1)
		rc = err_msg(e, -EINVAL,
			"%s is not the key of %s: restore both from the same backup", f->key,
			f->cert);
	else if (X509_verify(a->cert, a->key) != 1 || X509_check_ca(a->cert) != 1)
		rc = err_msg(e, -EINVAL, "%s is not the certificate of a CA", f->cert);
	ERR_clear_error();
	return rc;
}

static int load_key(int dir, const char *file, EVP_PKEY **ret, struct err *e)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;
	struct stat st;
	int rc = file_read(dir, file, CERT_PEM_MAX, &pem, &len);

	if (rc < 0)
		return err_msg(e, rc, "cannot read %s: %s", file, strerror(-rc));
	struct err why = {0};
	rc = cert_key_parse(pem, len, ret, &why);
	OPENSSL_cleanse(pem, len);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", file, why.msg);
	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 077) != 0)
		return err_msg(e, -EINVAL,
			"%s may be read by others: chmod 600 it, and make a new CA if somebody did",
			file);
	return 0;
}

static int load_cert(int dir, const char *file, X509 **ret, struct err *e)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;
	int rc = file_read(dir, file, CERT_PEM_MAX, &pem, &len);

	if (rc < 0)
		return err_msg(e, rc, "cannot read %s: %s", file, strerror(-rc));
	struct err why = {0};
	rc = cert_parse(pem, len, ret, &why);
	return rc < 0 ? err_msg(e, rc, "%s: %s", file, why.msg) : 0;
}

static int load(struct authority *a, int dir, const struct files *f, struct err *e)
{
	int rc = load_key(dir, f->key, &a->key, e);

	if (rc < 0)
		return rc;
	rc = load_cert(dir, f->cert, &a->cert, e);
	return rc < 0 ? rc : check_pair(a, f, e);
}

/* 1 when something of that name is in the folder, 0 when not, or a negative errno. */
static int is_there(int dir, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT
		       ? 0
		       : err_msg(e, -errno, "cannot look for %s: %s", name, strerror(errno));
}

int authority_open(
	int dir, const char *name, const char *common_name, struct authority *ret, struct err *e)
{
	struct files f = files_of(name);
	int has_key = is_there(dir, f.key, e), has_cert = is_there(dir, f.cert, e);

	*ret = (struct authority){0};
	if (has_key < 0 || has_cert < 0)
		return has_key < 0 ? has_key : has_cert;
	if (has_key && has_cert)
		return load(ret, dir, &f, e);
	if (has_key)
		return err_msg(e, -EINVAL,
			"%s is missing beside %s: restore it from a backup; if no node has joined "
			"yet, remove %s to begin anew",
			f.cert, f.key, f.key);
	if (has_cert)
		return err_msg(e, -EINVAL,
			"%s is missing beside %s: restore it from a backup; a new CA means that "
			"every node has to join again",
			f.key, f.cert);
	int rc = make(ret, common_name, e);
	return rc < 0 ? rc : save(ret, dir, &f, e);
}

int authority_rsa_key(int dir, const char *name, EVP_PKEY **ret, struct err *e)
{
	struct files f = files_of(name);
	int has_key = is_there(dir, f.key, e);

	if (has_key != 0)
		return has_key < 0 ? has_key : load_key(dir, f.key, ret, e);
	*ret = EVP_RSA_gen(RSA_BITS);
	if (!*ret)
		return cert_fail(e, -EIO, "cannot make an RSA key");
	return save_key(*ret, dir, f.key, e);
}
