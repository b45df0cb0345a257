#include "tests/unit/test.h"

#include "dhcpd/msg.h"
#include "dhcpd/rival.h"

#define OURS 0x0a4d0001
#define THEIRS 0x0a4d0009
#define OFFERED 0x0a4d00c8
#define HOUR RIVAL_AGAIN_MS

static const struct rival_self self = {{{2, 0, 0, 0, 0, 1}}, OURS};
static const struct mac client = {{2, 0, 0, 0, 0, 0x11}}, theirs = {{2, 0, 0, 0, 0, 0x99}};

/* A server's message as it stands in a frame. */
struct said {
	uint8_t bytes[MSG_SIZE_MAX];
	struct frame f;
};

static void say(struct said *s, enum dhcp_type type, uint32_t server_id)
{
	struct msg m = {.op = BOOTP_REPLY,
		.htype = MSG_HTYPE_ETHERNET,
		.hlen = MAC_LEN,
		.yiaddr = type == DHCP_NAK ? 0 : OFFERED};
	struct wr w = wr_init(s->bytes, sizeof(s->bytes));

	memcpy(m.chaddr, client.b, MAC_LEN);
	opts_put_u8(&m.opts, OPT_TYPE, (uint8_t)type);
	if (server_id)
		opts_put_u32(&m.opts, OPT_SERVER, server_id);
	msg_encode(&m, rd_init("", 0), MSG_SIZE_MAX, &w);
	s->f = (struct frame){.src_mac = theirs,
		.src = THEIRS,
		.dst = UINT32_MAX,
		.src_port = 67,
		.dst_port = 68,
		.payload = rd_init(s->bytes, w.len)};
}

TEST(offer_ack_and_nak_of_another_server_betray_it)
{
	static const enum dhcp_type types[] = {DHCP_OFFER, DHCP_ACK, DHCP_NAK};
	struct message_rival m;
	struct said s;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		say(&s, types[i], THEIRS);
		assert_true(rival_read(&s.f, &self, &m));
		assert_int_equal(m.address, THEIRS);
		assert_int_equal(m.offered, types[i] == DHCP_NAK ? 0 : OFFERED);
		assert_int_equal(m.reply, types[i]);
		assert_true(mac_is_equal(&m.mac, &theirs));
		assert_true(mac_is_equal(&m.client, &client));
	}
}

TEST(server_that_does_not_name_itself_goes_by_its_address)
{
	struct message_rival m;
	struct said s;

	say(&s, DHCP_OFFER, 0);
	assert_true(rival_read(&s.f, &self, &m));
	assert_int_equal(m.address, THEIRS);
}

TEST(what_we_said_ourselves_betrays_nobody)
{
	struct message_rival m;
	struct said s;

	say(&s, DHCP_OFFER, OURS);
	s.f.src_mac = self.mac;
	assert_false(rival_read(&s.f, &self, &m));
	say(&s, DHCP_OFFER, OURS); /* handed on by a relay */
	assert_false(rival_read(&s.f, &self, &m));
}

TEST(another_machine_that_speaks_in_our_name_is_a_rival)
{
	struct message_rival m;
	struct said s;

	say(&s, DHCP_OFFER, OURS);
	s.f.src = OURS;
	assert_true(rival_read(&s.f, &self, &m));
	assert_int_equal(m.address, OURS);
	assert_true(mac_is_equal(&m.mac, &theirs));
}

TEST(what_is_no_word_of_a_server_is_passed_over)
{
	struct message_rival m;
	struct said s;

	say(&s, DHCP_REQUEST, THEIRS);
	assert_false(rival_read(&s.f, &self, &m));
	say(&s, DHCP_OFFER, THEIRS);
	s.bytes[0] = BOOTP_REQUEST;
	assert_false(rival_read(&s.f, &self, &m));
	say(&s, DHCP_OFFER, THEIRS);
	s.f.src_port = 68;
	assert_false(rival_read(&s.f, &self, &m));
	say(&s, DHCP_OFFER, THEIRS);
	for (size_t n = 0; n < 243; n++) {
		s.f.payload = rd_init(s.bytes, n);
		assert_false(rival_read(&s.f, &self, &m));
	}
}

TEST(question_is_a_discover_of_firmware_in_our_own_name)
{
	uint8_t bytes[MSG_SIZE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct msg m;

	rival_question(&self.mac, 0x12345678, &w);
	assert_true(wr_ok(&w));
	assert_int_equal(msg_decode(bytes, w.len, &m), MSG_OK);
	assert_int_equal(opts_u8(&m.opts, OPT_TYPE), DHCP_DISCOVER);
	assert_int_equal(m.xid, 0x12345678);
	assert_int_equal(m.flags, BOOTP_BROADCAST);
	assert_memory_equal(m.chaddr, self.mac.b, MAC_LEN);
	assert_true(opts_begins(&m.opts, OPT_CLASS, "PXEClient"));
	assert_false(opts_has(&m.opts, OPT_SERVER));
}

TEST(each_server_is_told_once_in_an_hour)
{
	struct rivals r = {.n = 0};
	struct message_rival m = {.address = THEIRS, .mac = theirs}, other = m;

	other.address++;
	assert_true(rivals_notice(&r, &m, 1000));
	assert_false(rivals_notice(&r, &m, 1001));
	assert_true(rivals_notice(&r, &other, 1001));
	assert_false(rivals_notice(&r, &m, 1000 + HOUR - 1));
	assert_true(rivals_notice(&r, &m, 1000 + HOUR));
	assert_int_equal(r.n, 2);
}

TEST(server_known_by_a_clients_choice_is_told_again_with_its_mac)
{
	struct rivals r = {.n = 0};
	struct message_rival m = {.address = THEIRS};

	assert_true(rivals_notice(&r, &m, 1000));
	assert_false(rivals_notice(&r, &m, 1001));
	m.mac = theirs;
	assert_true(rivals_notice(&r, &m, 1002));
	assert_false(rivals_notice(&r, &m, 1003));
	m.mac = (struct mac){0};
	assert_false(rivals_notice(&r, &m, 1004));
}

TEST(made_up_servers_are_told_of_up_to_a_limit)
{
	struct rivals r = {.n = 0};
	struct message_rival m = {.mac = theirs};
	size_t told = 0;

	for (m.address = 1; m.address <= 1000; m.address++)
		told += rivals_notice(&r, &m, 1000);
	assert_int_equal(told, RIVALS_MAX);
	assert_true(rivals_notice(&r, &m, 1000 + HOUR));
}

RUN(t(offer_ack_and_nak_of_another_server_betray_it),
	t(server_that_does_not_name_itself_goes_by_its_address),
	t(what_we_said_ourselves_betrays_nobody),
	t(another_machine_that_speaks_in_our_name_is_a_rival),
	t(what_is_no_word_of_a_server_is_passed_over),
	t(question_is_a_discover_of_firmware_in_our_own_name),
	t(each_server_is_told_once_in_an_hour),
	t(server_known_by_a_clients_choice_is_told_again_with_its_mac),
	t(made_up_servers_are_told_of_up_to_a_limit))
