#include "dhcpd/decide.h"

#include <stdio.h>
#include <string.h>

#include "dhcpd/answer.h"
#include "dhcpd/choose.h"
#include "dhcpd/conflict.h"
#include "dhcpd/outcome.h"
#include "dhcpd/proxy.h"
#include "dhcpd/quirk.h"
#include "dhcpd/request.h"

#define HOPS_MAX 16
#define OFFER_HOLD_MS 60000
#define DECLINES_MAX 4

/* A relay asks again and again for a network that is not served; that is told once. */
static void drop_relay(struct ask *a)
{
	char relay[IPV4_TEXT_SIZE], link[IPV4_TEXT_SIZE], line[128];
	bool is_new = relay_is_new(a->s->strangers, a->m->giaddr);

	(void)snprintf(line, sizeof(line),
		"relay %s asks for the network of %s, which is not served",
		ipv4_text(a->m->giaddr, relay), ipv4_text(a->relay.link, link));
	outcome_note(a, line);
	outcome_drop(a, COUNT_UNKNOWN_SUBNET, is_new);
}

static void on_discover(struct ask *a)
{
	enum counter why;
	uint32_t address = choose_address(a, &why);

	if (address == 0) {
		outcome_drop(a, why, /* is_tellable= */ true);
		return;
	}
	struct lease *l = lease_by_address(a->s->leases, address);
	bool is_trusted = conflict_is_trusted(a, address);
	if (!l || !ask_owns(a, l) || l->state != LEASE_BOUND || lease_is_over(l, a->now_ms)) {
		l = choose_take(a, address, LEASE_OFFERED, a->now_ms + choose_hold_ms(a));
		if (!l) {
			outcome_drop(a, COUNT_POOL_EXHAUSTED, /* is_tellable= */ true);
			return;
		}
	}
	if (conflict_must_probe(a, address, is_trusted)) {
		a->d->probe = address;
		outcome_drop(a, COUNT_PROBING, /* is_tellable= */ false);
		return;
	}
	if (a->settings->rapid_commit && opts_has(&a->m->opts, OPT_RAPID_COMMIT))
		outcome_ack(a, address);
	else
		outcome_offer(a, address);
}

static void on_decline(struct ask *a)
{
	uint32_t address = opts_u32(&a->m->opts, OPT_ADDRESS);
	struct lease *l = lease_by_address(a->s->leases, address);

	if (ask_names_other_server(a) || !l || !ask_owns(a, l) || lease_is_over(l, a->now_ms)) {
		outcome_drop(a, COUNT_NOT_THE_HOLDER, /* is_tellable= */ true);
		return;
	}
	a->d->exchange.address = address;
	if (ask_has_fixed_address(a)) { /* it has no other: all we can do is say so */
		outcome_note_address(a, "another machine uses this node's address,", address);
		outcome_drop(a, COUNT_DECLINED, /* is_tellable= */ true);
		return;
	}
	if (lease_count_declined(a->s->leases, &a->client) >= DECLINES_MAX) {
		outcome_drop(a, COUNT_TOO_MANY_DECLINES, /* is_tellable= */ true);
		return;
	}
	lease_change(
		a->s->leases, l, LEASE_DECLINED, a->now_ms + conflict_quarantine_ms(a->settings));
	a->d->commit = l;
	outcome_note_address(a, "another machine uses the address offered,", address);
	outcome_drop(a, COUNT_DECLINED, /* is_tellable= */ true);
}

static void on_release(struct ask *a)
{
	struct lease *l = lease_by_address(a->s->leases, a->m->ciaddr);

	if (ask_names_other_server(a) || !l || !ask_owns(a, l) || l->state != LEASE_BOUND) {
		outcome_drop(a, COUNT_NOT_THE_HOLDER, /* is_tellable= */ true);
		return;
	}
	lease_change(a->s->leases, l, LEASE_FREE, a->now_ms);
	a->d->commit = l;
	a->d->exchange.address = l->address;
	outcome_drop(a, COUNT_RELEASED, /* is_tellable= */ true);
}

/* RFC 2131 section 4.3.5: parameters only, no address and no lease; and only those of the client's own network. */
static void on_inform(struct ask *a)
{
	uint32_t address = ask_own_address(a);

	if (address != 0 && !ipv4_net_has(a->network->net, address)) {
		outcome_drop(a, COUNT_UNKNOWN_SUBNET, /* is_tellable= */ false);
		return;
	}
	answer_begin(a->m, DHCP_ACK, a->server_id, &a->d->reply);
	a->d->reply.ciaddr = a->m->ciaddr;
	answer_parameters(a->m, a->network, a->node, &a->d->reply);
	outcome_add_boot_file(a, PXE_IN_LEASE, /* is_counted= */ false);
	answer_listed(a->m, a->network, &a->d->reply);
	outcome_send(a, COUNT_ACK);
}

/* PXE 2.1 section 2.2.5: the client has its address and asks port 4011 what to boot. */
static void on_pxe_port(struct ask *a)
{
	uint8_t type = opts_u8(&a->m->opts, OPT_TYPE);

	if (a->pxe.stage == STAGE_OS || (type != DHCP_REQUEST && type != DHCP_INFORM)) {
		outcome_drop(a, COUNT_NOT_PXE, /* is_tellable= */ false);
		return;
	}
	answer_begin(a->m, DHCP_ACK, a->server_id, &a->d->reply);
	a->d->reply.ciaddr = a->m->ciaddr;
	outcome_add_boot_file(a, PXE_ON_PORT, /* is_counted= */ false);
	outcome_send(a, COUNT_PXE_ACK);
}

/* RFC 1534 section 2: a BOOTP client knows of no lease and keeps its address for ever. Only a node that is
 * said to be such a client gets one; cluster.yaml keeps it from others when the lease we note ends. */
static void on_bootp(struct ask *a)
{
	if (!a->node || !a->node->bootp || !ask_has_fixed_address(a) ||
		!choose_may_have(a, a->node->address)) {
		outcome_drop(a, COUNT_BOOTP, /* is_tellable= */ a->node != NULL);
		return;
	}
	if (!outcome_lease(a, a->node->address, a->network->lease_s))
		return;
	answer_bootp(a->m, &a->d->reply);
	a->d->reply.yiaddr = a->node->address;
	a->d->reply.siaddr = a->settings->server.addr;
	(void)snprintf(a->d->reply.file, sizeof(a->d->reply.file), "%s", a->node->boot_file);
	answer_parameters(a->m, a->network, a->node, &a->d->reply);
	answer_listed(a->m, a->network, &a->d->reply);
	outcome_note(a, "by plain BOOTP, for ever");
	outcome_send(a, COUNT_ACK);
	a->d->exchange.reply = DHCP_ACK; /* which is what it amounts to */
}

/* Beside another server: a boot file for who boots, and a note of which address it takes there. */
static void on_proxy(struct ask *a)
{
	struct decision *d = a->d;

	switch (proxy_judge(a)) {
	case PROXY_OFFER:
		answer_begin(a->m, DHCP_OFFER, a->server_id, &d->reply);
		outcome_add_boot_file(a, PXE_BESIDE, /* is_counted= */ false);
		if (opts_has(&d->reply.opts, OPT_CLASS) || d->reply.file[0])
			outcome_send(a, COUNT_OFFER);
		else
			outcome_drop(a, COUNT_NO_BOOT_FILE, /* is_tellable= */ true);
		return;
	case PROXY_NOTICE:
		outcome_add_boot_file(
			a, PXE_BESIDE, /* is_counted= */ true); /* as our offer said */
		d->what = COUNT_OTHER_SERVER;
		d->is_tellable = true;
		d->exchange.by_other = true;
		d->exchange.address = proxy_address_taken(a);
		return;
	case PROXY_IGNORE:
		outcome_drop(a, COUNT_NOT_PXE, /* is_tellable= */ false);
		return;
	}
}

static void dispatch(struct ask *a)
{
	static const struct {
		uint8_t type;
		void (*handle)(struct ask *a);
	} handlers[] = {
		{DHCP_DISCOVER, on_discover},
		{DHCP_REQUEST, request_handle},
		{DHCP_DECLINE, on_decline},
		{DHCP_RELEASE, on_release},
		{DHCP_INFORM, on_inform},
	};

	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (handlers[i].type == opts_u8(&a->m->opts, OPT_TYPE)) {
			handlers[i].handle(a);
			return;
		}
	}
	if (opts_has(&a->m->opts, OPT_TYPE))
		outcome_drop(a, COUNT_UNKNOWN_TYPE, /* is_tellable= */ false);
	else
		on_bootp(a);
}

static void begin_exchange(struct ask *a)
{
	struct message_exchange *x = &a->d->exchange;
	struct rd name = opts_value(&a->m->opts, OPT_HOSTNAME);

	if (a->node)
		memcpy(x->node, a->node->name, sizeof(x->node)); /* checked: it ends in a NUL */
	x->mac = a->mac;
	x->has_uuid = a->pxe.has_uuid;
	memcpy(x->uuid, a->pxe.uuid, sizeof(x->uuid));
	(void)quirk_text(a->pxe.quirk_rows, x->quirks, sizeof(x->quirks));
	x->stage = (uint8_t)a->pxe.stage;
	x->arch = a->pxe.arch;
	x->secs = quirk_secs(a->m);
	x->request = opts_u8(&a->m->opts, OPT_TYPE);
	rd_copy(&name, x->hostname,
		name.left < sizeof(x->hostname) ? name.left : sizeof(x->hostname) - 1);
}

/* What makes a message nobody's business before anybody looks at what it asks. */
static enum counter refuse(struct ask *a)
{
	const struct msg *m = a->m;

	if (m->hops >= HOPS_MAX)
		return COUNT_TOO_MANY_HOPS;
	if (m->giaddr != 0 && m->giaddr == a->settings->server.addr)
		return COUNT_LOOPED;
	if (relay_read(m, a->from, &a->relay) < 0)
		return COUNT_BAD_RELAY_INFO;
	if (!ask_identify(a))
		return COUNT_BAD_HARDWARE;
	if (!ask_locate(a))
		return COUNT_UNKNOWN_SUBNET;
	return COUNT_NONE;
}

void decide(const struct decide_state *s, const struct msg *m, const struct arrival *from,
	int64_t now_ms, struct decision *ret)
{
	struct ask a = {
		.s = s, .settings = s->settings, .m = m, .from = from, .now_ms = now_ms, .d = ret};

	*ret = (struct decision){0};
	pxe_identify(m, &a.pxe);
	enum counter why = refuse(&a);
	if (a.node)
		pxe_want(&a.pxe, a.node->quirks);
	begin_exchange(&a);
	a.server_id = s->settings->server.addr;
	if (a.relay.server_id && !(a.pxe.quirks & QUIRK_OWN_SERVER_ID))
		a.server_id = a.relay.server_id;
	if (why == COUNT_UNKNOWN_SUBNET)
		drop_relay(&a);
	else if (why != COUNT_NONE)
		outcome_drop(&a, why, /* is_tellable= */ false);
	else if (!a.node && s->settings->enroll == ENROLL_CLOSED)
		outcome_drop(&a, COUNT_UNKNOWN_MACHINE, /* is_tellable= */ true);
	else if (from->dst_port == PXE_PORT)
		on_pxe_port(&a);
	else if (s->settings->mode == DHCP_MODE_PROXY)
		on_proxy(&a);
	else
		dispatch(&a);
}

void decide_undo(const struct decide_state *s, struct lease *l, int64_t now_ms)
{
	if (l->state == LEASE_BOUND)
		lease_change(s->leases, l, LEASE_OFFERED, now_ms + OFFER_HOLD_MS);
}
