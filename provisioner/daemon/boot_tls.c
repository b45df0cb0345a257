#include "provisioner/daemon/boot_tls.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/files.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/cert.h"

#define PEM_BYTES_MAX ((size_t)32 << 10)

static int read_own(const char *name, int config_dir, struct str *out, struct err *e)
{
	char *text;
	size_t len;
	int rc = file_read(config_dir, name, PEM_BYTES_MAX, &text, &len);

	if (rc < 0)
		return err_msg(e, rc, "http.certificate: %s: %s", name, strerror(-rc));
	str_addn(out, text, len);
	explicit_bzero(text, len);
	free(text);
	return 0;
}

int boot_tls_open(const struct ca *ca, const struct cluster *c, int config_dir, struct err *e)
{
	AUTO(cert_wipe) struct str pem = str_init(PEM_BYTES_MAX);
	int rc;

	if (!c->ports.https)
		return -ENOENT;
	if (c->http.certificate)
		rc = read_own(c->http.certificate, config_dir, &pem, e);
	else
		rc = ca_issue_boot(ca, c->network.internal.address.addr, &pem, e);
	if (rc < 0)
		return rc;
	rc = memfd_sealed("boot-tls", pem.s, pem.len);
	return rc < 0 ? err_msg(e, rc, "memfd: %s", strerror(-rc)) : rc;
}
