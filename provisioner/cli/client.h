/* client.h - asking the running server, over its admin socket. */
#ifndef SLIPWAY_CLI_CLIENT_H
#define SLIPWAY_CLI_CLIENT_H

#include <jansson.h>

#include "provisioner/base/str.h"
#include "provisioner/cli/cli.h"

#define CLIENT_SOCKET_OPTION                                                             \
	{                                                                                \
		"socket", 's', "PATH", "/run/slipway.sock", "admin socket of the server" \
	}

/* GETs `path`. CLI_OK and the body, or an exit status after saying why. */
int client_get(const struct cli *cli, const char *path, struct str *ret_body);

/* The same, parsed; the caller decrefs. */
int client_get_json(const struct cli *cli, const char *path, json_t **ret);

/* POSTs nothing to `path`; otherwise the same. */
int client_order_json(const struct cli *cli, const char *path, json_t **ret);

/* The exit status after saying why: what an answer with this status means, or that there is no server. */
int client_judge(const struct cli *cli, long status, const struct str *body);
int client_no_server(const struct cli *cli);

/* The text under `key`, borrowed; "" when there is none. */
const char *client_text(const json_t *object, const char *key);

/* The number under `key`; 0 when there is none. */
long long client_number(const json_t *object, const char *key);

/* Indented, with a newline. */
void client_print_json(const json_t *j);

void client_free_json(json_t **j);

#endif
