#include "provisioner/net/netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "provisioner/base/mem.h"

#define TIMEOUT_S 5

struct netlink {
	struct nl_sock *sock;
	struct nl_cb *cb;

	/* of the request under way */
	bool done;
	int rc;
	char reason[128];
	netlink_handler *handle;
	void *arg;
};

/* The kernel's own words (NLMSGERR_ATTR_MSG), or "". */
static void keep_reason(struct netlink *n, const struct nlmsgerr *e)
{
	const unsigned char *at = (const unsigned char *)e;
	struct nlmsghdr h;

	n->reason[0] = '\0';
	memcpy(&h, at - NLMSG_HDRLEN, sizeof(h));
	size_t len = NLMSG_HDRLEN + sizeof(*e);
	if (!(h.nlmsg_flags & NLM_F_ACK_TLVS) || !(h.nlmsg_flags & NLM_F_CAPPED) ||
		h.nlmsg_len <= len)
		return;
	const void *attributes = e + 1;
	const struct nlattr *text =
		nla_find(attributes, (int)(h.nlmsg_len - len), NLMSGERR_ATTR_MSG);
	if (text)
		(void)nla_strlcpy(n->reason, text, sizeof(n->reason));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct netlink *n = arg;

	(void)from;
	n->rc = e->error < 0 ? e->error : -EIO;
	n->done = true;
	keep_reason(n, e);
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct netlink *n = arg;

	(void)msg;
	n->done = true;
	return NL_STOP;
}

static int on_part(struct nl_msg *msg, void *arg)
{
	struct netlink *n = arg;

	if (n->handle)
		n->handle(n->arg, nlmsg_hdr(msg));
	return NL_OK;
}

static int no_memory(struct err *e)
{
	return err_msg(e, -ENOMEM, "netlink: out of memory");
}

static int set_up(struct netlink *n, struct err *e)
{
	const struct timeval limit = {.tv_sec = TIMEOUT_S};
	const int on = 1;
	int rc = nl_connect(n->sock, NETLINK_ROUTE);

	if (rc < 0)
		return err_msg(e, -EIO, "netlink: %s", nl_geterror(rc));
	int fd = nl_socket_get_fd(n->sock);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return err_msg(e, -errno, "netlink: %s", strerror(errno));
	/* Since Linux 4.12; without them a refusal has a number only. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)nl_cb_err(n->cb, NL_CB_CUSTOM, on_error, n);
	(void)nl_cb_set(n->cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, n);
	(void)nl_cb_set(n->cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, n);
	(void)nl_cb_set(n->cb, NL_CB_VALID, NL_CB_CUSTOM, on_part, n);
	return 0;
}

int netlink_open(struct netlink **ret, struct err *e)
{
	AUTO(netlink_close_p) struct netlink *n = xcalloc(1, sizeof(*n));

	n->sock = nl_socket_alloc();
	n->cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!n->sock || !n->cb)
		return no_memory(e);
	int rc = set_up(n, e);
	if (rc < 0)
		return rc;
	*ret = TAKE(n);
	return 0;
}

void netlink_close_p(struct netlink **n)
{
	if (!*n)
		return;
	nl_cb_put((*n)->cb);
	nl_socket_free((*n)->sock);
	free(*n);
}

/* Sends and reads until the end of the answer. */
static int exchange(struct netlink *n, struct nl_msg *request, struct err *e)
{
	n->done = false;
	n->rc = 0;
	int rc = nl_send_auto(n->sock, request);
	if (rc < 0)
		return err_msg(e, -EIO, "netlink: %s", nl_geterror(rc));
	while (!n->done) {
		rc = nl_recvmsgs(n->sock, n->cb);
		if (n->done)
			break; /* libnl gives an error's number in its own counting, too */
		if (rc == -NLE_AGAIN)
			return err_msg(e, -ETIMEDOUT, "netlink: no answer in %d s", TIMEOUT_S);
		if (rc == -NLE_DUMP_INTR)
			return err_msg(e, -EINTR, "netlink: the table changed while it was read");
		if (rc < 0)
			return err_msg(e, -EIO, "netlink: %s", nl_geterror(rc));
	}
	if (n->rc == 0 && rc == -NLE_DUMP_INTR)
		return err_msg(e, -EINTR, "netlink: the table changed while it was read");
	if (n->rc < 0)
		return err_msg(
			e, n->rc, "%s%s%s", strerror(-n->rc), n->reason[0] ? ": " : "", n->reason);
	return 0;
}

int netlink_request(struct netlink *n, struct nl_msg *request, struct err *e)
{
	n->handle = NULL;
	nlmsg_hdr(request)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	int rc = exchange(n, request, e);
	nlmsg_free(request);
	return rc;
}

int netlink_dump(struct netlink *n, uint16_t type, uint8_t family, netlink_handler *handle,
	void *arg, struct err *e)
{
	struct rtgenmsg of = {.rtgen_family = family};
	struct nl_msg *request = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_DUMP);

	if (!request || nlmsg_append(request, &of, sizeof(of), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(request);
		return no_memory(e);
	}
	n->handle = handle;
	n->arg = arg;
	int rc = exchange(n, request, e);
	nlmsg_free(request);
	return rc;
}
