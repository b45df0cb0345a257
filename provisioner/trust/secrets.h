/* secrets.h - the files that only a role's nodes get: authorities beside the cluster's CA, and what
 * is made with them.
 *
 * A word ("etcd-member") stands for a set of files; an add-on says which words a node of its role is
 * entitled to, and the table in secrets.c says what that is: path, owner, mode, content. Certificates
 * of nodes are made anew each time they are asked for, and their keys are never kept here. The
 * authorities are: etcd-ca, kubernetes-ca, front-proxy-ca and the service accounts' key pair. */
#ifndef SLIPWAY_TRUST_SECRETS_H
#define SLIPWAY_TRUST_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

struct json;
struct secrets;

#define SECRETS_VERSION_SIZE 33
#define SECRETS_LIFE_S ((int64_t)365 * 86400)  /* of a certificate */
#define SECRETS_EPOCH_S ((int64_t)120 * 86400) /* a node gets new ones before a third has passed */

/* Loads the authorities from the folder, or makes them. 0, or a negative errno with *e saying what to
 * do, as in authority.h. */
int secrets_open(int dir, struct secrets **ret, struct err *e) MUST_USE;
void secrets_free(struct secrets *s);

/* The bit of a word, or 0: there is no such word. */
uint32_t secrets_word(const char *word);

/* All words, one after the other, for messages; NULL after the last one. */
const char *secrets_word_name(size_t i);

/* The words of a text that has one per line; what is none counts for nothing. */
uint32_t secrets_words(const char *text);

struct secrets_node {
	const char *name, *domain; /* labels, names; the domain may be NULL or "" */
	uint32_t address;
	uint32_t words;
};

/* Changes when what the node is to have changes, and every SECRETS_EPOCH_S (not for all nodes at one
 * time). Says nothing about what is in the files. 0 or -EIO. */
int secrets_version(const struct secrets *s, const struct secrets_node *n, int64_t now_s,
	char ret[static SECRETS_VERSION_SIZE]) MUST_USE;

/* Writes a JSON list of {path, owner, mode, content}. Who owns the text wipes it: cert_wipe().
 * 0, -EINVAL (the name is too long to stand in a certificate of Kubernetes) or -EIO, with *e. */
int secrets_write(const struct secrets *s, const struct secrets_node *n, int64_t now_s,
	struct json *j, struct err *e) MUST_USE;

/* What a client shows an etcd that speaks TLS, and whom it believes: texts in PEM. */
struct secrets_client {
	struct str ca, cert, key;
};

/* Makes such a client's certificate, good for a year. 0, or -EIO. Either way *ret is to be done, which wipes the key. */
int secrets_etcd_client(const struct secrets *s, const char *name, int64_t now_s,
	struct secrets_client *ret, struct err *e) MUST_USE;
void secrets_client_done(struct secrets_client *c);

#endif
