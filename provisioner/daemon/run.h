/* run.h - what the workers do that run in the suite's own program. */
#ifndef SLIPWAY_DAEMON_RUN_H
#define SLIPWAY_DAEMON_RUN_H

#include "provisioner/daemon/worker.h"

/* Runs until SIGTERM; the exit status. */
int run_worker(const struct worker_options *o);

#endif
