/* follow.h - reading an endless answer of the server line by line, until somebody says stop.
 *
 * Ctrl-C and SIGTERM end it cleanly, as does a time limit. A server that goes away after it has answered once
 * is waited for and asked again. */
#ifndef SLIPWAY_CLI_FOLLOW_H
#define SLIPWAY_CLI_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "provisioner/cli/cli.h"

struct follow {
	const struct cli *cli;
	const char *path;
	int64_t limit_ms; /* 0: none */

	/* Each line is a JSON object. False to stop. */
	bool (*on_line)(void *arg, const json_t *line);

	/* After some lines, when no more are there yet. False to stop. */
	bool (*on_pause)(void *arg);
	void *arg;
};

/* CLI_OK when it was stopped, or an exit status after saying why. */
int follow_run(const struct follow *f);

#endif
