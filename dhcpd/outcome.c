#include "dhcpd/outcome.h"

#include <stdio.h>
#include <string.h>

#include "dhcpd/answer.h"
#include "dhcpd/choose.h"
#include "dhcpd/quirk.h"

#define LEASE_MIN_S 60

void outcome_note(struct ask *a, const char *text)
{
	(void)snprintf(a->d->exchange.note, sizeof(a->d->exchange.note), "%s", text);
}

void outcome_drop(struct ask *a, enum counter why, bool is_tellable)
{
	a->d->what = why;
	a->d->is_tellable = is_tellable;
	if (a->d->exchange.note[0] == '\0')
		outcome_note(a, counter_text(why));
}

void outcome_note_address(struct ask *a, const char *text_before, uint32_t address)
{
	char text[IPV4_TEXT_SIZE], line[128];

	(void)snprintf(line, sizeof(line), "%s %s", text_before, ipv4_text(address, text));
	outcome_note(a, line);
}

/* A machine that is still booting gets a short lease: the next stage asks again within seconds, and a
 * machine that was just passing by does not hold its address for half a day. */
static uint32_t lease_length(const struct ask *a)
{
	bool is_os = a->pxe.stage == STAGE_OS;
	uint32_t most = is_os ? a->network->lease_s : a->network->netboot_lease_s;
	uint32_t wish = opts_u32(&a->m->opts, OPT_LEASE);

	if (most == 0)
		most = LEASE_MIN_S;
	if (!is_os || !opts_has(&a->m->opts, OPT_LEASE) || wish > most)
		return most;
	uint32_t least = most < LEASE_MIN_S ? most : LEASE_MIN_S;
	return wish > least ? wish : least;
}

void outcome_send(struct ask *a, enum counter what)
{
	struct decision *d = a->d;

	if (a->pxe.quirks & QUIRK_BROADCAST)
		d->reply.flags |= BOOTP_BROADCAST;
	d->what = what;
	d->has_reply = true;
	d->is_tellable = true;
	if (a->relay.is_selected && what != COUNT_NAK) /* RFC 3011 section 3 */
		opts_copy(&d->reply.opts, OPT_SUBNET_SELECTION, &a->m->opts);
	d->route = route_choose(a->m, &d->reply, a->from, a->relay.port);
	d->exchange.reply = opts_u8(&d->reply.opts, OPT_TYPE);
	d->exchange.address = d->reply.yiaddr;
	d->exchange.lease_s = opts_u32(&d->reply.opts, OPT_LEASE);
}

void outcome_add_boot_file(struct ask *a, enum pxe_way way, bool is_counted)
{
	struct pxe_ask boot = {.settings = a->settings,
		.client = &a->pxe,
		.node_file = a->node ? a->node->boot_file : "",
		.way = way};
	struct pxe_told told;

	if (a->pxe.stage == STAGE_FIRMWARE && mac_is_unicast(&a->mac))
		boot.is_looping = is_counted ? pxe_loops_count(a->s->loops, &a->mac, a->now_ms)
					     : pxe_loops_would_be(a->s->loops, &a->mac, a->now_ms);
	if (a->pxe.stage == STAGE_IPXE)
		pxe_loops_forget(a->s->loops, &a->mac);
	pxe_answer(&boot, a->m, &a->d->reply, &told);
	memcpy(a->d->exchange.boot_file, told.file, sizeof(told.file));
	if (told.note[0])
		outcome_note(a, told.note);
}

static void build_grant(struct ask *a, enum dhcp_type type, uint32_t address, uint32_t lease_s)
{
	answer_begin(a->m, type, a->server_id, &a->d->reply);
	answer_lease(&a->d->reply, address, lease_s);
	answer_parameters(a->m, a->network, a->node, &a->d->reply);
	outcome_add_boot_file(a, PXE_IN_LEASE, /* is_counted= */ type == DHCP_ACK);
	answer_listed(a->m, a->network, &a->d->reply);
}

void outcome_nak(struct ask *a, const char *why)
{
	answer_begin(a->m, DHCP_NAK, a->server_id, &a->d->reply);
	opts_put_text(&a->d->reply.opts, OPT_MESSAGE, why);
	outcome_note(a, why);
	outcome_send(a, COUNT_NAK);
}

bool outcome_lease(struct ask *a, uint32_t address, uint32_t lease_s)
{
	struct lease *l = lease_by_address(a->s->leases, address);
	bool was_known = l && l->stored && l->state == LEASE_BOUND && ask_owns(a, l);

	l = choose_take(a, address, LEASE_BOUND, a->now_ms + (int64_t)lease_s * 1000);
	if (!l) {
		outcome_drop(a, COUNT_POOL_EXHAUSTED, /* is_tellable= */ true);
		return false;
	}
	l->lease_s = lease_s;
	a->d->commit = l;
	a->d->was_known = was_known;
	return true;
}

void outcome_offer(struct ask *a, uint32_t address)
{
	build_grant(a, DHCP_OFFER, address, lease_length(a));
	outcome_send(a, COUNT_OFFER);
}

void outcome_ack(struct ask *a, uint32_t address)
{
	uint32_t lease_s = lease_length(a);

	if (!outcome_lease(a, address, lease_s))
		return;
	build_grant(a, DHCP_ACK, address, lease_s);
	if (opts_u8(&a->m->opts, OPT_TYPE) == DHCP_DISCOVER) /* RFC 4039 section 3.1 */
		opts_put(&a->d->reply.opts, OPT_RAPID_COMMIT, "", 0);
	else
		a->d->reply.ciaddr = a->m->ciaddr;
	outcome_send(a, COUNT_ACK);
}
