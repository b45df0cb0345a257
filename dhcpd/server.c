#include "dhcpd/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/filter.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dhcpd/batch.h"
#include "dhcpd/capture.h"
#include "dhcpd/msg.h"
#include "dhcpd/service.h"
#include "provisioner/base/log.h"

#define REPORT_S 5

struct dhcpd {
	struct dhcpd_options o;
	struct capture *capture;
	struct service *service;

	struct event_base *base;
	struct event *captured, *asked_pxe, *report, *terminated, *interrupted;
	int status;
};

/* --- events --- */

static void on_captured(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)fd, (void)what;
	int rc = capture_read(d->capture, BATCH_MAX, service_take_frame, d->service);
	service_flush(d->service);
	if (rc >= 0)
		return;
	log_error("capture on %s: %s", d->o.interface, capture_error(d->capture));
	d->status = EXIT_FAILURE;
	(void)event_base_loopbreak(d->base);
}

static void on_pxe(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;
	uint8_t bytes[MSG_SIZE_MAX];

	(void)what;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct sockaddr_in from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(
			fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		if (n < 0)
			break;
		service_take_datagram(d->service, bytes, (size_t)n, ntohl(from.sin_addr.s_addr),
			ntohs(from.sin_port));
	}
	service_flush(d->service);
}

static void on_report(evutil_socket_t fd, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)fd, (void)what;
	service_report(d->service);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct dhcpd *d = arg;

	(void)number, (void)what;
	(void)event_base_loopbreak(d->base);
}

/* --- life --- */

/* Everything that comes to port 67 is read from the capture; the socket shall not even queue it. */
static int refuse_all_input(int fd, struct err *e)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return 0;
	return err_msg(e, -errno, "port 67: %s", strerror(errno));
}

struct dhcpd *dhcpd_open(const struct dhcpd_options *o, struct err *e)
{
	struct dhcpd *d = xcalloc(1, sizeof(*d));

	d->o = (struct dhcpd_options){.interface = o->interface,
		.lease_dir = o->lease_dir,
		.provisioner_fd = -1,
		.bootps_fd = -1,
		.pxe_fd = -1};
	d->capture = capture_open(o->interface, e);
	if (!d->capture || refuse_all_input(o->bootps_fd, e) < 0)
		goto fail;
	d->service = service_open(&(struct service_options){.interface = o->interface,
					  .lease_dir = o->lease_dir,
					  .capture = d->capture,
					  .bootps_fd = o->bootps_fd,
					  .pxe_fd = o->pxe_fd},
		e);
	if (!d->service)
		goto fail;
	d->o = *o;
	return d;
fail:
	dhcpd_free(d);
	return NULL;
}

static struct event *add_event(
	struct dhcpd *d, int fd, short what, event_callback_fn call, const struct timeval *every)
{
	struct event *ev = event_new(d->base, fd, (short)(what | EV_PERSIST), call, d);

	assert(ev);
	(void)event_add(ev, every);
	return ev;
}

static void start(struct dhcpd *d)
{
	struct timeval every = {.tv_sec = REPORT_S};

	d->base = event_base_new();
	assert(d->base);
	service_start(d->service, d->base, d->o.provisioner_fd);
	d->o.provisioner_fd = -1; /* taken */
	d->captured = add_event(d, capture_fd(d->capture), EV_READ, on_captured, NULL);
	d->asked_pxe = add_event(d, d->o.pxe_fd, EV_READ, on_pxe, NULL);
	d->report = add_event(d, -1, 0, on_report, &every);
	d->terminated = add_event(d, SIGTERM, EV_SIGNAL, on_signal, NULL);
	d->interrupted = add_event(d, SIGINT, EV_SIGNAL, on_signal, NULL);
}

int dhcpd_run(struct dhcpd *d)
{
	struct err e;

	if (service_load(d->service, &e) < 0) {
		log_error("%s", e.msg);
		return EXIT_FAILURE;
	}
	start(d);
	(void)event_base_dispatch(d->base);
	service_finish(d->service);
	return d->status;
}

static void event_free_p(struct event *ev)
{
	if (ev)
		event_free(ev);
}

void dhcpd_free(struct dhcpd *d)
{
	if (!d)
		return;
	event_free_p(d->captured);
	event_free_p(d->asked_pxe);
	event_free_p(d->report);
	event_free_p(d->terminated);
	event_free_p(d->interrupted);
	service_free(d->service);
	if (d->base)
		event_base_free(d->base);
	capture_close(d->capture);
	close_p(&d->o.provisioner_fd);
	close_p(&d->o.bootps_fd);
	close_p(&d->o.pxe_fd);
	free(d);
}
