#include "dhcpd/conflict.h"

#include <stdio.h>
#include <string.h>

#define QUARANTINE_PRESET_S (10 * 60)

/* Who answers for more addresses than this answers for every one: a router with proxy ARP, or a liar, who
 * must not be able to talk the pool empty. */
#define CLAIMS_MAX 8

int64_t conflict_quarantine_ms(const struct message_dhcp_settings *s)
{
	uint32_t quarantine_s = s->guard.quarantine_s;

	return (int64_t)(quarantine_s ? quarantine_s : QUARANTINE_PRESET_S) * 1000;
}

bool conflict_is_trusted(const struct ask *a, uint32_t address)
{
	const struct lease *l = lease_by_address(a->s->leases, address);

	/* An offer that was never taken says nothing once its time is over. */
	return l && ask_owns(a, l) && (l->state != LEASE_OFFERED || !lease_is_over(l, a->now_ms));
}

bool conflict_must_probe(struct ask *a, uint32_t address, bool is_trusted)
{
	if (!a->s->probes)
		return false;
	if (probe_by_address(a->s->probes, address))
		return true;
	if (is_trusted)
		return false;
	a->d->is_unprobed = probe_table_is_full(a->s->probes);
	return !a->d->is_unprobed;
}

static struct client client_of(const struct mac *mac)
{
	struct client c = {.htype = MSG_HTYPE_ETHERNET, .hlen = MAC_LEN};

	memcpy(c.hw, mac->b, MAC_LEN);
	return c;
}

/* The machine that asks, or another NIC of the same node. */
static bool is_the_machine(const struct decide_state *s, const struct lease *l,
	const struct mac *asker, const struct mac *holder)
{
	struct client c = lease_client(l);
	const struct message_node *node = node_table_by_mac(s->nodes, holder);

	return mac_is_equal(asker, holder) || (node && node == ask_node_of(s->nodes, &c));
}

static void tell(const struct decide_state *s, const struct lease *l, enum counter what,
	const char *text, struct decision *d)
{
	struct client c = lease_client(l);
	const struct message_node *node = ask_node_of(s->nodes, &c);

	d->what = what;
	d->is_tellable = true;
	d->exchange.request = DHCP_DISCOVER;
	d->exchange.address = l->address;
	(void)snprintf(d->exchange.node, sizeof(d->exchange.node), "%s", node ? node->name : "");
	(void)snprintf(d->exchange.note, sizeof(d->exchange.note), "%s", text);
}

/* In the name of who has it, so that one liar can be told from many machines. */
static void quarantine(
	const struct decide_state *s, struct lease *l, const struct mac *holder, int64_t now_ms)
{
	int64_t until_ms = now_ms + conflict_quarantine_ms(s->settings);

	if (holder) {
		struct client c = client_of(holder);

		/* The lease is there: it is given another client, not made. */
		(void)lease_set(s->leases, l->address, &c, LEASE_DECLINED, now_ms, until_ms);
	} else {
		lease_change(s->leases, l, LEASE_DECLINED, until_ms);
	}
}

static bool claims_too_many(const struct decide_state *s, const struct mac *holder)
{
	struct client c;

	if (!holder)
		return false;
	c = client_of(holder);
	return lease_count_declined(s->leases, &c) >= CLAIMS_MAX;
}

bool conflict_found(const struct decide_state *s, const struct conflict *c, int64_t now_ms,
	struct decision *ret)
{
	struct lease *l = lease_by_address(s->leases, c->address);
	char text[128], ip[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE];
	const char *who = c->holder ? mac_text(c->holder, mac) : "a machine behind the relay";

	*ret = (struct decision){.exchange = {.mac = c->asker}};
	if (!l || l->state != LEASE_OFFERED ||
		(c->holder && is_the_machine(s, l, &c->asker, c->holder)))
		return false;
	(void)ipv4_text(c->address, ip);
	if (node_table_by_address(s->nodes, c->address)) {
		(void)snprintf(text, sizeof(text),
			"ADDRESS CONFLICT: %s uses this node's address %s", who, ip);
		tell(s, l, COUNT_FIXED_CONFLICT, text, ret);
		return true;
	}
	if (claims_too_many(s, c->holder)) {
		(void)snprintf(text, sizeof(text),
			"%s answers for every address (%s, too): not believed", who, ip);
		tell(s, l, COUNT_TOO_MANY_CLAIMS, text, ret);
		ret->is_tellable = false; /* it would be one line for each machine that asks */
		return false;
	}
	(void)snprintf(text, sizeof(text), "%s is in use by %s: quarantined", ip, who);
	tell(s, l, COUNT_CONFLICT, text, ret);
	quarantine(s, l, c->holder, now_ms);
	ret->commit = l;
	return true;
}
