/* api.h - what the agent says to the provisioner, and what it is told (docs/reference/join-protocol.md).
 *
 * Pure: structs to JSON, JSON to structs. Replies are read as if a stranger had written them: every
 * field has a size, a form and a default or is an error. Keys we do not know are passed over. */
#ifndef SLIPWAY_JOIN_API_H
#define SLIPWAY_JOIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/err.h"
#include "provisioner/base/str.h"

#define API_REPLY_MAX ((size_t)64 << 10)
#define API_REQUEST_MAX ((size_t)256 << 10)
#define API_NAME_SIZE 64
#define API_ENDPOINTS_MAX 8
#define API_COMMANDS_MAX 8
#define API_SECRETS_SIZE 65

/* The command that makes a node write its key into etcd again. */
#define API_COMMAND_REGISTER "register"

/* The command that makes it ask for a new certificate, long before the old one ends. */
#define API_COMMAND_RENEW "renew"

struct facts_addresses;
struct facts_vitals;
struct units;

struct api_join {
	const char *token, *request, *node; /* `request`: the signing request in PEM */
	const char *facts;                  /* a JSON object */
};

struct api_endpoint {
	uint32_t address;
	uint16_t port;
	bool tls;
};

struct api_joined {
	char *certificate, *ca; /* PEM */
	char node[API_NAME_SIZE], cluster[API_NAME_SIZE];
	char role[API_NAME_SIZE]; /* "" when not told */
	struct api_endpoint etcd[API_ENDPOINTS_MAX];
	size_t n_etcd; /* 0: there is no etcd to register in; further ones are not kept */
	char etcd_prefix[256];
	unsigned heartbeat_s; /* 1 to 300 */
};

struct api_heartbeat {
	const char *node, *boot_id;
	int64_t generation; /* whose configuration the node has, or 0 */
	bool registered;
	const char *secrets; /* the version of those in place, or "" */
	const struct facts_vitals *vitals;
	const struct units *units;
	const struct facts_addresses *addresses;
};

struct api_commands {
	char name[API_COMMANDS_MAX][API_NAME_SIZE];
	size_t n;
	char secrets[API_SECRETS_SIZE]; /* the version that the node is to have; "" when not told */
};

/* A request for a new certificate, proven by the one that we have. */
void api_write_renew(const char *node, const char *request, struct str *out);
void api_write_join(const struct api_join *join, struct str *out);
void api_write_heartbeat(const struct api_heartbeat *beat, struct str *out);

/* What a joined node writes under its name in etcd. Borrows all; `address` may be 0. */
struct api_registration {
	const char *node, *role, *boot_id, *machine_id;
	uint32_t address;
};
void api_write_registration(const struct api_registration *r, struct str *out);

/* 0, or -EINVAL with *e naming the field; *ret is then empty. api_joined_done() frees. */
int api_read_joined(const char *text, size_t len, struct api_joined *ret, struct err *e) MUST_USE;
void api_joined_done(struct api_joined *j);

/* The reply to a heartbeat; an empty body is an empty list. 0 or -EINVAL. */
int api_read_commands(
	const char *text, size_t len, struct api_commands *ret, struct err *e) MUST_USE;

/* The "error" of a refusal made safe to log, or "" when there is none. */
const char *api_read_reason(const char *text, size_t len, char *buf, size_t size);

#endif
