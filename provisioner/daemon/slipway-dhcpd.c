/* The program of the DHCP and PXE server: what hostile packets reach links no more than it uses (docs/adr/0009).
 * The supervisor starts it as every worker: see provisioner/daemon/worker.h. */
#include <stdio.h>
#include <stdlib.h>

#include "dhcpd/server.h"
#include "provisioner/base/log.h"
#include "provisioner/daemon/worker.h"

#define WORDS_BEFORE 2 /* slipway worker */

static int run(const struct worker_options *o)
{
	const char *const write_dirs[] = {o->state_dir, NULL};
	struct err e;

	struct dhcpd *d =
		dhcpd_open(&(struct dhcpd_options){.interface = o->interface,
				   .provisioner_fd = worker_fd(o->kind, SERVER_DHCPD_SIDE),
				   .bootps_fd = worker_fd(o->kind, SERVER_BOOTPS),
				   .pxe_fd = worker_fd(o->kind, SERVER_PXE),
				   .lease_dir = o->state_dir},
			&e);
	if (!d) {
		log_error("%s", e.msg);
		return EXIT_FAILURE;
	}
	int status = worker_lock_in(o, write_dirs, NULL, /* may_connect= */ false) < 0
			     ? EXIT_FAILURE
			     : dhcpd_run(d);
	dhcpd_free(d);
	return status;
}

int main(int argc, char **argv)
{
	const char *words[N_WORKER_WORDS];
	struct worker_options o;

	for (int i = 0; i < N_WORKER_WORDS && argc == WORDS_BEFORE + N_WORKER_WORDS; i++)
		words[i] = argv[WORDS_BEFORE + i];
	if (argc != WORDS_BEFORE + N_WORKER_WORDS || worker_begin(words, &o) < 0 ||
		o.kind != WORKER_DHCPD) {
		(void)fputs("slipway-dhcpd: started by hand; it is the supervisor's\n", stderr);
		return EXIT_FAILURE;
	}
	return run(&o);
}
