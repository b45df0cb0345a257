/* agent.h - the join agent: sockets and timers around what steps.h decides.
 *
 * agent_run() joins, registers in etcd and beats until SIGTERM or SIGINT, or, with `once`, until the
 * first heartbeat after that. It logs what it does; only a folder or key that can't be used ends it. */
#ifndef SLIPWAY_JOIN_AGENT_H
#define SLIPWAY_JOIN_AGENT_H

#include <stdbool.h>

#include "netboot/join/env.h"

struct agent_options {
	struct env env;
	int state; /* the state folder: borrowed */
	int root;  /* "/": borrowed */
	bool once;
};

/* 0 at a clean end, or a negative errno (logged). */
int agent_run(const struct agent_options *options) MUST_USE;

#endif
