/* What answer.c tells machines that are not nodes yet, or only since a moment ago. */
#include "tests/unit/test.h"

#include "provisioner/base/log.h"
#include "provisioner/generation/answer.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/store/store.h"
#include "tests/unit/provisioner/generation/lab.h"

#define NOW INT64_C(1000000)
#define POOL 0x0a4d0064U /* the first address of it */
#define W1 0x0a4d000cU

static struct lab lab;
static struct answerer answerer;
static struct generation *generation;
static struct answer got;
static const char *reason; /* what the machine is told */
static unsigned n_told;
static struct mac told;

static const char *refusal_of_image(const void *arg, const struct cluster_image *image)
{
	(void)arg, (void)image;
	return NULL;
}

static const char *enroll(const void *arg, struct machine *m, const struct mac *mac)
{
	(void)arg, (void)m;
	n_told++;
	told = *mac;
	return reason;
}

static int begin(void **state)
{
	struct err_list errors = {0};
	struct err e;

	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	answerer.refusal_of_image = refusal_of_image;
	answerer.enroll = enroll;
	reason = "It is being taken in.";
	n_told = 0;
	got = (struct answer){0};
	if (lab_begin(&lab) < 0)
		return -1;
	lab_put(&lab, "nodes.d/x.yaml", "");
	if (lab_publish(&lab, LAB_HEAD LAB_NODES, -1, &generation, &errors) < 0 ||
		store_open(lab.folder, &answerer.store, &e) < 0 ||
		nodes_open(answerer.store, NOW, &answerer.nodes, &e) < 0)
		return -1;
	answerer.generation = generation;
	nodes_configure(answerer.nodes, generation->cluster, NOW);
	return nodes_flush(answerer.nodes);
}

static int end(void **state)
{
	(void)state;
	free(got.body);
	generation_free(generation);
	nodes_free(answerer.nodes);
	store_close(answerer.store);
	return lab_end(&lab);
}

static const struct mac stranger = {{0x52, 0x54, 0x00, 0x00, 0x00, 0x99}};

static void ask_by(enum transfer_protocol protocol, const char *method, uint32_t client,
	const char *path, const char *query)
{
	struct message_ask a = {.id = 1, .client = client, .protocol = protocol};

	free(got.body);
	(void)snprintf(a.method, sizeof(a.method), "%s", method);
	(void)snprintf(a.path, sizeof(a.path), "%s", path);
	(void)snprintf(a.query, sizeof(a.query), "%s", query);
	answer_ask(&answerer, &a, NOW, &got);
}

static void ask(uint32_t client, const char *query)
{
	ask_by(PROTOCOL_HTTP, "GET", client, "/script.ipxe", query);
}

static struct machine *lease(uint32_t address)
{
	struct machine *m = nodes_meet(answerer.nodes, &stranger, NOW);

	nodes_set_address(answerer.nodes, m, address);
	return m;
}

TEST(stranger_at_its_address_is_told_what_it_waits_for)
{
	(void)lease(POOL);
	ask(POOL, "mac=52-54-00-00-00-99");
	assert_int_equal(n_told, 1);
	assert_true(mac_is_equal(&told, &stranger));
	assert_non_null(strstr(got.body, "\necho It is being taken in.\n"));
	assert_non_null(strstr(got.body, "asks again every 5 s"));
	assert_null(strstr(got.body, "dhcp netX"));
	ask_by(PROTOCOL_TFTP, "GET", POOL, "/grub/grub.cfg-01-52-54-00-00-00-99", "");
	assert_non_null(strstr(got.body, "echo 'It is being taken in.'"));
	assert_non_null(strstr(got.body, "configfile /grub/grub.cfg-01-$net_default_mac"));
}

TEST(nobody_is_enrolled_by_a_url)
{
	ask(POOL, "mac=52-54-00-00-00-99"); /* no lease */
	(void)lease(POOL + 1);
	ask(POOL, "mac=52-54-00-00-00-99"); /* another one's */
	ask_by(PROTOCOL_HTTP, "HEAD", POOL + 1, "/script.ipxe", "mac=52-54-00-00-00-99");
	assert_int_equal(n_told, 0);
	assert_non_null(strstr(got.body, "asks again every 15 s"));
}

TEST(where_nobody_is_enrolled_a_stranger_waits_as_ever)
{
	reason = NULL;
	(void)lease(POOL);
	ask(POOL, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "asks again every 15 s"));
	answerer.enroll = NULL;
	ask(POOL, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "asks again every 15 s"));
}

/* By whichever way: enrolled, or named by the operator while it waited. */
TEST(stranger_that_became_a_node_is_told_to_take_its_address)
{
	struct generation *old = generation;
	struct err_list errors = {0};

	(void)lease(POOL);
	assert_int_equal(lab_publish(&lab,
				 LAB_HEAD LAB_NODES "  - {name: w2, role: worker, mac: "
						    "52:54:00:00:00:99, address: 10.77.0.13}\n",
				 -1, &generation, &errors),
		0);
	answerer.generation = generation;
	nodes_configure(answerer.nodes, generation->cluster, NOW);
	assert_int_equal(nodes_flush(answerer.nodes), 0);
	generation_free(old);
	ask(POOL, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "It is w2, and takes 10.77.0.13 as its address."));
	assert_non_null(strstr(got.body, "\ndhcp netX || "));
	assert_null(strstr(got.body, "/n/"));
	ask_by(PROTOCOL_TFTP, "GET", POOL, "/grub/grub.cfg-01-52:54:00:00:00:99", "");
	assert_non_null(strstr(got.body, "\nreboot\n"));
	/* From elsewhere it is refused, and once it has booted from there too. */
	ask(W1, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "but this request came from 10.77.0.12"));
	ask(0x0a4d000d, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "boots lab 1"));
	ask(POOL, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "but this request came from 10.77.0.100"));
}

/* The second card of a machine that DHCP knew by its UUID; only of a node that was enrolled. */
TEST(card_of_a_named_node_is_the_operators)
{
	(void)nodes_meet_node(answerer.nodes, "w1", &stranger, NOW);
	ask(W1, "mac=52-54-00-00-00-99");
	assert_non_null(strstr(got.body, "Slipway: w1 (worker) boots"));
	assert_int_equal(n_told, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
RUN(CASE(stranger_at_its_address_is_told_what_it_waits_for), CASE(nobody_is_enrolled_by_a_url),
	CASE(where_nobody_is_enrolled_a_stranger_waits_as_ever),
	CASE(stranger_that_became_a_node_is_told_to_take_its_address),
	CASE(card_of_a_named_node_is_the_operators))
