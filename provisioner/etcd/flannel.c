#include "provisioner/etcd/flannel.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/arena.h"
#include "provisioner/base/parse.h"

#define JSON_MEMORY_MAX ((size_t)4 << 20)
#define NETWORK_LEN_MAX 28 /* without a SubnetLen; four subnets of at least a /30 */
#define SUBNET_LEN_MAX 30
#define SUBNET_LEN_DEFAULT 24
#define SUBNETS_LOG2_MIN 2 /* "Network must be able to accommodate at least four subnets" */

/* Only misspellings of these are errors: newer flannels know more keys. */
static const char *const known_keys[] = {"Network", "SubnetLen", "SubnetMin", "SubnetMax",
	"Backend", "EnableIPv4", "EnableIPv6", "IPv6Network", "IPv6SubnetLen", "IPv6SubnetMin",
	"IPv6SubnetMax", "EnableNFTables", NULL};
static const char *const backends[] = {"udp", "vxlan", "host-gw", "alloc", "aws-vpc", "gce",
	"wireguard", "ipsec", "ipip", "ali-vpc", "extension", "tencent-vpc", NULL};

struct check {
	const struct doc_node *config;
	const struct mark *at; /* overrides the nodes' marks: they are of a text within a text */
	struct err_list *errors;
	bool bad;
};

static void complain(struct check *c, const struct doc_node *n, const char *what, const char *fix)
{
	err_list_add(c->errors, c->at ? *c->at : n->at, "flannel: %.160s%.200s", what, fix);
	c->bad = true;
}

/* The value of a key in any case, or NULL. */
static const struct doc_node *find(const struct doc_node *map, const char *name)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcasecmp(map->pairs[i].key->text, name) == 0)
			return map->pairs[i].value;
	return NULL;
}

static void check_keys(struct check *c)
{
	for (size_t i = 0; i < c->config->n; i++) {
		const struct doc_node *key = c->config->pairs[i].key;
		const char *near = err_nearest(key->text, known_keys);
		char what[128];

		if (!near || strcasecmp(near, key->text) == 0)
			continue;
		(void)snprintf(what, sizeof(what), "\"%.40s\" is not one of its keys", key->text);
		complain(c, key, what, err_did_you_mean(key->text, known_keys).text);
	}
}

/* 0 with *ret, or a complaint and -EINVAL. */
static int read_network(struct check *c, struct ipv4_net *ret)
{
	const struct doc_node *n = find(c->config, "Network");

	if (!n) {
		complain(c, c->config, "\"Network\" is missing", " (as Network: 10.2.0.0/16)");
		return -EINVAL;
	}
	if (n->kind != DOC_SCALAR || ipv4_net_parse(n->text, ret) < 0) {
		complain(c, n, "Network is not an IPv4 network", " (as 10.2.0.0/16)");
		return -EINVAL;
	}
	if (ret->addr != ipv4_net_first(*ret)) {
		char text[IPV4_NET_TEXT_SIZE], fix[64];
		struct ipv4_net first = {.addr = ipv4_net_first(*ret), .len = ret->len};

		(void)snprintf(fix, sizeof(fix), " (did you mean %s?)", ipv4_net_text(first, text));
		complain(c, n, "Network has bits set behind its prefix", fix);
		return -EINVAL;
	}
	return 0;
}

/* A SubnetLen of 0 means that flannel chooses: a /24 each, or a quarter of a small network. */
static int read_subnet_len(struct check *c, struct ipv4_net net, uint32_t *ret)
{
	const struct doc_node *n = find(c->config, "SubnetLen");
	uint32_t len = 0;

	if (n && (n->kind != DOC_SCALAR || n->style != DOC_PLAIN ||
			 parse_u32(n->text, 0, 32, &len) < 0)) {
		complain(c, n, "SubnetLen is not a number from 0 to 30", " (without quotes)");
		return -EINVAL;
	}
	if (len > SUBNET_LEN_MAX) {
		complain(c, n, "SubnetLen is above 30",
			": a subnet needs a tunnel and a bridge address");
		return -EINVAL;
	}
	if (len > 0 && len < (uint32_t)net.len + SUBNETS_LOG2_MIN) {
		complain(c, n, "Network holds fewer than four subnets of this SubnetLen", "");
		return -EINVAL;
	}
	if (len == 0 && net.len > NETWORK_LEN_MAX) {
		complain(c, find(c->config, "Network"), "Network is too small", ": /28 at least");
		return -EINVAL;
	}
	if (len == 0)
		len = net.len + SUBNETS_LOG2_MIN > SUBNET_LEN_DEFAULT ? net.len + SUBNETS_LOG2_MIN
								      : SUBNET_LEN_DEFAULT;
	*ret = len;
	return 0;
}

/* `otherwise` is flannel's own choice when the key is not there. */
static uint32_t read_bound(struct check *c, const char *name, struct ipv4_net net,
	uint32_t subnet_len, uint32_t otherwise)
{
	const struct doc_node *n = find(c->config, name);
	struct ipv4_net subnet = {.len = (uint8_t)subnet_len};
	char fix[64], text[IPV4_TEXT_SIZE];

	if (!n)
		return otherwise;
	if (n->kind != DOC_SCALAR || ipv4_parse(n->text, &subnet.addr) < 0) {
		complain(c, n, name, " is not an IPv4 address");
		return otherwise;
	}
	if (!ipv4_net_has(net, subnet.addr)) {
		complain(c, n, name, " is outside of Network");
		return otherwise;
	}
	if (ipv4_net_first(subnet) != subnet.addr) {
		(void)snprintf(fix, sizeof(fix), " is not the first address of a /%u (%s is)",
			subnet_len, ipv4_text(ipv4_net_first(subnet), text));
		complain(c, n, name, fix);
		return otherwise;
	}
	return subnet.addr;
}

static void check_network(struct check *c)
{
	struct ipv4_net net = {0};
	uint32_t subnet_len = 0;

	if (read_network(c, &net) < 0 || read_subnet_len(c, net, &subnet_len) < 0)
		return;
	uint32_t size = UINT32_C(1) << (32 - subnet_len);
	uint32_t min = read_bound(c, "SubnetMin", net, subnet_len, net.addr + size);
	uint32_t max =
		read_bound(c, "SubnetMax", net, subnet_len, ipv4_net_broadcast(net) - size + 1);
	if (min > max)
		complain(c, c->config, "SubnetMin is above SubnetMax", "");
}

static void check_backend(struct check *c)
{
	const struct doc_node *backend = find(c->config, "Backend");
	char what[128], fix[64] = " (vxlan is the usual one)";

	if (!backend)
		return;
	if (backend->kind != DOC_MAP) {
		complain(c, backend, "Backend is not a map", " (as Backend: {Type: vxlan})");
		return;
	}
	const struct doc_node *type = find(backend, "Type");
	if (!type || type->kind != DOC_SCALAR) {
		complain(c, backend, "Backend has no Type", fix);
		return;
	}
	for (size_t i = 0; backends[i]; i++)
		if (strcmp(backends[i], type->text) == 0)
			return;
	const char *near = err_nearest(type->text, backends);
	if (near)
		(void)snprintf(fix, sizeof(fix), " (did you mean \"%s\"?)", near);
	(void)snprintf(what, sizeof(what), "\"%.40s\" is not a type of backend", type->text);
	complain(c, type, what, fix);
}

static int check_map(struct check *c)
{
	if (!c->config || c->config->kind != DOC_MAP) {
		err_list_add(c->errors, *c->at, "flannel: its configuration is not a map");
		return -EINVAL;
	}
	check_keys(c);
	check_network(c);
	check_backend(c);
	return c->bad ? -EINVAL : 0;
}

int flannel_check(const struct doc_node *config, struct err_list *errors)
{
	struct check c = {.config = config, .errors = errors, .at = &config->at};

	if (config->kind != DOC_SCALAR) {
		if (config->kind == DOC_MAP)
			c.at = NULL;
		return check_map(&c);
	}
	/* JSON is YAML. */
	AUTO(arena_free_p) struct arena *a = arena_new(JSON_MEMORY_MAX);
	struct doc_node *root = NULL;
	struct err e = {0};
	if (doc_parse(a, "", config->text, config->len, &doc_limits_default, &root, &e) < 0) {
		err_list_add(
			errors, config->at, "flannel: its configuration is not JSON: %s", e.msg);
		return -EINVAL;
	}
	c.config = root;
	return check_map(&c);
}
