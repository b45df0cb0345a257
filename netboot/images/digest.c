#include "netboot/images/digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "provisioner/base/str.h"

#define BLOCK_BYTES ((size_t)256 << 10)

struct digest {
	EVP_MD_CTX *ctx;
};

/* OpenSSL fails here only for lack of memory, or without its own algorithms. */
struct digest *digest_new(enum digest_kind kind)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || !EVP_DigestInit_ex(
			       d->ctx, kind == DIGEST_SHA512 ? EVP_sha512() : EVP_sha256(), NULL))
		abort();
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(d->ctx, data, len))
		abort();
}

void digest_hex(struct digest *d, char ret[static DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!EVP_DigestFinal_ex(d->ctx, raw, &n))
		abort();
	assert(2 * n < DIGEST_HEX_SIZE);
	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[raw[i] >> 4];
		ret[2 * i + 1] = digits[raw[i] & 15];
	}
	ret[(size_t)2 * n] = '\0';
}

int digest_of_fd(int fd, enum digest_kind kind, char ret[static DIGEST_HEX_SIZE],
	void (*step)(void *arg, size_t bytes), void *arg)
{
	AUTO(free_p) unsigned char *block = xcalloc(1, BLOCK_BYTES);
	struct digest *d = digest_new(kind);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, block, BLOCK_BYTES, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		digest_add(d, block, (size_t)n);
		at += n;
		if (step)
			step(arg, (size_t)n);
	}
	int rc = n < 0 ? -errno : 0;
	if (rc == 0)
		digest_hex(d, ret);
	digest_free(d);
	return rc;
}
