#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "provisioner/base/log.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/nodes/rivals.h"

#define NOW 1000000
#define HOUR (60 * 60 * INT64_C(1000))

static char folder[64], last[256];
static struct store *store;
static struct nodes *nodes;
static const struct message_rival offers = {.mac = {{2, 0, 0, 0, 0, 0x99}},
	.client = {{2, 0, 0, 0, 0, 1}},
	.address = 0x0a4d0009,
	.offered = 0x0a4d00c8,
	.reply = 2};

static void on_event(void *arg, const struct store_event *e)
{
	(void)arg;
	assert_string_equal(e->kind, "rival");
	assert_string_equal(e->node, "");
	assert_int_equal(e->severity, STORE_WARN);
	(void)snprintf(last, sizeof(last), "%s", e->text);
}

static int begin(void **state)
{
	struct err e;

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-rivals.XXXXXX");
	if (!mkdtemp(folder) || store_open(folder, &store, &e) < 0 ||
		nodes_open(store, NOW, &nodes, &e) < 0)
		return -1;
	nodes_on_event(nodes, on_event, NULL);
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm", ""};
	char path[96];

	(void)state;
	nodes_free(nodes);
	store_close(store);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)remove(path);
	}
	return 0;
}

TEST(timeline_names_the_server_and_what_it_did)
{
	struct rivals_seen r = {.n = 0};
	struct message_rival m = offers;

	rivals_see(&r, nodes, &m, NOW);
	assert_string_equal(last, "another DHCP server, 10.77.0.9 (02:00:00:00:00:99), offered "
				  "10.77.0.200 to 02:00:00:00:00:01");
	m.offered = 0;
	rivals_see(&r, nodes, &m, NOW);
	assert_string_equal(last, "another DHCP server, 10.77.0.9 (02:00:00:00:00:99), answered "
				  "02:00:00:00:00:01");
	m.mac = (struct mac){0};
	rivals_see(&r, nodes, &m, NOW);
	assert_string_equal(
		last, "another DHCP server, 10.77.0.9: 02:00:00:00:00:01 took its offer");
	assert_int_equal(r.n, 1);
}

TEST(server_that_was_not_seen_for_two_hours_is_gone)
{
	struct rivals_seen r = {.n = 0};
	struct message_rival other = offers;
	int64_t seen_ms = 0;

	other.address++;
	rivals_see(&r, nodes, &offers, NOW);
	rivals_see(&r, nodes, &other, NOW + HOUR);
	assert_int_equal(rivals_at(&r, 0, NOW + HOUR, &seen_ms)->address, offers.address);
	assert_int_equal(seen_ms, NOW);
	assert_int_equal(rivals_at(&r, 1, NOW + HOUR, &seen_ms)->address, other.address);
	assert_null(rivals_at(&r, 2, NOW + HOUR, &seen_ms));
	assert_int_equal(rivals_at(&r, 0, NOW + 2 * HOUR + 1, &seen_ms)->address, other.address);
	assert_null(rivals_at(&r, 1, NOW + 2 * HOUR + 1, &seen_ms));
}

TEST(of_too_many_the_oldest_is_forgotten)
{
	struct rivals_seen r = {.n = 0};
	struct message_rival m = offers;
	int64_t seen_ms;

	for (uint32_t i = 0; i < RIVALS_KEPT_MAX + 1; i++) {
		m.address = 1 + i;
		rivals_see(&r, nodes, &m, NOW + i);
	}
	assert_int_equal(r.n, RIVALS_KEPT_MAX);
	for (size_t i = 0; i < RIVALS_KEPT_MAX; i++)
		assert_int_not_equal(rivals_at(&r, i, NOW, &seen_ms)->address, 1);
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(T(timeline_names_the_server_and_what_it_did), T(server_that_was_not_seen_for_two_hours_is_gone),
	T(of_too_many_the_oldest_is_forgotten))
