/* dhcp_load - many DHCP clients on one wire: whole frames, broadcast, no relay, as machines without an address
 * ask. Every answer is checked; the last line of output is one JSON object.
 *
 *   dhcp_load INTERFACE MODE KEY=VALUE...
 *
 *   dora    closed loop: `clients` at a time ask for a lease from DISCOVER to ACK, until `count` have it
 *   storm   `count` DISCOVERs in one instant, no second try: how many are answered
 *   hall    `count` machines powered on at once, each trying again after 4, 8, 16, ... s (RFC 2131 section 4.1)
 *   idle    one client at a time, with a pause between: what an answer takes when nothing else happens
 *
 *   clients=256     how many ask at a time
 *   machines=1000   how many different MACs take turns; first=0 is the number of the first one
 *   count=N         DORAs (storm: DISCOVERs) in all
 *   retry=MS        after how long without an answer a client asks again; tries=N how often it asks in all
 *   pause=MS        between two clients in the same place
 *   within=MS       the end, whatever is still missing
 *
 * A machine whose address changes is counted as "moved": with leases that are made already, none may.
 * Exit status: 0; 1 when an answer was wrong or two machines hold one address; 2 when it could not run. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dhcpd/msg.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/parse.h"
#include "tests/bench/dhcp_packet.h"
#include "tests/bench/times.h"
#include "tests/bench/wire.h"

#define CLIENTS_MAX 65535 /* a client's place is the lower half of its xid */
#define STRIDE 7919       /* machines take turns in no order that a disk or a cache could like */
#define SCAN_US 1000
#define JITTER_US INT64_C(1000000)

enum state { IDLE, DISCOVERING, REQUESTING, OVER };

struct client {
	enum state state;
	uint32_t machine, xid, offered, server;
	int64_t begun_us, asked_us, due_us;
	unsigned tries;
};

struct machine {
	uint32_t address;
	bool is_asking;
};

/* Who holds an address; open addressing, and an address stays in its place when nobody holds it any more. */
struct holder {
	uint32_t address;
	uint32_t machine; /* + 1; 0 for nobody */
};

struct settings {
	uint32_t clients, machines, first, count, retry_ms, tries, pause_ms, within_ms;
	bool offers_only, is_growing; /* is_growing: each wait is twice the last, with jitter */
};

struct load {
	struct settings s;
	struct wire *wire;
	struct client *clients;
	struct machine *machines;
	struct holder *holders;
	size_t n_holders, n_held;
	uint64_t turn;
	uint32_t started, seed;
	int64_t begun_us, now_us, last_done_us;
	struct times offer, ack, whole;
	uint32_t done, failed, retries, naks, late, moved, wrong, duplicates;
	char first_wrong[96];
};

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "dhcp_load: %s: %s\n", what, why);
	exit(2);
}

static struct mac mac_of(uint32_t machine)
{
	return (struct mac){{0x02, 0xb0, (uint8_t)(machine >> 24), (uint8_t)(machine >> 16),
		(uint8_t)(machine >> 8), (uint8_t)machine}};
}

/* --- the life of a client --- */

static int64_t patience_us(struct load *l, const struct client *c)
{
	int64_t us = (int64_t)l->s.retry_ms * 1000;

	if (!l->s.is_growing)
		return us;
	l->seed = l->seed * 1664525 + 1013904223;
	us <<= c->tries < 4 ? c->tries : 4;
	return us + (int64_t)(l->seed >> 12) % (2 * JITTER_US) - JITTER_US;
}

/* Sends what the client's state has it say, and sets when it will say it again. */
static void ask(struct load *l, struct client *c)
{
	struct dhcp_question q = {
		.type = c->state == DISCOVERING ? DHCP_DISCOVER : DHCP_REQUEST,
		.mac = mac_of(l->s.first + c->machine),
		.xid = c->xid,
		.secs = (uint16_t)((l->now_us - c->begun_us) / 1000000),
		.address = c->offered,
		.server = c->server,
	};
	struct wr frame = wire_frame(l->wire);

	dhcp_ask(&q, &frame);
	wire_put(l->wire, &frame);
	c->due_us = l->now_us + patience_us(l, c);
	c->tries++;
}

static void pause_or_end(struct load *l, struct client *c)
{
	c->state = l->started < l->s.count ? IDLE : OVER;
	c->due_us = l->now_us + (int64_t)l->s.pause_ms * 1000;
}

static void discover(struct load *l, struct client *c)
{
	c->state = DISCOVERING;
	c->tries = 0;
	c->asked_us = l->now_us;
	c->xid = (uint32_t)((l->turn & 0xffff) << 16 | (size_t)(c - l->clients));
	ask(l, c);
}

static void begin(struct load *l, struct client *c)
{
	uint32_t machine;

	do /* clients <= machines: one is always at rest */
		machine = (uint32_t)(l->turn++ * STRIDE % l->s.machines);
	while (l->machines[machine].is_asking);
	l->started++;
	l->machines[machine].is_asking = true;
	c->machine = machine;
	c->begun_us = l->now_us;
	discover(l, c);
}

static void end(struct load *l, struct client *c)
{
	l->machines[c->machine].is_asking = false;
	pause_or_end(l, c);
	if (c->state == IDLE && l->s.pause_ms == 0)
		begin(l, c);
}

static void wrong(struct load *l, const struct client *c, const char *what)
{
	struct mac mac = mac_of(l->s.first + c->machine);
	char text[MAC_TEXT_SIZE];

	if (l->wrong++ == 0)
		(void)snprintf(l->first_wrong, sizeof(l->first_wrong), "%s: %s",
			mac_text(&mac, text), what);
}

static struct holder *holder_of(struct load *l, uint32_t address)
{
	size_t i = (size_t)address * 2654435761u & (l->n_holders - 1);

	while (l->holders[i].address != 0 && l->holders[i].address != address)
		i = (i + 1) & (l->n_holders - 1);
	if (l->holders[i].address == 0 && ++l->n_held == l->n_holders / 2)
		die("addresses", "the server gives far more than there are machines");
	l->holders[i].address = address;
	return &l->holders[i];
}

/* Two machines with one address are the one thing that a DHCP server must never bring about. */
static void hold(struct load *l, uint32_t machine, uint32_t address)
{
	struct machine *m = &l->machines[machine];
	struct holder *holder = holder_of(l, address);

	if (m->address == address)
		return;
	if (m->address != 0) {
		l->moved++;
		holder_of(l, m->address)->machine = 0;
	}
	if (holder->machine != 0)
		l->duplicates++;
	holder->machine = machine + 1;
	m->address = address;
}

static void finish(struct load *l, struct client *c, uint32_t address)
{
	hold(l, c->machine, address);
	times_add(&l->whole, l->now_us - c->begun_us);
	l->done++;
	l->last_done_us = l->now_us;
	end(l, c);
}

static void on_offer(struct load *l, struct client *c, const struct dhcp_answer *a)
{
	times_add(&l->offer, l->now_us - c->asked_us);
	if (l->s.offers_only) {
		finish(l, c, a->yiaddr);
		return;
	}
	c->offered = a->yiaddr;
	c->server = a->server;
	c->state = REQUESTING;
	c->tries = 0;
	c->asked_us = l->now_us;
	ask(l, c);
}

static void on_ack(struct load *l, struct client *c, const struct dhcp_answer *a)
{
	if (a->yiaddr != c->offered)
		wrong(l, c, "ACK and OFFER are of two addresses");
	times_add(&l->ack, l->now_us - c->asked_us);
	finish(l, c, a->yiaddr);
}

/* --- what servers say --- */

static const char *complaint(const struct dhcp_answer *a, const struct mac *mac)
{
	if (!mac_is_equal(&a->chaddr, mac))
		return "chaddr is another's";
	if (mac_is_unicast(&a->to) && !mac_is_equal(&a->to, mac))
		return "sent to another's MAC";
	if (a->server == 0)
		return "no server identifier";
	if (a->type != DHCP_NAK && (a->yiaddr == 0 || a->lease_s == 0))
		return "no address or no lease time";
	return NULL;
}

static void on_frame(void *arg, const uint8_t *bytes, size_t len)
{
	struct load *l = arg;
	struct dhcp_answer a;

	l->now_us = times_now_us();
	if (!dhcp_read_answer(bytes, len, &a)) {
		if (l->wrong++ == 0)
			(void)snprintf(l->first_wrong, sizeof(l->first_wrong), "not readable");
		return;
	}
	struct client *c = &l->clients[a.xid & 0xffff];
	bool is_expected =
		(a.xid & 0xffff) < l->s.clients && a.xid == c->xid &&
		((c->state == DISCOVERING && a.type == DHCP_OFFER) ||
			(c->state == REQUESTING && (a.type == DHCP_ACK || a.type == DHCP_NAK)));
	if (!is_expected) {
		l->late++; /* the answer to a question that was answered before */
		return;
	}
	struct mac mac = mac_of(l->s.first + c->machine);
	const char *what = complaint(&a, &mac);
	if (what)
		wrong(l, c, what);
	if (a.type == DHCP_NAK) {
		l->naks++;
		l->turn++;
		discover(l, c);
	} else if (a.type == DHCP_OFFER) {
		on_offer(l, c, &a);
	} else {
		on_ack(l, c, &a);
	}
}

/* --- the run --- */

static void scan(struct load *l)
{
	for (uint32_t i = 0; i < l->s.clients; i++) {
		struct client *c = &l->clients[i];

		if (c->state == OVER || c->due_us > l->now_us)
			continue;
		if (c->state == IDLE) {
			begin(l, c);
		} else if (c->tries < l->s.tries) {
			l->retries++;
			ask(l, c);
		} else {
			l->failed++;
			end(l, c);
		}
	}
}

static void run(struct load *l)
{
	int64_t scanned_us;

	l->begun_us = l->now_us = scanned_us = times_now_us();
	for (uint32_t i = 0; i < l->s.clients; i++)
		begin(l, &l->clients[i]);
	while (l->done + l->failed < l->s.count) {
		l->now_us = times_now_us();
		if (l->now_us - l->begun_us > (int64_t)l->s.within_ms * 1000)
			break;
		size_t n = wire_read(l->wire, on_frame, l);
		if (l->now_us - scanned_us >= SCAN_US) {
			scan(l);
			scanned_us = l->now_us;
		}
		wire_flush(l->wire);
		if (n == 0)
			wire_wait(l->wire, /* timeout_ms= */ 1);
	}
}

static void print_result(struct load *l, const char *mode)
{
	double s = (double)(l->last_done_us - l->begun_us) / 1e6;

	if (l->done == 0)
		s = 0;
	(void)printf("{\"mode\":\"%s\",\"clients\":%u,\"machines\":%u,\"count\":%u,", mode,
		l->s.clients, l->s.machines, l->s.count);
	(void)printf("\"done\":%u,\"failed\":%u,\"unfinished\":%u,\"seconds\":%.4f,\"rate\":%.1f,",
		l->done, l->failed, l->started - l->done - l->failed, s,
		s > 0 ? (double)l->done / s : 0);
	times_print("offer", &l->offer);
	(void)printf(",");
	times_print("ack", &l->ack);
	(void)printf(",");
	times_print("whole", &l->whole);
	(void)printf(",\"retries\":%u,\"naks\":%u,\"late\":%u,\"moved\":%u,\"duplicates\":%u,",
		l->retries, l->naks, l->late, l->moved, l->duplicates);
	(void)printf("\"lost_by_us\":%u,\"wrong\":%u,\"first_wrong\":\"%s\"}\n", wire_lost(l->wire),
		l->wrong, l->first_wrong);
}

/* --- arguments --- */

static const struct mode {
	const char *name;
	struct settings s; /* 0: as `count` says */
} modes[] = {
	{"dora", {.clients = 256,
			 .machines = 1000,
			 .count = 20000,
			 .retry_ms = 1000,
			 .tries = 8,
			 .within_ms = 60000}},
	{"storm", {.count = 4000,
			  .retry_ms = 100000,
			  .tries = 1,
			  .within_ms = 5000,
			  .offers_only = true}},
	{"hall", {.count = 1000,
			 .retry_ms = 4000,
			 .tries = 5,
			 .within_ms = 60000,
			 .is_growing = true}},
	{"idle", {.clients = 1,
			 .machines = 1000,
			 .count = 200,
			 .retry_ms = 5000,
			 .tries = 2,
			 .pause_ms = 4,
			 .within_ms = 60000}},
};

static void take_argument(struct settings *s, char *text)
{
	const struct {
		const char *key;
		uint32_t *value, max;
	} keys[] = {
		{"clients", &s->clients, CLIENTS_MAX},
		{"machines", &s->machines, 1 << 24},
		{"first", &s->first, UINT32_MAX},
		{"count", &s->count, 1 << 24},
		{"retry", &s->retry_ms, 600000},
		{"tries", &s->tries, 1 << 24},
		{"pause", &s->pause_ms, 60000},
		{"within", &s->within_ms, 600000},
	};
	const char *key = strsep(&text, "=");

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(key, keys[i].key) != 0)
			continue;
		if (!text || parse_u32(text, 0, keys[i].max, keys[i].value) < 0)
			die(key, "no number, or too large a one");
		return;
	}
	die(key, "not known");
}

static void settle(struct settings *s)
{
	if (s->count == 0)
		die("count", "nothing to do");
	if (s->clients == 0)
		s->clients = s->count;
	if (s->machines == 0)
		s->machines = s->clients;
	if (s->clients > s->count)
		s->clients = s->count;
	if (s->clients > s->machines || s->clients > CLIENTS_MAX)
		die("clients", "more than machines, or than there can be");
	if (s->machines % STRIDE == 0)
		s->machines--; /* or turns would not reach all of them */
}

int main(int argc, char **argv)
{
	struct load l = {.n_holders = 2, .seed = 1};
	const struct mode *mode = NULL;

	for (size_t i = 0; argc > 2 && i < ARRAY_LEN(modes); i++)
		if (strcmp(argv[2], modes[i].name) == 0)
			mode = &modes[i];
	if (!mode)
		die("usage", "INTERFACE dora|storm|hall|idle KEY=VALUE...");
	l.s = mode->s;
	for (int i = 3; i < argc; i++)
		take_argument(&l.s, argv[i]);
	settle(&l.s);
	while (l.n_holders < 8 * (size_t)l.s.machines)
		l.n_holders *= 2;
	l.holders = xcalloc(l.n_holders, sizeof(*l.holders));
	l.clients = xcalloc(l.s.clients, sizeof(*l.clients));
	l.machines = xcalloc(l.s.machines, sizeof(*l.machines));
	l.wire = wire_open(argv[1]);
	run(&l);
	print_result(&l, mode->name);
	wire_close(l.wire);
	times_free(&l.offer);
	times_free(&l.ack);
	times_free(&l.whole);
	free(l.holders);
	free(l.clients);
	free(l.machines);
	return l.wrong + l.duplicates > 0 ? 1 : 0;
}
