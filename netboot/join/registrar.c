#include "netboot/join/registrar.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "netboot/join/api.h"
#include "netboot/join/client.h"
#include "netboot/join/etcd.h"
#include "netboot/join/place.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"
#include "provisioner/trust/cert.h"
#include "provisioner/trust/pin.h"

#define ETCD_CA "/etc/ssl/etcd/ca.crt"
#define ETCD_CERT "/etc/ssl/etcd/client.crt"
#define ETCD_KEY "/etc/ssl/etcd/client.key"
#define KEY_MAX 512

struct registrar {
	struct event_base *base;
	const struct place *place;
	registrar_handler *handle;
	void *arg;

	/* The put under way. */
	const struct api_joined *joined;
	char *value;
	struct client *client;
	struct pin pin; /* of etcd's authority */
	size_t endpoint, path;
};

struct registrar *registrar_new(
	struct event_base *base, const struct place *place, registrar_handler *handle, void *arg)
{
	struct registrar *r = xcalloc(1, sizeof(*r));

	*r = (struct registrar){.base = base, .place = place, .handle = handle, .arg = arg};
	return r;
}

void registrar_free(struct registrar *r)
{
	if (!r)
		return;
	client_free(r->client);
	free(r->value);
	free(r);
}

bool registrar_is_locked(const struct place *place, const struct api_joined *joined)
{
	bool has_certificate = false, tls = false;

	for (size_t i = 0; i < place->n; i++)
		has_certificate = has_certificate || strcmp(place->paths[i], ETCD_CERT) == 0;
	for (size_t i = 0; i < joined->n_etcd; i++)
		tls = tls || joined->etcd[i].tls;
	return tls && !(has_certificate && place->version[0]);
}

/* `why` is NULL for a success. */
static void finish(struct registrar *r, const char *why)
{
	client_free(TAKE(r->client));
	r->handle(r->arg, why);
}

static void attempt(struct registrar *r);

static void next_endpoint(struct registrar *r, const char *why)
{
	char address[IPV4_TEXT_SIZE];

	log_debug("etcd at %s: %s", ipv4_text(r->joined->etcd[r->endpoint].address, address), why);
	r->path = 0;
	r->endpoint++;
	if (r->endpoint >= r->joined->n_etcd) {
		finish(r, why);
		return;
	}
	client_free(TAKE(r->client));
	attempt(r);
}

static void on_put(void *arg, const struct client_reply *reply)
{
	struct registrar *r = arg;
	struct err e = {0};

	if (reply->status == 0) {
		next_endpoint(r, reply->why);
		return;
	}
	int rc = etcd_read_put(reply->status, reply->body, reply->len, &e);
	if (rc == -ENOENT && etcd_put_path(r->path + 1)) {
		r->path++;
		attempt(r);
		return;
	}
	if (rc < 0)
		next_endpoint(r, e.msg);
	else
		finish(r, NULL);
}

static int read_cert(const struct place *place, const char *path, X509 **ret)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;

	pem = place_read(place, path, &len);
	return pem ? cert_parse(pem, len, ret, NULL) : -ENOENT;
}

static int read_key(const struct place *place, EVP_PKEY **ret)
{
	AUTO(free_p) char *pem = NULL;
	size_t len = 0;

	pem = place_read(place, ETCD_KEY, &len);
	if (!pem)
		return -ENOENT;
	int rc = cert_key_parse(pem, len, ret, NULL);
	OPENSSL_cleanse(pem, len);
	return rc;
}

static int make_tls(struct registrar *r, SSL_CTX **ret)
{
	AUTO(cert_free_p) X509 *ca = NULL, *cert = NULL;
	AUTO(cert_key_free_p) EVP_PKEY *key = NULL;

	if (read_cert(r->place, ETCD_CA, &ca) < 0 || read_cert(r->place, ETCD_CERT, &cert) < 0 ||
		read_key(r->place, &key) < 0 || cert_sha256(ca, r->pin.sha256) < 0)
		return -ENOENT;
	return pin_client_ctx(&r->pin, cert, key, ret, NULL);
}

static struct client *connect_to(struct registrar *r, const struct api_endpoint *to)
{
	struct client_target target = {.address = to->address, .port = to->port};

	if (to->tls && make_tls(r, &target.tls) < 0)
		return NULL;
	struct client *c = client_new(r->base, &target);
	SSL_CTX_free(target.tls);
	return c;
}

/* Puts the key at the endpoint and path that are next. */
static void attempt(struct registrar *r)
{
	AUTO(str_done) struct str key = str_init(KEY_MAX), body = str_init(API_REQUEST_MAX);

	if (!r->client)
		r->client = connect_to(r, &r->joined->etcd[r->endpoint]);
	if (!r->client) {
		finish(r, "the certificate that was delivered for etcd can not be used");
		return;
	}
	str_printf(&key, "%s/nodes/%s", r->joined->etcd_prefix, r->joined->node);
	etcd_write_put(str_text(&key), r->value, &body);
	client_post(r->client, etcd_put_path(r->path), str_text(&body), body.len, on_put, r);
}

void registrar_put(struct registrar *r, const struct api_joined *joined, const char *value)
{
	free(r->value);
	r->value = xstrdup(value);
	r->joined = joined;
	r->endpoint = r->path = 0;
	client_free(TAKE(r->client));
	attempt(r);
}
