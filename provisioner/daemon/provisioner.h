/* provisioner.h - the worker that knows things: configuration, templates, state, the CA's key.
 *
 * It renders the generation that dhcpd and netboot serve, answers what they ask, keeps the
 * machines' lives, runs both APIs and seeds etcd. It parses nothing that came raw from the boot
 * network: only structs from the other workers, TLS from join agents, and answers of etcd. */
#ifndef SLIPWAY_DAEMON_PROVISIONER_H
#define SLIPWAY_DAEMON_PROVISIONER_H

#include <stdbool.h>

struct provisioner_options {
	int dhcpd_fd, netboot_fd, verifier_fd; /* channels */
	int join_fd, admin_fd;                 /* listening sockets */
	int images_dir, agent_dir, config_dir, templates_dir;
	int builder_fd;          /* to the process that renders: builder.h */
	int ready_fd;            /* gets a byte once a generation is served */
	const char *config_name; /* in config_dir */
	const char *state_dir;
	const char *listening; /* what the supervisor has opened: publish_listening() */
	bool publishes;        /* what is on disk, even if something is published */
};

/* Runs after privileges were dropped, until SIGTERM. Serves what is published; the first start publishes, and so does
 * SIGHUP. The exit
 * status: WORKER_EXIT_CONFIG when what the operator wrote can not be served. */
int provisioner_run(const struct provisioner_options *o);

#endif
