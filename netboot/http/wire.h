/* wire.h - the bytes of one connection, in the clear or under TLS 1.2 and 1.3.
 *
 * Non-blocking: what can not be done now is -EAGAIN, and `wants` says what to wait for. A file goes by sendfile in the
 * clear; under TLS it is read in blocks, never mapped: one that is cut while it is served is an error of one transfer,
 * where a mapping would be the end of the process. */
#ifndef SLIPWAY_HTTP_WIRE_H
#define SLIPWAY_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/types.h>

#include "provisioner/base/mem.h"

struct http_wire {
	int fd;
	SSL *ssl;             /* NULL: in the clear */
	bool wants_otherwise; /* reading waits until the socket can be written, or the other way round */
	const char *
		refusal; /* why the handshake has failed, in words for a person; NULL: it has not */
};

/* Takes `fd`; `tls` NULL: in the clear. -ENOMEM: `fd` is still the caller's. */
int http_wire_init(struct http_wire *w, int fd, SSL_CTX *tls) MUST_USE;
void http_wire_done(struct http_wire *w);

/* Bytes, 0 at the end of what the client says, or a negative errno. */
ssize_t http_wire_receive(struct http_wire *w, void *buf, size_t room) MUST_USE;

/* There is more to receive than the socket would tell of. */
bool http_wire_has_more(const struct http_wire *w);

/* `more` follows at once. Bytes, or a negative errno. */
ssize_t http_wire_send(struct http_wire *w, const void *data, size_t len, bool more) MUST_USE;

/* Bytes of `file` from `at` on; 0: it ends there. */
ssize_t http_wire_send_file(struct http_wire *w, int file, uint64_t at, size_t len) MUST_USE;

/* How many bytes the client has taken so far, in all: what the kernel still keeps for it is not among them. */
uint64_t http_wire_taken(const struct http_wire *w) MUST_USE;

/* The client has closed its end. It may be reading still, but firmware and curl are not. */
bool http_wire_is_left(const struct http_wire *w);

/* We have said all. */
void http_wire_finish(struct http_wire *w);

/* What a TLS server needs: the key and the chain, leaf first, in PEM. NULL when they are not of use; *ret_why says it. */
SSL_CTX *http_wire_tls(const char *pem, size_t len, const char **ret_why);

#endif
