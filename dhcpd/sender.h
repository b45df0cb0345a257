/* sender.h - puts an encoded reply on its way: as a frame of our own, or through one of the sockets. */
#ifndef SLIPWAY_DHCPD_SENDER_H
#define SLIPWAY_DHCPD_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpd/capture.h"
#include "dhcpd/route.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"

/* All borrowed. Every reply leaves from the server's address, as the client was told. */
struct sender {
	struct capture *capture;
	int bootps_fd, pxe_fd;
	const struct message_dhcp_settings *settings;
};

/* The frame that carries this payload there: as it is sent, or as the kernel makes it of a datagram, whose
 * to->dst_mac the caller fills in. */
void sender_frame(const struct sender *s, const struct route *to, const void *payload, size_t len,
	struct wr *w);

/* 0, or a negative errno. */
int sender_send(
	const struct sender *s, const struct route *to, const void *payload, size_t len) MUST_USE;

/* The answer to a Router Solicitation. */
int sender_advertise(
	const struct sender *s, const struct mac *to_mac, const struct ipv6 *to) MUST_USE;

#endif
