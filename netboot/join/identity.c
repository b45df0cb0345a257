#include "netboot/join/identity.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "provisioner/base/files.h"
#include "provisioner/trust/ca.h"
#include "provisioner/trust/cert.h"

#define KEY_FILE "node.key"
#define CERT_FILE "node.crt"
#define CA_FILE "ca.crt"
#define JOINED_FILE "joined.json"

static int load_key(struct identity *id, struct err *e)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;
	int rc = file_read(id->dir, KEY_FILE, CERT_PEM_MAX, &pem, &len);

	if (rc == -ENOENT)
		return rc;
	if (rc < 0)
		return err_msg(e, rc, KEY_FILE ": %s", strerror(-rc));
	rc = cert_key_parse(pem, len, &id->key, e);
	OPENSSL_cleanse(pem, len);
	return rc < 0 ? -ENOENT : 0; /* a key nobody can read is replaced: it proves nothing */
}

static int make_key(struct identity *id, struct err *e)
{
	AUTO(cert_wipe) struct str pem = str_init(CERT_PEM_MAX);
	int rc = cert_key_new(&id->key, e);

	if (rc < 0)
		return rc;
	if (cert_key_pem(id->key, &pem) < 0)
		return err_msg(e, -EIO, "cannot write the key as PEM");
	rc = file_write(id->dir, KEY_FILE, pem.s, pem.len, 0600);
	return rc < 0 ? err_msg(e, rc, KEY_FILE ": %s", strerror(-rc)) : 0;
}

/* Reads a reply and checks that it makes this key a node of the pinned cluster. */
static int check_reply(const struct identity *id, const char *reply, size_t len,
	struct api_joined *ret_joined, X509 **ret_cert, struct err *e)
{
	AUTO(api_joined_done) struct api_joined joined = {0};
	AUTO(cert_free_p) X509 *cert = NULL, *ca = NULL;
	char name[CA_NODE_NAME_SIZE];
	int rc = api_read_joined(reply, len, &joined, e);

	if (rc < 0)
		return rc;
	rc = cert_parse(joined.certificate, strlen(joined.certificate), &cert, e);
	if (rc < 0)
		return rc;
	rc = cert_parse(joined.ca, strlen(joined.ca), &ca, e);
	if (rc < 0)
		return rc;
	rc = pin_check(&id->pin, ca, cert, id->key, e);
	if (rc < 0)
		return rc;
	if (ca_node_name(cert, name) < 0 || strcmp(name, joined.node) != 0)
		return err_msg(
			e, -EINVAL, "the certificate does not name the node %s", joined.node);
	*ret_joined = joined;
	*ret_cert = TAKE(cert);
	joined = (struct api_joined){0};
	return 0;
}

static void take_over(struct identity *id, struct api_joined *joined, X509 *cert)
{
	api_joined_done(&id->joined);
	cert_free_p(&id->cert);
	id->joined = *joined;
	id->cert = cert;
}

static int load_joined(struct identity *id, struct err *e)
{
	AUTO(free_p) char *reply = NULL;
	struct api_joined joined;
	X509 *cert = NULL;
	size_t len = 0;
	int rc = file_read(id->dir, JOINED_FILE, API_REPLY_MAX, &reply, &len);

	if (rc == -ENOENT)
		return rc;
	if (rc < 0)
		return err_msg(e, rc, "%s", strerror(-rc));
	rc = check_reply(id, reply, len, &joined, &cert, e);
	if (rc == 0)
		take_over(id, &joined, cert);
	return rc;
}

int identity_open(
	int dir, const struct pin *pin, struct identity *id, struct err *ret_why_not, struct err *e)
{
	*id = (struct identity){.dir = dir, .pin = *pin};
	*ret_why_not = (struct err){0};
	int rc = load_key(id, e);
	if (rc == -ENOENT)
		rc = make_key(id, e);
	if (rc < 0)
		return rc;
	(void)load_joined(id, ret_why_not); /* then we join anew */
	return 0;
}

void identity_done(struct identity *id)
{
	api_joined_done(&id->joined);
	cert_free_p(&id->cert);
	cert_key_free_p(&id->key);
	id->cert = NULL;
	id->key = NULL;
}

int identity_accept(struct identity *id, const char *reply, size_t len, struct err *e)
{
	struct api_joined joined;
	X509 *cert = NULL;
	int rc = check_reply(id, reply, len, &joined, &cert, e);

	if (rc == 0)
		take_over(id, &joined, cert);
	return rc;
}

int identity_save(const struct identity *id, const char *reply, size_t len, struct err *e)
{
	/* The one that we load comes last: whoever finds it finds the others. */
	const struct {
		const char *name, *text;
		size_t len;
	} files[] = {
		{CERT_FILE, id->joined.certificate, strlen(id->joined.certificate)},
		{CA_FILE, id->joined.ca, strlen(id->joined.ca)},
		{JOINED_FILE, reply, len},
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int rc = file_write(id->dir, files[i].name, files[i].text, files[i].len, 0644);

		if (rc < 0)
			return err_msg(e, rc, "%s: %s", files[i].name, strerror(-rc));
	}
	return 0;
}
