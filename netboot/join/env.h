/* env.h - what a node is told about joining: six settings, from a file or the environment.
 *
 * The file is what systemd's EnvironmentFile= reads, without its escapes: KEY=value lines, '#'
 * comments, a value may stand in one pair of quotes. Keys of others are passed over; a wrong value is
 * an error with its line. */
#ifndef SLIPWAY_JOIN_ENV_H
#define SLIPWAY_JOIN_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/trust/pin.h"
#include "provisioner/trust/token.h"

#define ENV_FILE_MAX ((size_t)64 << 10)
#define ENV_NODE_SIZE 64

struct env {
	uint32_t address; /* SLIPWAY_URL=https://ADDRESS:PORT */
	uint16_t port;
	struct pin pin;              /* SLIPWAY_CA_FINGERPRINT: 64 hex digits */
	char token[TOKEN_TEXT_SIZE]; /* SLIPWAY_TOKEN: "" when there is none */
	char node[ENV_NODE_SIZE];    /* SLIPWAY_NODE */
	int64_t generation; /* SLIPWAY_GENERATION: whose configuration this is; 0 when not told */
	unsigned seen;      /* which of them were given */
};

/* Reads a file's text; `file` names it in errors and is kept by *e. Later lines win. 0 or -EINVAL. */
int env_parse(
	const char *file, const char *text, size_t len, struct env *env, struct err *e) MUST_USE;

/* Reads the process's environment, which wins over what *env has. 0 or -EINVAL. */
int env_from_process(struct env *env, struct err *e) MUST_USE;

/* All but the token and the generation must have been given. 0 or -EINVAL, *e naming what is missing. */
int env_check(const struct env *env, struct err *e) MUST_USE;

/* "https://10.10.0.1:8443" or, where `tls` may be false, "http://10.10.0.1:2379"; one '/' may follow.
 * 0 or -EINVAL. */
int env_url_parse(
	const char *url, bool *ret_tls, uint32_t *ret_address, uint16_t *ret_port) MUST_USE;

#endif
