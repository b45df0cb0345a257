/* ca.h - the cluster's certificate authority.
 *
 * Made at the first start, loaded ever after: `ca.key` (0600) and `ca.crt` in one folder. Nodes know
 * it by its fingerprint, the sha256 of the certificate. It signs two kinds of certificate: the
 * provisioner's own, and one per node; nothing in a node's request but its key is believed. */
#ifndef SLIPWAY_TRUST_CA_H
#define SLIPWAY_TRUST_CA_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define CA_FINGERPRINT_SIZE 65
#define CA_NODE_NAME_SIZE 65
#define CA_KEY_HASH_LEN 32
#define CA_NODE_ORGANIZATION "slipway:node"

struct ca;

/* Loads the CA from the folder, or makes it when neither file is there. 0; -EINVAL (a file is
 * missing, damaged, readable by others, or the two do not belong together), -EIO, or the errno of a
 * file operation, with *e saying what to do. Files that exist are never replaced. */
int ca_open(int dir, const char *cluster, struct ca **ret, struct err *e) MUST_USE;
void ca_free(struct ca *ca);
void ca_free_p(struct ca **ca);

/* sha256 of the CA certificate's DER form, in lower-case hex. */
int ca_fingerprint(const struct ca *ca, char ret[static CA_FINGERPRINT_SIZE]) MUST_USE;

/* Appends the CA certificate in PEM. 0 or -EIO. */
int ca_pem(const struct ca *ca, struct str *out) MUST_USE;

/* A TLS server (1.2 or newer) on `address` with a fresh key that lives in memory only; its chain is
 * leaf and CA. A client may show a certificate or not, a good one or a bad one: the handshake succeeds,
 * and a handler that wants to know asks ca_peer_name(). The caller frees with SSL_CTX_free().
 * 0, or -EIO with *e filled. */
int ca_server_ctx(const struct ca *ca, uint32_t address, SSL_CTX **ret, struct err *e) MUST_USE;

/* Appends a fresh RSA key, a certificate for `address` and the CA's own, in PEM, for a server of files that is trusted with
 * nothing else. 0, or -EIO with *e filled. */
int ca_issue_boot(const struct ca *ca, uint32_t address, struct str *out, struct err *e) MUST_USE;

/* Signs a node's request: appends its certificate in PEM, with CN=node and O=slipway:node, good for
 * `days` from `now_s`. Key types: EC P-256 and P-384, Ed25519, RSA of 2048 to 8192 bits.
 * 0; -EINVAL with *e saying what is wrong with the request; -EIO. */
int ca_sign_node(const struct ca *ca, const char *request_pem, size_t len, const char *node,
	int64_t now_s, unsigned days, struct str *out, struct err *e) MUST_USE;

/* sha256 of the public key (SubjectPublicKeyInfo, DER) in a request that ca_sign_node() would take: by
 * it a token knows the node that used it first, should the answer have been lost on its way.
 * 0, -EINVAL with *e, or -EIO. */
int ca_request_key(const char *request_pem, size_t len, uint8_t ret[static CA_KEY_HASH_LEN],
	struct err *e) MUST_USE;

/* The node whose certificate the other side of a finished handshake has shown and proven.
 * 0; -ENOENT (it showed none); -EACCES (expired, not of this CA, or not a
 * node's). */
int ca_peer_name(const SSL *ssl, char ret[static CA_NODE_NAME_SIZE]) MUST_USE;

/* When the certificate that the other side has shown ends, in wall-clock seconds. 0 or -ENOENT. */
int ca_peer_expiry(const SSL *ssl, int64_t *ret_s) MUST_USE;

/* The node that a certificate names. Only for one whose signature has been checked. 0 or -EINVAL. */
int ca_node_name(const X509 *verified, char ret[static CA_NODE_NAME_SIZE]) MUST_USE;

#endif
