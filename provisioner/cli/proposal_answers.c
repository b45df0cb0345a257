#include "provisioner/cli/proposal_answers.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"

/* The domain follows the name until somebody says another one. */
static bool take_label(struct proposal *p, const char *text)
{
	char usual[PROPOSAL_TEXT_SIZE];

	if (!parse_is_label(text))
		return false;
	(void)snprintf(usual, sizeof(usual), "%.63s.internal", p->cluster);
	if (!p->domain[0] || strcmp(p->domain, usual) == 0)
		(void)snprintf(p->domain, sizeof(p->domain), "%.63s.internal", text);
	(void)snprintf(p->cluster, sizeof(p->cluster), "%.63s", text);
	return true;
}

static bool take_domain(struct proposal *p, const char *text)
{
	return parse_is_hostname(text) &&
	       snprintf(p->domain, sizeof(p->domain), "%s", text) < (int)sizeof(p->domain);
}

static bool take_name(char ret[static LINK_NAME_SIZE], const char *text, size_t len)
{
	if (len == 0 || len >= LINK_NAME_SIZE || memchr(text, ' ', len) || memchr(text, '/', len))
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

/* "eno1", or "eno1,eno2", which become bond0. */
static bool take_internal(struct proposal *p, const char *text)
{
	p->n_members = 0;
	p->address = (struct ipv4_net){0}; /* they were of another one */
	p->pool = (struct ipv4_range){0};
	if (!strchr(text, ','))
		return take_name(p->internal, text, strlen(text));
	(void)snprintf(p->internal, sizeof(p->internal), "bond0");
	while (p->n_members < PROPOSAL_MEMBERS_MAX) {
		size_t len = strcspn(text, ",");

		if (!take_name(p->members[p->n_members], text, len))
			return false;
		p->n_members++;
		if (text[len] == '\0')
			return p->n_members > 1;
		text += len + 1;
	}
	return false;
}

static bool is_internal(const struct proposal *p, const char *name)
{
	for (size_t i = 0; i < p->n_members; i++)
		if (strcmp(p->members[i], name) == 0)
			return true;
	return strcmp(p->internal, name) == 0;
}

/* What leads outward is not internal, whatever was proposed. */
static bool take_external(struct proposal *p, const char *text)
{
	if (is_internal(p, text)) {
		p->internal[0] = '\0';
		p->n_members = 0;
		p->address = (struct ipv4_net){0};
		p->pool = (struct ipv4_range){0};
	}
	p->has_no_external = strcmp(text, "none") == 0;
	p->external[0] = '\0';
	return p->has_no_external || take_name(p->external, text, strlen(text));
}

static bool take_address(struct proposal *p, const char *text)
{
	struct ipv4_net net;

	if (ipv4_net_parse(text, &net) < 0 || net.addr == ipv4_net_first(net) ||
		net.addr == ipv4_net_broadcast(net))
		return false;
	if (net.addr != p->address.addr || net.len != p->address.len)
		p->pool = (struct ipv4_range){0}; /* it belongs to the other one */
	p->address = net;
	return true;
}

static bool take_pool(struct proposal *p, const char *text)
{
	const char *dash = strchr(text, '-');
	char first[IPV4_TEXT_SIZE] = "";

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	return ipv4_parse(first, &p->pool.first) == 0 && ipv4_parse(dash + 1, &p->pool.last) == 0 &&
	       p->pool.first <= p->pool.last;
}

static bool take_mode(struct proposal *p, const char *text)
{
	for (enum bond_mode m = BOND_ACTIVE_BACKUP; m <= BOND_BALANCE_RR; m++)
		if (strcmp(bond_mode_name(m), text) == 0) {
			p->mode = m;
			return true;
		}
	return false;
}

static bool take_image(struct proposal *p, const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash != text && slash[1] && !strpbrk(text, " \t") &&
	       snprintf(p->image, sizeof(p->image), "%s", text) < (int)sizeof(p->image);
}

const struct proposal_answer proposal_answers[PROPOSAL_ANSWERS] = {
	{"cluster", "Name of the cluster", "a name of lower-case letters, digits and hyphens",
		take_label},
	{"domain", "Domain of its nodes", "a domain such as acm.internal", take_domain},
	{"external", "Interface that leads outward (or none)", "an interface's name, or none",
		take_external},
	{"internal", "Interface of the internal network (A,B: a bond of both)",
		"an interface's name, or several with commas", take_internal},
	{"bond-mode", NULL, "active-backup, 802.3ad, balance-xor or balance-rr", take_mode},
	{"address", "This machine's address there",
		"an address with prefix length such as "
		"10.10.0.1/24",
		take_address},
	{"pool", "Addresses for machines that are no nodes yet", "FIRST-LAST", take_pool},
	{"image", "What nodes boot", "NAME/VERSION", take_image},
};

void proposal_answer_text(const struct proposal *p, const char *option, struct str *out)
{
	char net[IPV4_NET_TEXT_SIZE], first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE];

	str_reset(out);
	if (strcmp(option, "cluster") == 0)
		str_add(out, p->cluster);
	else if (strcmp(option, "domain") == 0)
		str_add(out, p->domain);
	else if (strcmp(option, "external") == 0)
		str_add(out, p->external[0] ? p->external : "none");
	else if (strcmp(option, "address") == 0)
		str_add(out, p->address.addr ? ipv4_net_text(p->address, net) : "");
	else if (strcmp(option, "pool") == 0 && p->pool.first)
		str_printf(out, "%s-%s", ipv4_text(p->pool.first, first),
			ipv4_text(p->pool.last, last));
	else if (strcmp(option, "image") == 0)
		str_add(out, p->image);
	else if (strcmp(option, "internal") == 0 && p->n_members == 0)
		str_add(out, p->internal);
	for (size_t i = 0; strcmp(option, "internal") == 0 && i < p->n_members; i++)
		str_printf(out, "%s%s", i ? "," : "", p->members[i]);
}
