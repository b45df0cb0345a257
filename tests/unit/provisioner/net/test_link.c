#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "provisioner/net/link.h"

static struct link list[] = {
	{.index = 1, .name = "lo"},
	{.index = 2,
		.name = "eno1",
		.n_addresses = 2,
		.addresses = {{.addr = 0x0a0a0001, .len = 24}, {.addr = 0x0a0a0002, .len = 24}}},
	{.index = 7, .name = "bond0", .kind = "bond"},
};
static const struct links machine = {.list = list, .n = 3};

TEST(links_are_found_by_name_and_by_number)
{
	assert_ptr_equal(links_find(&machine, "eno1"), &list[1]);
	assert_null(links_find(&machine, "eno"));
	assert_null(links_find(&machine, ""));
	assert_ptr_equal(links_at(&machine, 7), &list[2]);
	assert_null(links_at(&machine, 0));
}

TEST(missing_interface_is_answered_with_those_that_there_are)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"bnod0", "interface \"bnod0\" does not exist (did you mean \"bond0\"? there are: "
			  "lo, "
			  "eno1, bond0)"},
		{"wlan7", "interface \"wlan7\" does not exist (there are: lo, eno1, bond0)"},
	};
	const struct link *l = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(links_need(&machine, rows[i].name, &l, &e), -ENODEV);
		assert_string_equal(e.msg, rows[i].text);
		assert_null(l);
	}
	assert_int_equal(links_need(&machine, "bond0", &l, &e), 0);
	assert_ptr_equal(l, &list[2]);
}

TEST(long_list_of_interfaces_is_cut)
{
	struct link many[200];
	const struct link *l;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct link){.index = (int)i + 1};
		(void)snprintf(many[i].name, sizeof(many[i].name), "veth%zu", i);
	}
	assert_int_equal(links_need(&(struct links){many, 200}, "eth0", &l, &e), -ENODEV);
	assert_non_null(strstr(e.msg, ", ...)"));
	assert_true(strlen(e.msg) < sizeof(e.msg) - 1);
}

TEST(addresses_of_a_link_are_known)
{
	assert_true(link_has_address(&list[1], 0x0a0a0001));
	assert_true(link_has_address(&list[1], 0x0a0a0002));
	assert_false(link_has_address(&list[1], 0x0a0a0003));
	assert_false(link_has_address(&list[1], 0));
}

RUN(t(links_are_found_by_name_and_by_number),
	t(missing_interface_is_answered_with_those_that_there_are),
	t(long_list_of_interfaces_is_cut), t(addresses_of_a_link_are_known))
