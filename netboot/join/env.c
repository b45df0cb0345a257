#include "netboot/join/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"

#define VALUE_MAX 256

int env_url_parse(const char *url, bool *ret_tls, uint32_t *ret_address, uint16_t *ret_port)
{
	static const struct {
		const char *scheme;
		bool tls;
	} schemes[] = {{"https://", true}, {"http://", false}};
	char host[IPV4_TEXT_SIZE], port_text[6];
	uint32_t address, port;
	size_t i = 0;

	while (i < ARRAY_LEN(schemes) &&
		strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) != 0)
		i++;
	if (i == ARRAY_LEN(schemes))
		return -EINVAL;
	url += strlen(schemes[i].scheme);

	size_t host_len = strcspn(url, ":");
	if (url[host_len] != ':' || host_len >= sizeof(host))
		return -EINVAL;
	memcpy(host, url, host_len);
	host[host_len] = '\0';
	url += host_len + 1;

	size_t port_len = strcspn(url, "/");
	if (port_len >= sizeof(port_text) || (url[port_len] == '/' && url[port_len + 1]))
		return -EINVAL;
	memcpy(port_text, url, port_len);
	port_text[port_len] = '\0';

	if (ipv4_parse(host, &address) < 0 || address == 0 ||
		parse_u32(port_text, 1, 65535, &port) < 0)
		return -EINVAL;
	*ret_tls = schemes[i].tls;
	*ret_address = address;
	*ret_port = (uint16_t)port;
	return 0;
}

static int read_url(struct env *env, const char *value)
{
	bool tls = false;
	int rc = env_url_parse(value, &tls, &env->address, &env->port);

	return rc == 0 && !tls ? -EINVAL : rc;
}

static int read_fingerprint(struct env *env, const char *value)
{
	return pin_parse(value, &env->pin);
}

static int read_token(struct env *env, const char *value)
{
	if (value[0] && !token_is_well_formed(value))
		return -EINVAL;
	memcpy(env->token, value, strlen(value) + 1);
	return 0;
}

static int read_node(struct env *env, const char *value)
{
	if (!parse_is_label(value))
		return -EINVAL;
	memcpy(env->node, value, strlen(value) + 1);
	return 0;
}

static int read_generation(struct env *env, const char *value)
{
	return parse_i64(value, 1, INT64_MAX, &env->generation);
}

static const struct {
	const char *key;
	int (*read)(struct env *env, const char *value);
	const char *wanted;
	bool secret, optional;
} rows[] = {
	{"SLIPWAY_URL", read_url, "the provisioner as https://ADDRESS:PORT", false, false},
	{"SLIPWAY_CA_FINGERPRINT", read_fingerprint, "64 hex digits", false, false},
	{"SLIPWAY_TOKEN", read_token, "43 characters of base64url, or nothing", true, true},
	{"SLIPWAY_NODE", read_node, "a host name's first label", false, false},
	{"SLIPWAY_GENERATION", read_generation, "a number from 1", false, true},
};

static int read_value(struct env *env, size_t row, const char *value, struct mark at, struct err *e)
{
	char safe[128];

	if (rows[row].read(env, value) == 0) {
		env->seen |= 1U << row;
		return 0;
	}
	if (rows[row].secret)
		return err_set(e, -EINVAL, at, "%s is not %s", rows[row].key, rows[row].wanted);
	return err_set(e, -EINVAL, at, "%s: \"%s\" is not %s", rows[row].key,
		log_safe(safe, sizeof(safe), value, strlen(value)), rows[row].wanted);
}

static size_t find_row(const char *key, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].key) == len && memcmp(rows[i].key, key, len) == 0)
			return i;
	return ARRAY_LEN(rows);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A value's text without blanks around it and one pair of quotes. -EINVAL when it holds what no
 * setting of ours can: control bytes, a quote inside, too many characters. */
static int unquote(const char *p, size_t len, char ret[static VALUE_MAX])
{
	while (len > 0 && is_blank(p[0]))
		p++, len--;
	while (len > 0 && is_blank(p[len - 1]))
		len--;
	if (len >= 2 && (p[0] == '"' || p[0] == '\'') && p[len - 1] == p[0])
		p++, len -= 2;
	if (len >= VALUE_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~' || p[i] == '"' || p[i] == '\'')
			return -EINVAL;
	memcpy(ret, p, len);
	ret[len] = '\0';
	return 0;
}

static int parse_line(struct env *env, const char *p, size_t len, struct mark at, struct err *e)
{
	char value[VALUE_MAX];

	while (len > 0 && is_blank(p[0]))
		p++, len--;
	if (len == 0 || p[0] == '#' || p[0] == ';')
		return 0;
	const char *equals = memchr(p, '=', len);
	if (!equals)
		return err_set(e, -EINVAL, at, "expected KEY=value");
	size_t key_len = (size_t)(equals - p), row = find_row(p, key_len);
	if (row == ARRAY_LEN(rows))
		return 0;
	if (unquote(equals + 1, len - key_len - 1, value) < 0)
		return err_set(e, -EINVAL, at, "%s is not %s", rows[row].key, rows[row].wanted);
	return read_value(env, row, value, at, e);
}

int env_parse(const char *file, const char *text, size_t len, struct env *env, struct err *e)
{
	struct mark at = {.file = file, .col = 1};

	if (len > ENV_FILE_MAX)
		return err_set(e, -EINVAL, at, "longer than %zu bytes", ENV_FILE_MAX);
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		at.line++;
		int rc = parse_line(env, text, line, at, e);
		if (rc < 0)
			return rc;
		line += end ? 1 : 0;
		text += line;
		len -= line;
	}
	return 0;
}

int env_from_process(struct env *env, struct err *e)
{
	struct mark at = {.file = "environment"};
	char text[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *value = getenv(rows[i].key);

		if (!value)
			continue;
		if (unquote(value, strlen(value), text) < 0)
			return err_set(e, -EINVAL, at, "%s is not %s", rows[i].key, rows[i].wanted);
		int rc = read_value(env, i, text, at, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int env_check(const struct env *env, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!rows[i].optional && !(env->seen & 1U << i))
			return err_msg(e, -EINVAL, "%s is not set: it must be %s", rows[i].key,
				rows[i].wanted);
	return 0;
}
