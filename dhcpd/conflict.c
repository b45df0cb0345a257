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

/* False for a client that goes by an identifier. */
static bool mac_of(const struct lease *l, struct mac *ret)
{
	struct client c = lease_client(l);

	if (c.htype != MSG_HTYPE_ETHERNET || c.hlen != MAC_LEN)
		return false;
	memcpy(ret->b, c.hw, MAC_LEN);
	return true;
}

/* The machine that asks, or another NIC of the same node. */
static bool is_the_machine(
	const struct decide_state *s, const struct lease *l, const struct mac *holder)
{
	struct mac mac;

	if (!mac_of(l, &mac))
		return false;
	const struct message_node *node = node_table_by_mac(s->nodes, holder);
	return mac_is_equal(&mac, holder) || (node && node == node_table_by_mac(s->nodes, &mac));
}

static void tell(struct decision *d, const struct lease *l, enum counter what, const char *text)
{
	d->what = what;
	d->is_tellable = true;
	d->exchange.request = DHCP_DISCOVER;
	d->exchange.address = l->address;
	(void)mac_of(l, &d->exchange.mac); /* zero without one */
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

bool conflict_found(const struct decide_state *s, uint32_t address, const struct mac *holder,
	int64_t now_ms, struct decision *ret)
{
	struct lease *l = lease_by_address(s->leases, address);
	char text[128], ip[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE];
	const char *who = holder ? mac_text(holder, mac) : "a machine behind the relay";

	*ret = (struct decision){0};
	if (!l || l->state != LEASE_OFFERED || (holder && is_the_machine(s, l, holder)))
		return false;
	(void)ipv4_text(address, ip);
	if (node_table_by_address(s->nodes, address)) {
		(void)snprintf(text, sizeof(text),
			"ADDRESS CONFLICT: %s uses this node's address %s", who, ip);
		tell(ret, l, COUNT_FIXED_CONFLICT, text);
		return true;
	}
	if (claims_too_many(s, holder)) {
		(void)snprintf(text, sizeof(text),
			"%s answers for every address (%s, too): not believed", who, ip);
		tell(ret, l, COUNT_TOO_MANY_CLAIMS, text);
		return false;
	}
	(void)snprintf(text, sizeof(text), "%s is in use by %s: quarantined", ip, who);
	tell(ret, l, COUNT_CONFLICT, text);
	quarantine(s, l, holder, now_ms);
	ret->commit = l;
	return true;
}
