/* supervisor.h - the small root process: opens, starts, restarts, stops. It reads no byte that came
 * from a network.
 *
 * Sockets, channels and folders are opened once and kept; workers are started with copies and
 * started again when they die, so a worker that is killed loses nothing that waits in a queue. */
#ifndef SLIPWAY_DAEMON_SUPERVISOR_H
#define SLIPWAY_DAEMON_SUPERVISOR_H

#include <stdbool.h>

struct serve_options {
	const char *config;    /* path of cluster.yaml */
	const char *state_dir; /* /var/lib/slipway */
	const char *images_dir;
	const char *templates_dir; /* shipped templates */
	const char *firmware_dir;  /* boot loaders, from Debian's package ipxe */
	const char *agent_dir;     /* holds slipway-join */
	const char *socket;        /* admin socket's path */
	const char *user;          /* whom workers run as */
	const char *log_level;
	bool publishes; /* what is on disk, even if something is published */
};

/* Serves until SIGTERM or SIGINT; SIGHUP makes the provisioner read cluster.yaml again. The exit
 * status of the program: 0 after a clean stop, 65 for a mistake in cluster.yaml or a template, 1
 * otherwise. */
int supervisor_run(const struct serve_options *o);

#endif
