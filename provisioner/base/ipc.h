/* ipc.h - messages between the processes of one suite: fixed structs over a SOCK_SEQPACKET pair.
 *
 * A message is a type and exactly the struct that the type stands for, or a list of them for a kind that
 * comes in great numbers; optionally with one file descriptor. A receiver's table says which types it takes and how long each is; anything else is
 * logged and dropped, so a process that was taken over can confuse no parser on the other side; a
 * descriptor that nobody asked for is closed. A handler must not free the channel it came from.
 * Sending never blocks: what the socket does not take waits in a bounded queue. */
#ifndef SLIPWAY_BASE_IPC_H
#define SLIPWAY_BASE_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

#define IPC_PAYLOAD_MAX 16384

struct event_base;
struct ipc;

/* `payload` is borrowed during the call. `fd` is -1, or a descriptor that the handler now owns; it
 * is always -1 when the kind has no `takes_fd`. */
typedef void ipc_handler(void *arg, const void *payload, int fd);

/* In the order one writes a row. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct ipc_kind {
	uint16_t type;
	size_t size;
	ipc_handler *handle;
	bool takes_fd; /* a descriptor may come along */
	bool is_list;  /* one message may carry several of these: `handle` is called for each */
};

/* Reads messages of `kinds` from `fd` and hands them to their handlers with `arg`. Takes `fd`; keeps
 * `kinds` and `arg`. `peer` names the other side in log lines. */
struct ipc *ipc_new(struct event_base *base, int fd, const char *peer, const struct ipc_kind *kinds,
	size_t n_kinds, void *arg);
void ipc_free(struct ipc *c);

/* Queues one message. Borrows `fd` (-1 for none). 0, or -ENOBUFS when the queue is full because the
 * peer does not read (it is counted and logged, rate-limited), or -EPIPE when the peer is gone, or
 * -EMFILE when a descriptor can not be kept for later. May be ignored: who waits for an answer has a
 * timeout anyway. */
int ipc_send(struct ipc *c, uint16_t type, const void *payload, size_t size, int fd);

/* Has `read` called, with the channel's `arg`, whenever the messages of one wake-up have been handled. */
void ipc_on_read(struct ipc *c, void (*read)(void *arg));

/* What may wait for the peer at most, in bytes; 32 MiB unless told otherwise. */
void ipc_limit_queue(struct ipc *c, size_t bytes);

/* Bytes that wait because the peer has not read what was sent before: for who can leave something out. */
size_t ipc_waiting(const struct ipc *c);

/* Bounds and terminates a text field of a received struct: its last byte becomes NUL in `field`. */
#define IPC_TEXT(field) ((field)[sizeof(field) - 1] = '\0')

#endif
