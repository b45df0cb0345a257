#include "provisioner/daemon/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/str.h"

int digest_of_file(int dir, const char *name, char ret[static DIGEST_TEXT_SIZE])
{
	AUTO(close_p) int fd = file_open_beneath(dir, name);
	AUTO(str_done) struct str hex = str_init(DIGEST_TEXT_SIZE - 1);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char block[64 << 10], digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	ssize_t n = fd < 0 ? -1 : 0;
	bool ok = fd >= 0 && ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	while (ok && (n = read(fd, block, sizeof(block))) > 0)
		ok = EVP_DigestUpdate(ctx, block, (size_t)n);
	ok = ok && n == 0 && EVP_DigestFinal_ex(ctx, digest, &len);
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return fd < 0 ? fd : -EIO;
	str_add_hex(&hex, digest, len);
	memcpy(ret, str_text(&hex), DIGEST_TEXT_SIZE);
	return 0;
}
