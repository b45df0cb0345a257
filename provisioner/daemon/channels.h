/* channels.h - what the provisioner and the other workers say to each other.
 *
 * dhcpd is told the networks and the nodes, and reports exchanges, rivals, leases and frames. netboot
 * asks for what is rendered, and reports transfers. The verifier is told which image comes first, and
 * says what it thinks of each. A dhcpd that was started anew says HELLO and is told all of it again.
 * Here a struct from a worker is copied, its texts are
 * bounded, and the module that knows what it means takes it; nothing is decided here. */
#ifndef SLIPWAY_DAEMON_CHANNELS_H
#define SLIPWAY_DAEMON_CHANNELS_H

struct admin;
struct channels;
struct enrolling;
struct event_base;
struct generation;
struct nodes;
struct store;

struct channels_setup {
	int dhcpd_fd, netboot_fd, verifier_fd;
	struct nodes *nodes;
	struct store *store;
	struct enrolling *enrolling;
	struct admin *admin; /* gets its leases and its tracing here, and shows the image's state */
};

/* Takes the descriptors, keeps the rest. Nothing is read before the loop runs: channels_configure()
 * comes first. */
struct channels *channels_new(struct event_base *base, const struct channels_setup *setup);

/* With the leases and the tracing that it gave to the admin plane. */
void channels_free(struct channels *c);

/* Tells the workers of a new generation, and answers from it. Keeps `g` until the next call. */
/* The key and the certificates of boot HTTP, a sealed memfd (taken; -1: none), for netboot whenever it says HELLO. */
void channels_set_boot_tls(struct channels *c, int fd);

void channels_configure(struct channels *c, const struct generation *g);

#endif
