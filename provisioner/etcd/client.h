/* client.h - etcd, asked without blocking.
 *
 * Speaks the v3 JSON gateway of etcd 3.0 and later over HTTP or HTTPS; etcd 2 it can only seed. Endpoints are tried in the
 * order given, beginning with the one that answered last; one that is down, silent, sick or talks
 * nonsense is passed over, and only when all of them failed does the request fail.
 * Each request ends in one callback, from the loop, never from inside the call that started it, or
 * in etcd_cancel(). A callback may start and cancel requests, but not free the client. */
#ifndef SLIPWAY_ETCD_CLIENT_H
#define SLIPWAY_ETCD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"

#define ETCD_ENDPOINTS_MAX 9
#define ETCD_ENDPOINT_SIZE 64
#define ETCD_REQUESTS_MAX 256 /* under way at once; one more fails with -EBUSY */
#define ETCD_KVS_MAX 10000    /* in one answer; the answer itself is bounded to 1 MiB */
#define ETCD_VALUE_MAX ((size_t)512 << 10) /* that we put: it must fit into an answer as base64 */

struct event_base;
struct etcd_client;
struct etcd_request;

struct etcd_config {
	const char *const
		*endpoints;          /* "http://10.77.0.11:2379": an address, no name; NULL-ended */
	const char *ca, *cert, *key; /* PEM texts for https, or NULL */
};

struct etcd_kv {
	const char *key, *value; /* a NUL stands behind the last byte */
	size_t key_len, value_len;
	int64_t create_revision, mod_revision, version;
};

struct etcd_reply {
	int rc;            /* 0, or why it failed: */
	const char *error; /* "etcd http://10.77.0.11:2379: connection refused" */
	bool refused; /* a sound server said no to this request: trying again changes nothing */
	const char *endpoint; /* that answered last */
	bool created; /* of etcd_create(); false: it was there, and kvs[0] is what was there */
	int64_t revision, n_deleted;
	const struct etcd_kv *kvs; /* everything here is borrowed for the callback */
	size_t n_kvs;
};

/* Checks the endpoints: -EINVAL with *e naming the one that is wrong. Copies `config`; keeps `base`. */
int etcd_client_new(struct event_base *base, const struct etcd_config *config,
	struct etcd_client **ret, struct err *e) MUST_USE;
void etcd_client_free(struct etcd_client *c); /* cancels what is under way, without callbacks */

typedef void etcd_fn(const struct etcd_reply *r, void *arg);

/* Keys and values are copied. The handle is valid until the callback. rc is 0, -ECONNREFUSED,
 * -ETIMEDOUT or another errno of the network, -EPROTO (nonsense), -EMSGSIZE and -E2BIG (too much),
 * -EAGAIN (up, but not healthy), -EACCES, -EINVAL (refused), -EOPNOTSUPP (etcd 2), -EBUSY. */
struct etcd_request *etcd_health(
	struct etcd_client *c, etcd_fn *fn, void *arg); /* 0: one is healthy */
struct etcd_request *etcd_get(struct etcd_client *c, const char *key, etcd_fn *fn, void *arg);
struct etcd_request *etcd_get_prefix(
	struct etcd_client *c, const char *prefix, etcd_fn *fn, void *arg);
struct etcd_request *etcd_put(struct etcd_client *c, const char *key, const void *value, size_t len,
	etcd_fn *fn, void *arg);

/* Puts it only if it is not there. */
struct etcd_request *etcd_create(struct etcd_client *c, const char *key, const void *value,
	size_t len, etcd_fn *fn, void *arg);
struct etcd_request *etcd_delete(struct etcd_client *c, const char *key, etcd_fn *fn, void *arg);
void etcd_cancel(struct etcd_request *r);

#endif
