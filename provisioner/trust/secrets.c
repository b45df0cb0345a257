#include "provisioner/trust/secrets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/json.h"
#include "provisioner/trust/authority.h"
#include "provisioner/trust/cert.h"

#define FORMAT "1" /* of what the table gives: a change makes all nodes fetch anew */
#define FILE_MAX CERT_PEM_MAX
#define ALT_NAMES_MAX 512

enum by { BY_ETCD, BY_KUBERNETES, BY_FRONT_PROXY, AUTHORITIES };

static const struct {
	const char *file, *common_name; /* what kubeadm calls its own, for who looks at them */
} authorities[] = {
	[BY_ETCD] = {"etcd-ca", "etcd-ca"},
	[BY_KUBERNETES] = {"kubernetes-ca", "kubernetes"},
	[BY_FRONT_PROXY] = {"front-proxy-ca", "front-proxy-ca"},
};

struct secrets {
	struct authority by[AUTHORITIES];
	EVP_PKEY *service_account; /* RSA: kubeadm before 1.29 takes nothing else */
};

enum word {
	ETCD_MEMBER = 1 << 0,
	ETCD_CLIENT = 1 << 1,
	KUBERNETES_MASTER = 1 << 2,
	KUBERNETES_ETCD = 1 << 3,
	KUBERNETES_JOIN = 1 << 4,
	KUBERNETES_KUBELET = 1 << 5,
};

static const struct {
	const char *name;
	uint32_t bit;
} words[] = {
	{"etcd-member", ETCD_MEMBER},
	{"etcd-client", ETCD_CLIENT},
	{"kubernetes-master", KUBERNETES_MASTER},
	{"kubernetes-etcd", KUBERNETES_ETCD},
	{"kubernetes-join", KUBERNETES_JOIN},
	{"kubernetes-kubelet", KUBERNETES_KUBELET},
};

/* The certificates that are made for one node. */
enum leaf { ETCD_SERVER, ETCD_PEER, ETCD_CLIENT_LEAF, JOIN_CLIENT, KUBELET_CLIENT, LEAVES };

static const struct leaf_row {
	const char *prefix, *organization; /* the subject: CN = prefix and the node's name */
	const char *usage;
	enum by by;
	bool is_server; /* has the node's names and addresses in it */
} leaves[] = {
	/* etcd's JSON gateway dials its own port with the server's certificate: it needs both usages.
	 * A client's has no names in it, for etcd would hold them against the client's address. */
	[ETCD_SERVER] = {"", NULL, "serverAuth,clientAuth", BY_ETCD, true},
	[ETCD_PEER] = {"", NULL, "serverAuth,clientAuth", BY_ETCD, true},
	[ETCD_CLIENT_LEAF] = {"", NULL, "clientAuth", BY_ETCD, false},
	/* Stands in for a bootstrap token: the same group, but of this node alone, and it expires. */
	[JOIN_CLIENT] = {"", "system:bootstrappers:kubeadm:default-node-token", "clientAuth",
		BY_KUBERNETES, false},
	[KUBELET_CLIENT] = {"system:node:", "system:nodes", "clientAuth", BY_KUBERNETES, false},
};

enum part { CA_CERT, CA_KEY, LEAF_CERT, LEAF_KEY, LEAF_BOTH, SA_KEY, SA_PUBLIC };

#define ETCD_DIR "/etc/ssl/etcd/"
#define PKI_DIR "/etc/kubernetes/pki/"

static const struct file_row {
	uint32_t words; /* any of them */
	const char *path, *owner, *mode;
	enum part part;
	unsigned of; /* an authority or a leaf */
} files[] = {
	{ETCD_MEMBER | ETCD_CLIENT, ETCD_DIR "ca.crt", "root", "0644", CA_CERT, BY_ETCD},
	{ETCD_MEMBER, ETCD_DIR "server.crt", "root", "0644", LEAF_CERT, ETCD_SERVER},
	{ETCD_MEMBER, ETCD_DIR "server.key", "etcd", "0600", LEAF_KEY, ETCD_SERVER},
	{ETCD_MEMBER, ETCD_DIR "peer.crt", "root", "0644", LEAF_CERT, ETCD_PEER},
	{ETCD_MEMBER, ETCD_DIR "peer.key", "etcd", "0600", LEAF_KEY, ETCD_PEER},
	{ETCD_MEMBER | ETCD_CLIENT, ETCD_DIR "client.crt", "root", "0644", LEAF_CERT,
		ETCD_CLIENT_LEAF},
	{ETCD_MEMBER | ETCD_CLIENT, ETCD_DIR "client.key", "root", "0600", LEAF_KEY,
		ETCD_CLIENT_LEAF},
	{KUBERNETES_MASTER | KUBERNETES_JOIN | KUBERNETES_KUBELET, PKI_DIR "ca.crt", "root", "0644",
		CA_CERT, BY_KUBERNETES},
	{KUBERNETES_MASTER, PKI_DIR "ca.key", "root", "0600", CA_KEY, BY_KUBERNETES},
	{KUBERNETES_MASTER, PKI_DIR "front-proxy-ca.crt", "root", "0644", CA_CERT, BY_FRONT_PROXY},
	{KUBERNETES_MASTER, PKI_DIR "front-proxy-ca.key", "root", "0600", CA_KEY, BY_FRONT_PROXY},
	{KUBERNETES_MASTER, PKI_DIR "sa.key", "root", "0600", SA_KEY, 0},
	{KUBERNETES_MASTER, PKI_DIR "sa.pub", "root", "0644", SA_PUBLIC, 0},
	{KUBERNETES_ETCD, PKI_DIR "etcd/ca.crt", "root", "0644", CA_CERT, BY_ETCD},
	{KUBERNETES_ETCD, PKI_DIR "etcd/ca.key", "root", "0600", CA_KEY, BY_ETCD},
	{KUBERNETES_JOIN, "/etc/kubernetes/slipway/join.pem", "root", "0600", LEAF_BOTH,
		JOIN_CLIENT},
	{KUBERNETES_KUBELET, "/etc/kubernetes/slipway/kubelet.pem", "root", "0600", LEAF_BOTH,
		KUBELET_CLIENT},
};

uint32_t secrets_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].name, word) == 0)
			return words[i].bit;
	return 0;
}

const char *secrets_word_name(size_t i)
{
	return i < ARRAY_LEN(words) ? words[i].name : NULL;
}

uint32_t secrets_words(const char *text)
{
	uint32_t bits = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (strlen(words[i].name) == len && memcmp(words[i].name, text, len) == 0)
				bits |= words[i].bit;
		text += len + (text[len] == '\n');
	}
	return bits;
}

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < AUTHORITIES; i++)
		authority_done(&s->by[i]);
	EVP_PKEY_free(s->service_account);
	free(s);
}

static void secrets_free_p(struct secrets **s)
{
	secrets_free(*s);
}

int secrets_open(int dir, struct secrets **ret, struct err *e)
{
	AUTO(secrets_free_p) struct secrets *s = xcalloc(1, sizeof(*s));

	for (size_t i = 0; i < AUTHORITIES; i++) {
		int rc = authority_open(
			dir, authorities[i].file, authorities[i].common_name, &s->by[i], e);

		if (rc < 0)
			return rc;
	}
	int rc = authority_rsa_key(dir, "service-account", &s->service_account, e);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

/* --- the version ---------------------------------------------------------------------------------- */

/* Spread over the whole epoch by the node's name, so that a hall does not renew in one minute. */
static int64_t epoch_of(const char *name, int64_t now_s)
{
	uint8_t hash[CERT_SHA256_LEN] = {0};
	size_t len = 0;
	uint32_t spread;

	(void)EVP_Q_digest(NULL, "SHA256", NULL, name, strlen(name), hash, &len); /* else in step */
	memcpy(&spread, hash, sizeof(spread));
	return (now_s + (int64_t)(spread % (uint32_t)SECRETS_EPOCH_S)) / SECRETS_EPOCH_S;
}

int secrets_version(const struct secrets *s, const struct secrets_node *n, int64_t now_s,
	char ret[static SECRETS_VERSION_SIZE])
{
	AUTO(str_done) struct str of = str_init(4096), hex = str_init(SECRETS_VERSION_SIZE - 1);
	uint8_t hash[CERT_SHA256_LEN];
	size_t len = 0;

	str_printf(&of, "%s %s %s %u %u %lld", FORMAT, n->name, n->domain ? n->domain : "",
		n->address, n->words, (long long)epoch_of(n->name, now_s));
	for (size_t i = 0; i < AUTHORITIES; i++) {
		if (cert_sha256(s->by[i].cert, hash) < 0)
			return -EIO;
		str_add_hex(&of, hash, sizeof(hash));
	}
	if (!str_ok(&of) ||
		EVP_Q_digest(NULL, "SHA256", NULL, str_text(&of), of.len, hash, &len) != 1)
		return -EIO;
	str_add_hex(&hex, hash, (SECRETS_VERSION_SIZE - 1) / 2);
	memcpy(ret, str_text(&hex), SECRETS_VERSION_SIZE);
	return 0;
}

/* --- the files ------------------------------------------------------------------------------------ */

/* What is made while one answer is written: each certificate once, with its key. */
struct made {
	const struct secrets *s;
	const struct secrets_node *n;
	int64_t now_s;
	struct {
		EVP_PKEY *key;
		X509 *cert;
	} leaf[LEAVES];
};

static void made_done(struct made *m)
{
	for (size_t i = 0; i < LEAVES; i++) {
		EVP_PKEY_free(m->leaf[i].key);
		X509_free(m->leaf[i].cert);
	}
}

static void write_alt_names(const struct secrets_node *n, struct str *out)
{
	char quad[IPV4_TEXT_SIZE];

	str_printf(out, "DNS:%s,DNS:localhost,IP:%s,IP:127.0.0.1,IP:::1", n->name,
		ipv4_text(n->address, quad));
	if (n->domain && n->domain[0])
		str_printf(out, ",DNS:%s.%s", n->name, n->domain);
}

static int issue(const struct authority *by, const struct leaf_row *row, struct made *m,
	enum leaf leaf, struct err *e)
{
	AUTO(str_done) struct str alt_names = str_init(ALT_NAMES_MAX);
	char name[CERT_NAME_SIZE];

	if (snprintf(name, sizeof(name), "%s%s", row->prefix, m->n->name) >= (int)sizeof(name))
		return err_msg(e, -EINVAL, "the name %s is too long for the certificate of %s...",
			m->n->name, row->prefix);
	write_alt_names(m->n, &alt_names);
	int rc = cert_key_new(&m->leaf[leaf].key, e);
	if (rc < 0)
		return rc;
	struct cert_spec spec = {
		.common_name = name,
		.organization = row->organization,
		.key = m->leaf[leaf].key,
		.issuer = by->cert,
		.issuer_key = by->key,
		.usage = row->usage,
		.alt_names = row->is_server ? str_text(&alt_names) : NULL,
		.not_after_s = m->now_s + SECRETS_LIFE_S,
	};
	return cert_issue(&spec, &m->leaf[leaf].cert, e);
}

static int make_leaf(struct made *m, enum leaf leaf, struct err *e)
{
	const struct leaf_row *row = &leaves[leaf];

	return m->leaf[leaf].cert ? 0 : issue(&m->s->by[row->by], row, m, leaf, e);
}

/* A chain: who knows the authority by its fingerprint alone finds it there. */
static int write_chain(const struct made *m, enum leaf leaf, struct str *out)
{
	int rc = cert_pem(m->leaf[leaf].cert, out);

	return rc < 0 ? rc : cert_pem(m->s->by[leaves[leaf].by].cert, out);
}

static int write_content(struct made *m, const struct file_row *f, struct str *out, struct err *e)
{
	const struct secrets *s = m->s;
	int rc = 0;

	switch (f->part) {
	case CA_CERT:
		return cert_pem(s->by[f->of].cert, out);
	case CA_KEY:
		return cert_key_pem(s->by[f->of].key, out);
	case SA_KEY:
		return cert_key_pem(s->service_account, out);
	case SA_PUBLIC:
		return cert_public_pem(s->service_account, out);
	case LEAF_CERT:
		rc = make_leaf(m, f->of, e);
		return rc < 0 ? rc : write_chain(m, f->of, out);
	case LEAF_KEY:
		rc = make_leaf(m, f->of, e);
		return rc < 0 ? rc : cert_key_pem(m->leaf[f->of].key, out);
	case LEAF_BOTH:
		rc = make_leaf(m, f->of, e);
		if (rc == 0)
			rc = write_chain(m, f->of, out);
		return rc < 0 ? rc : cert_key_pem(m->leaf[f->of].key, out);
	}
	return -EIO;
}

static int write_file(struct made *m, const struct file_row *f, struct json *j, struct err *e)
{
	AUTO(cert_wipe) struct str content = str_init(FILE_MAX);

	(void)err_msg(e, -EIO, "%s cannot be made", f->path); /* unless a better reason is told */
	int rc = write_content(m, f, &content, e);
	if (rc < 0)
		return rc;
	json_map(j);
	json_key_text(j, "path", f->path);
	json_key_text(j, "owner", f->owner);
	json_key_text(j, "mode", f->mode);
	json_key_text(j, "content", str_text(&content));
	json_map_end(j);
	return 0;
}

int secrets_write(const struct secrets *s, const struct secrets_node *n, int64_t now_s,
	struct json *j, struct err *e)
{
	AUTO(made_done) struct made made = {.s = s, .n = n, .now_s = now_s};

	json_list(j);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int rc = files[i].words & n->words ? write_file(&made, &files[i], j, e) : 0;

		if (rc < 0)
			return rc;
	}
	json_list_end(j);
	return 0;
}

int secrets_etcd_client(const struct secrets *s, const char *name, int64_t now_s,
	struct secrets_client *ret, struct err *e)
{
	const struct secrets_node n = {.name = name};
	AUTO(made_done) struct made made = {.s = s, .n = &n, .now_s = now_s};

	*ret = (struct secrets_client){
		str_init(CERT_PEM_MAX), str_init(CERT_PEM_MAX), str_init(CERT_PEM_MAX)};
	int rc = make_leaf(&made, ETCD_CLIENT_LEAF, e);
	if (rc < 0)
		return rc;
	if (cert_pem(s->by[BY_ETCD].cert, &ret->ca) < 0 ||
		cert_pem(made.leaf[ETCD_CLIENT_LEAF].cert, &ret->cert) < 0 ||
		cert_key_pem(made.leaf[ETCD_CLIENT_LEAF].key, &ret->key) < 0)
		return err_msg(e, -EIO, "cannot write a certificate as PEM");
	return 0;
}

void secrets_client_done(struct secrets_client *c)
{
	str_done(&c->ca);
	str_done(&c->cert);
	cert_wipe(&c->key);
}
