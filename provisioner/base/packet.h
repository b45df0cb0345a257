/* packet.h - one message of a SOCK_SEQPACKET socket between our own processes, and the one file descriptor that may
 * come along (unix(7), SCM_RIGHTS). What a peer sends beyond that is closed or refused here. */
#ifndef SLIPWAY_BASE_PACKET_H
#define SLIPWAY_BASE_PACKET_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Sends the parts as one message; `flags` are those of send(2), no signal is raised. Borrows `fd` (-1: none).
 * 0 or a negative errno. */
int packet_send(int sock, struct iovec *parts, size_t n_parts, int fd, int flags);

/* Reads one message into the parts; `flags` are those of recv(2). *ret_fd, when one came, is the caller's; else it is -1.
 * Its length, which is 0 for an empty message as for a peer that is gone; -EMSGSIZE for what is longer than the parts, or
 * another negative errno. */
ssize_t packet_receive(int sock, struct iovec *parts, size_t n_parts, int *ret_fd, int flags);

#endif
