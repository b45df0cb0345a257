/* registrar.h - puts the node's key into etcd: endpoint by endpoint, path by path, until one takes it.
 *
 * An endpoint that speaks TLS wants the certificate that was delivered with the secrets of the node's
 * role, and must show one of the same authority. One put at a time. */
#ifndef SLIPWAY_JOIN_REGISTRAR_H
#define SLIPWAY_JOIN_REGISTRAR_H

#include <stdbool.h>

struct api_joined;
struct event_base;
struct place;
struct registrar;

/* `why` is NULL once the key is in etcd, else the last endpoint's reason, safe to log. */
typedef void registrar_handler(void *arg, const char *why);

/* Keeps all it is given. */
struct registrar *registrar_new(
	struct event_base *base, const struct place *place, registrar_handler *handle, void *arg);
void registrar_free(struct registrar *r);

/* Puts `value` under PREFIX/nodes/NODE. Keeps `joined` until the handler is called,
 * which may be at once. */
void registrar_put(struct registrar *r, const struct api_joined *joined, const char *value);

/* Whether it can not be tried yet: etcd speaks TLS and no certificate for it has been delivered. */
bool registrar_is_locked(const struct place *place, const struct api_joined *joined);

#endif
