/* codec.h - what is said to etcd's JSON gateway, and what it answers. Pure: text in, structs out.
 *
 * The gateway (etcd 3.0 and later) takes POSTs of JSON in which keys and values are base64; in its
 * answers 64-bit numbers are strings and everything that is 0, false or empty is left out. Answers
 * are hostile until proven otherwise: bounded, checked field by field, errors without raw bytes.
 * Private to etcd/. */
#ifndef SLIPWAY_ETCD_CODEC_H
#define SLIPWAY_ETCD_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"
#include "provisioner/etcd/client.h"

/* A request body never gets larger than this: etcd itself refuses 1.5 MiB. */
#define CODEC_REQUEST_MAX ((size_t)2 << 20)

void codec_range(struct str *out, const char *key, bool prefix);
void codec_put(struct str *out, const char *key, const void *value, size_t len);

/* "If the key was never created, put it; else read it", in one transaction. */
void codec_create(struct str *out, const char *key, const void *value, size_t len);
void codec_delete(struct str *out, const char *key, bool prefix);

/* GET /version: gives the gateway's path for that server, "/v3", "/v3beta" or "/v3alpha" (constants); CODEC2_PATH for
 * etcd 2, which has none. -EPROTO: not such an answer. -EOPNOTSUPP: older still. */
int codec_read_version(const char *json, size_t len, const char **ret_path, struct err *e) MUST_USE;

/* GET /health: 0 when it is healthy, -EAGAIN when it is not (with its own reason), or -EPROTO. */
int codec_read_health(const char *json, size_t len, struct err *e) MUST_USE;

/* The answers fill ret_reply (revision, created, n_deleted, kvs; all else stays); keys and values
 * go into the arena. -EPROTO or -E2BIG. */
int codec_read_range(struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply,
	struct err *e) MUST_USE;
int codec_read_put(struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply,
	struct err *e) MUST_USE;
int codec_read_create(struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply,
	struct err *e) MUST_USE;
int codec_read_delete(struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply,
	struct err *e) MUST_USE;

/* An answer with a status other than 200: which errno it stands for, and the server's reason. */
int codec_read_error(unsigned status, const char *json, size_t len, struct err *e) MUST_USE;

/* Standard base64 with padding, nothing else. `to` holds at least len / 4 * 3 bytes. 0 and *ret_len,
 * or -EINVAL. */
int codec_base64(const char *text, size_t len, uint8_t *to, size_t *ret_len) MUST_USE;

#endif
