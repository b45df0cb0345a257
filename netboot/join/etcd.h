/* etcd.h - one put through etcd's JSON gateway (v3), written and its answer read.
 *
 * Pure. Which path the gateway has depends on etcd's version: /v3 from 3.4, /v3beta in 3.3, /v3alpha
 * before; the caller tries them in this order while the answer is 404. */
#ifndef SLIPWAY_JOIN_ETCD_H
#define SLIPWAY_JOIN_ETCD_H

#include <stddef.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define ETCD_PATHS 3

/* "/v3/kv/put" for 0, and so on; NULL from ETCD_PATHS on. */
const char *etcd_put_path(size_t i);

/* The body that sets `key` to `value`. */
void etcd_write_put(const char *key, const char *value, struct str *out);

/* 0 when the put was done; -ENOENT (no such path: try the next), -EAGAIN (later), *e saying what the
 * server said. */
int etcd_read_put(int status, const char *text, size_t len, struct err *e) MUST_USE;

#endif
