#include "provisioner/api/lease_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"

#define TERM_SIZE 128
#define HOST_BITS 32

static const char *const use_names[N_LEASE_USES] = {[USE_FREE] = "free",
	[USE_OFFERED] = "offered",
	[USE_BOUND] = "bound",
	[USE_DECLINED] = "declined"};

const char *lease_use_name(unsigned use)
{
	return use < N_LEASE_USES && use_names[use] ? use_names[use] : "?";
}

static void take_machine(struct lease_term *t, const struct machine *m)
{
	(void)snprintf(t->node, sizeof(t->node), "%s", m->key);
	t->n_macs = m->n_macs;
	memcpy(t->macs, m->macs, sizeof(t->macs));
	t->address = m->node ? m->node->address : 0;
}

static int take_term(
	struct lease_term *t, const char *text, const struct nodes *nodes, struct err *e)
{
	const struct machine *m = nodes_by_key(nodes, text);

	*t = (struct lease_term){0};
	if (ipv4_net_parse(text, &t->net) == 0)
		return 0;
	if (ipv4_parse(text, &t->net.addr) == 0) {
		t->net.len = HOST_BITS;
		return 0;
	}
	if (mac_parse(text, &t->macs[0]) == 0) {
		t->n_macs = 1;
		return 0;
	}
	if (!m)
		return err_msg(e, -ENOENT,
			"\"%.80s\" is no machine, MAC, address or network (10.0.0.0/24)", text);
	take_machine(t, m);
	return 0;
}

/* Calls `take` with each piece of a text that is parted by commas. */
typedef int take_piece(void *arg, const char *piece, struct err *e);
static int split(const char *text, take_piece *take, void *arg, struct err *e)
{
	while (*text) {
		char piece[TERM_SIZE];
		size_t len = strcspn(text, ",");

		if (len >= sizeof(piece))
			return err_msg(e, -EINVAL, "\"%.40s...\" is too long", text);
		memcpy(piece, text, len);
		piece[len] = '\0';
		int rc = len > 0 ? take(arg, piece, e) : 0;
		if (rc < 0)
			return rc;
		text += len + (text[len] == ',');
	}
	return 0;
}

struct adding {
	struct lease_filter *f;
	const struct nodes *nodes;
};

static int add_term(void *arg, const char *piece, struct err *e)
{
	const struct adding *a = arg;

	if (a->f->n_terms == LEASE_TERMS_MAX)
		return err_msg(e, -EINVAL, "more than %d machines, addresses and networks",
			LEASE_TERMS_MAX);
	return take_term(&a->f->terms[a->f->n_terms++], piece, a->nodes, e);
}

int lease_filter_add(
	struct lease_filter *f, const char *terms, const struct nodes *nodes, struct err *e)
{
	return split(terms, add_term, &(struct adding){f, nodes}, e);
}

static int add_use(void *arg, const char *piece, struct err *e)
{
	struct lease_filter *f = arg;

	for (unsigned i = 1; i < N_LEASE_USES; i++) {
		if (strcmp(piece, use_names[i]) != 0)
			continue;
		f->uses |= 1U << i;
		return 0;
	}
	return err_msg(
		e, -EINVAL, "state: \"%.40s\" is not bound, offered, declined or free", piece);
}

int lease_filter_uses(struct lease_filter *f, const char *names, struct err *e)
{
	f->uses = 0;
	return split(names, add_use, f, e);
}

void lease_filter_ask(const struct lease_filter *f, struct message_leases_ask *ret)
{
	uint32_t first = UINT32_MAX, last = 0;

	for (uint32_t i = 0; i < f->n_terms; i++) {
		struct ipv4_net net = f->terms[i].net;
		uint32_t from = net.len ? ipv4_net_first(net) : 0;
		uint32_t to = net.len ? ipv4_net_broadcast(net) : UINT32_MAX;

		first = from < first ? from : first;
		last = to > last ? to : last;
	}
	ret->first = f->n_terms ? first : 0;
	ret->last = f->n_terms ? last : UINT32_MAX;
	ret->uses = f->uses;
	ret->within_ms = f->within_ms;
}

static bool term_has(const struct lease_term *t, const struct message_lease *l)
{
	if (t->net.len)
		return ipv4_net_has(t->net, l->address);
	if (t->node[0] && strcmp(t->node, l->node) == 0)
		return true;
	if (t->address && t->address == l->address)
		return true;
	for (uint32_t i = 0; i < t->n_macs; i++)
		if (l->hlen == MAC_LEN && memcmp(t->macs[i].b, l->hw, MAC_LEN) == 0)
			return true;
	return false;
}

bool lease_filter_has(const struct lease_filter *f, const struct message_lease *l)
{
	if (f->is_unknown && l->node[0])
		return false;
	for (uint32_t i = 0; i < f->n_terms; i++)
		if (term_has(&f->terms[i], l))
			return true;
	return f->n_terms == 0;
}
