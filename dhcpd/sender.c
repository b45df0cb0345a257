#include "dhcpd/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dhcpd/frame.h"

void sender_frame(const struct sender *s, const struct route *to, const void *payload, size_t len,
	struct wr *w)
{
	struct frame f = {.src_mac = *capture_mac(s->capture),
		.dst_mac = to->dst_mac,
		.src = s->settings->server.addr,
		.dst = to->dst,
		.src_port = to->via == ROUTE_PXE_SOCKET ? PXE_PORT : DHCP_SERVER_PORT,
		.dst_port = to->dst_port};

	frame_build(&f, payload, len, w);
}

static int send_frame(
	const struct sender *s, const struct route *to, const void *payload, size_t len)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	sender_frame(s, to, payload, len, &w);
	return wr_ok(&w) ? capture_send(s->capture, bytes, w.len) : -EMSGSIZE;
}

/* The source address is said with each datagram: the socket is bound to none. */
static int send_datagram(
	const struct sender *s, int fd, const struct route *to, const void *payload, size_t len)
{
	struct sockaddr_in dst = ipv4_sockaddr(to->dst, to->dst_port);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = {0};
	struct iovec iov = {.iov_len = len};
	struct msghdr m = {.msg_name = &dst,
		.msg_namelen = sizeof(dst),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl(s->settings->server.addr)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	memcpy(&iov.iov_base, &payload, sizeof(payload)); /* sendmsg() does not write to it */
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(c), &from, sizeof(from));
	if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	/* An ICMP error for an earlier reply is reported, once, on the next one. */
	if (errno == ECONNREFUSED || errno == EHOSTUNREACH)
		return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : -errno;
	return -errno;
}

int sender_send(const struct sender *s, const struct route *to, const void *payload, size_t len)
{
	switch (to->via) {
	case ROUTE_FRAME:
		return send_frame(s, to, payload, len);
	case ROUTE_SOCKET:
		return send_datagram(s, s->bootps_fd, to, payload, len);
	case ROUTE_PXE_SOCKET:
		return send_datagram(s, s->pxe_fd, to, payload, len);
	case ROUTE_NONE:
		break;
	}
	return -EINVAL;
}

int sender_advertise(const struct sender *s, const struct mac *to_mac, const struct ipv6 *to)
{
	uint8_t bytes[FRAME_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	ra_build(capture_mac(s->capture), capture_link_local(s->capture), to_mac, to, &w);
	return wr_ok(&w) ? capture_send(s->capture, bytes, w.len) : -EMSGSIZE;
}
