#include "tests/unit/dhcpd/lab.h"

#include "dhcpd/request.h"

/* Every kind of REQUEST by every kind of machine for every kind of address, with us as the only server and
 * beside another one: RFC 2131 section 4.3.2. */

#define OTHER_SERVER 0x0a4d0009
#define OLD POOL          /* was STALE's, whose lease is over */
#define HELD (POOL + 1)   /* HOLDER's */
#define OFFER (POOL + 2)  /* was offered to OFFERED */
#define SHARED (POOL + 3) /* the node's that has MACs 3 and 4 */
#define FREE (POOL + 4)

enum who { NODE = 2, PAIRED = 4, HOLDER = 10, OFFERED = 12, STALE = 13, STRANGER = 20 };

static const struct {
	const char *name;
	enum request_kind kind;
	uint32_t server; /* option 54, or 0 */
	bool uses_ciaddr, is_broadcast;
} kinds[] = {
	{"selecting us", REQUEST_SELECTING, SERVER, false, true},
	{"selecting another", REQUEST_SELECTING, OTHER_SERVER, false, true},
	{"init-reboot", REQUEST_INIT_REBOOT, 0, false, true},
	{"renewing", REQUEST_RENEWING, 0, true, false},
	{"renewing, and naming us", REQUEST_RENEWING, SERVER, true, false},
	{"renewing with another", REQUEST_RENEWING, OTHER_SERVER, true, false},
	{"rebinding", REQUEST_REBINDING, 0, true, true},
};

static const struct {
	const char *name;
	uint8_t mac;
	uint32_t has; /* the address that is its own */
} machines[] = {
	{"node with an address", NODE, FIXED},
	{"node of two MACs", PAIRED, SHARED},
	{"holder of a lease", HOLDER, HELD},
	{"machine with an offer", OFFERED, OFFER},
	{"machine whose lease is over", STALE, OLD},
	{"stranger", STRANGER, 0},
};

static const struct {
	const char *name;
	uint32_t address;
	bool is_to_be_had; /* by anybody who has none */
} addresses[] = {
	{"a lease that is over", OLD, true},
	{"a lease", HELD, false},
	{"an offer", OFFER, false},
	{"a node's lease", SHARED, false},
	{"a free address", FREE, true},
	{"a node's address", FIXED, false},
	{"our own", SERVER, false},
	{"outside the pool", POOL + 99, false},
	{"the network's", 0x0a4d0000, false},
	{"everybody's", 0x0a4d00ff, false},
	{"another network's", FOREIGN, false},
	{"a far network's", FAR_POOL, false},
};

static void populate(struct lab *lab)
{
	lab->network.pool_last = POOL + 9;
	lab_set_networks(lab);
	assert_int_equal(get_address(lab, STALE), OLD);
	lab->now_ms += (int64_t)LEASE_S * 1000 + 1;
	assert_int_equal(get_address(lab, HOLDER), HELD);
	assert_int_equal(discover(lab, OFFERED)->reply.yiaddr, OFFER);
	assert_int_equal(get_address(lab, 3), SHARED);
}

/* What the RFC wants, said once more. */
static enum counter wanted(size_t kind, size_t machine, size_t address, bool is_authoritative)
{
	uint32_t has = machines[machine].has, asks = addresses[address].address;

	if (kinds[kind].server == OTHER_SERVER)
		return COUNT_OTHER_SERVER;
	if (kinds[kind].kind != REQUEST_SELECTING && has == 0 && !is_authoritative)
		return COUNT_UNKNOWN_LEASE;
	/* In RENEWING the machine may be behind a relay: its address says in which network. */
	if (asks == FAR_POOL && kinds[kind].kind == REQUEST_RENEWING)
		return COUNT_ACK;
	if (has != 0)
		return asks == has ? COUNT_ACK : COUNT_NAK;
	return addresses[address].is_to_be_had ? COUNT_ACK : COUNT_NAK;
}

static void judge(struct lab *lab, size_t kind, size_t machine, size_t address)
{
	struct msg m = message(DHCP_REQUEST, machines[machine].mac);
	struct arrival from = {.src_port = 68,
		.dst_port = DHCP_SERVER_PORT,
		.dst = kinds[kind].is_broadcast ? UINT32_MAX : SERVER};

	if (kinds[kind].uses_ciaddr)
		m.ciaddr = addresses[address].address;
	else
		opts_put_u32(&m.opts, OPT_ADDRESS, addresses[address].address);
	if (kinds[kind].server)
		opts_put_u32(&m.opts, OPT_SERVER, kinds[kind].server);
	decide(&lab->state, &m, &from, lab->now_ms, &lab->d);
}

static void check(const struct decision *d, enum counter want, uint32_t address)
{
	assert_int_equal(d->what, want);
	assert_int_equal(d->has_reply, want == COUNT_ACK || want == COUNT_NAK);
	assert_int_equal(d->commit != NULL, want == COUNT_ACK);
	if (want == COUNT_ACK) {
		assert_int_equal(d->reply.yiaddr, address);
		assert_true(opts_has(&d->reply.opts, OPT_LEASE));
	} else if (want == COUNT_NAK) {
		assert_int_equal(d->reply.yiaddr | d->reply.ciaddr | d->reply.siaddr, 0);
		assert_false(opts_has(&d->reply.opts, OPT_LEASE));
	}
}

TEST(every_request_is_judged_as_rfc_2131_says)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds) * ARRAY_LEN(machines) * ARRAY_LEN(addresses) * 2;
		i++) {
		size_t kind = i % ARRAY_LEN(kinds), rest = i / ARRAY_LEN(kinds);
		size_t machine = rest % ARRAY_LEN(machines), more = rest / ARRAY_LEN(machines);
		size_t address = more % ARRAY_LEN(addresses);
		bool is_authoritative = more / ARRAY_LEN(addresses);
		enum counter want = wanted(kind, machine, address, is_authoritative);
		void *state = NULL;

		assert_int_equal(lab_up(&state), 0);
		struct lab *lab = state;
		populate(lab);
		lab->settings.is_authoritative = is_authoritative;
		judge(lab, kind, machine, address);
		if (lab->d.what != want)
			print_message("# %s, %s, asks for %s%s\n", kinds[kind].name,
				machines[machine].name, addresses[address].name,
				is_authoritative ? "" : ", beside another server");
		check(&lab->d, want, addresses[address].address);
		n += want == COUNT_ACK;
		(void)lab_down(&state);
	}
	assert_true(n > 50);
}

TEST(kinds_are_told_apart)
{
	struct lab *lab = *test_state;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct msg m = message(DHCP_REQUEST, 10);
		struct arrival from = {
			.dst_port = 67, .dst = kinds[i].is_broadcast ? UINT32_MAX : SERVER};
		struct ask a = {.s = &lab->state, .m = &m, .from = &from};

		assert_int_equal(request_kind(&a), REQUEST_INCOMPLETE);
		if (kinds[i].server)
			opts_put_u32(&m.opts, OPT_SERVER, kinds[i].server);
		if (kinds[i].uses_ciaddr)
			m.ciaddr = POOL;
		opts_put_u32(&m.opts, OPT_ADDRESS, POOL); /* tolerated beside ciaddr */
		assert_int_equal(request_kind(&a), kinds[i].kind);
	}
}

/* RFC 5010: behind a relay only the relay can tell a renewal from a rebinding. */
TEST(relay_says_whether_a_client_renews_or_rebinds)
{
	struct lab *lab = *test_state;
	struct msg m = message(DHCP_REQUEST, 10);
	struct arrival from = {.src = RELAY, .dst_port = 67, .dst = SERVER};
	struct ask a = {.s = &lab->state, .m = &m, .from = &from};

	m.giaddr = RELAY;
	m.ciaddr = POOL;
	assert_int_equal(request_kind(&a), REQUEST_REBINDING);
	a.relay.is_unicast = true;
	assert_int_equal(request_kind(&a), REQUEST_RENEWING);
}

/* Beside another server: what we know is ours to refuse, wherever it was leased. */
TEST(known_machine_hears_nak_even_beside_another_server)
{
	LAB;

	lab->settings.is_authoritative = 0;
	assert_int_equal(get_address(lab, 10), POOL);
	assert_int_equal(reboot(lab, 10, FOREIGN)->what, COUNT_NAK);
	struct msg m = message(DHCP_REQUEST, 10);
	m.giaddr = RELAY; /* it has no lease there */
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL);
	assert_int_equal(hear(lab, &m)->what, COUNT_NAK);
	m = message(DHCP_REQUEST, 30);
	opts_put_u32(&m.opts, OPT_ADDRESS, POOL + 1);
	assert_int_equal(hear(lab, &m)->what, COUNT_UNKNOWN_LEASE);
	assert_false(lab->d.has_reply || lab->d.is_tellable);
}

RUN(t(every_request_is_judged_as_rfc_2131_says), with_lab(kinds_are_told_apart),
	with_lab(relay_says_whether_a_client_renews_or_rebinds),
	with_lab(known_machine_hears_nak_even_beside_another_server))
