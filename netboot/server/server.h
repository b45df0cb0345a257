/* server.h - the netboot process: TFTP and HTTP on the boot network, from start to signal.
 *
 * Runs after privileges were dropped, with nothing but the descriptors below. Files come straight
 * from their folders, also while the provisioner is down; everything else is asked of it. */
#ifndef SLIPWAY_SERVER_SERVER_H
#define SLIPWAY_SERVER_SERVER_H

#include <stdbool.h>

#include "netboot/disk/reader.h"

/* All descriptors are taken. */
struct netboot_options {
	int provisioner_fd; /* SOCK_SEQPACKET to the provisioner */
	int tftp_fd; /* UDP, bound to port 69 of the internal address; -1: another program serves TFTP */
	bool tftp_single_port; /* transfers leave from port 69 too */
	int http_fd;           /* TCP, listening */
	int https_fd;          /* TCP, listening, for the same with TLS; -1: none */
	int images_dir, firmware_dir, agent_dir;
	int verdicts_dir;     /* where the verifier says which files of images_dir may be served */
	int readers[READERS]; /* channels to the processes that wait for the disk */
};

/* Serves until SIGTERM, SIGINT or the end of the provisioner's channel. Returns an exit status. */
int netboot_run(const struct netboot_options *o);

#endif
