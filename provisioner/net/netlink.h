/* netlink.h - requests to the kernel's routing socket, one at a time.
 *
 * A thin, blocking shell around libnl for the supervisor's start: each call sends one request and
 * waits for its end (the kernel answers at once; after five seconds it is an error). A refusal comes
 * with the kernel's own words where it has some. */
#ifndef SLIPWAY_NET_NETLINK_H
#define SLIPWAY_NET_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"

struct netlink;
struct nl_msg;
struct nlmsghdr;

int netlink_open(struct netlink **ret, struct err *e) MUST_USE;
void netlink_close_p(struct netlink **n);

/* Sends `request`, which is taken, and waits for the acknowledgement. 0, or the kernel's negative
 * errno with its reason in *e. */
int netlink_request(struct netlink *n, struct nl_msg *request, struct err *e) MUST_USE;

/* One message of an answer; borrowed, and only read (libnl's readers know no const). */
typedef void netlink_handler(void *arg, struct nlmsghdr *message);

/* Asks for everything of `type` (RTM_GETLINK, RTM_GETADDR) of one address family and hands each part
 * to `handle`. -EINTR: the table changed meanwhile, and what came is not whole. */
int netlink_dump(struct netlink *n, uint16_t type, uint8_t family, netlink_handler *handle,
	void *arg, struct err *e) MUST_USE;

#endif
