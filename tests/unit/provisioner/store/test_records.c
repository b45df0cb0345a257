#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

TEST(the_last_generation_is_the_one_with_the_highest_number)
{
	struct scratch t = scratch_new();
	struct store_generation last = {0};
	struct store_generation two = {
		.number = 2, .created_ms = 20, .hash = "bb", .summary = "two"};
	struct store_generation ten = {
		.number = 10, .created_ms = 10, .hash = "cc", .summary = "ten"};

	assert_int_equal(store_generation_last(t.store, &last), -ENOENT);
	assert_int_equal(store_generation_add(t.store, &ten), 0);
	assert_int_equal(store_generation_add(t.store, &two), 0);
	assert_int_equal(store_generation_add(t.store, &two), -EEXIST);
	assert_int_equal(store_generation_last(scratch_reopen(&t), &last), 0);
	assert_int_equal(last.number, 10);
	assert_int_equal(last.created_ms, 10);
	assert_string_equal(last.hash, "cc");
	assert_string_equal(last.summary, "ten");
	scratch_done(&t);
}

TEST(a_setting_is_put_replaced_and_deleted)
{
	struct scratch t = scratch_new();
	AUTO(free_p) char *first = NULL;
	AUTO(free_p) char *second = NULL;
	char *none = NULL;

	assert_int_equal(store_setting_get(t.store, "etcd_seeded:/a", &none), -ENOENT);
	assert_int_equal(store_setting_put(t.store, "etcd_seeded:/a", "created"), 0);
	assert_int_equal(store_setting_get(t.store, "etcd_seeded:/a", &first), 0);
	assert_string_equal(first, "created");
	assert_int_equal(store_setting_put(t.store, "etcd_seeded:/a", "was there"), 0);
	assert_int_equal(store_setting_get(scratch_reopen(&t), "etcd_seeded:/a", &second), 0);
	assert_string_equal(second, "was there");
	assert_int_equal(store_setting_put(t.store, "etcd_seeded:/a", NULL), 0);
	assert_int_equal(store_setting_get(t.store, "etcd_seeded:/a", &none), -ENOENT);
	assert_null(none);
	scratch_done(&t);
}

TEST(settings_beyond_the_ceiling_are_refused_but_replacing_is_not)
{
	struct scratch t = scratch_new();
	char key[32];

	assert_int_equal(store_begin(t.store), 0);
	for (int i = 0; i < STORE_SETTINGS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(store_setting_put(t.store, key, "v"), 0);
	}
	assert_int_equal(store_setting_put(t.store, "one more", "v"), -E2BIG);
	assert_int_equal(store_setting_put(t.store, "k0", "w"), 0);
	assert_int_equal(store_commit(t.store), 0);
	scratch_done(&t);
}

RUN(t(the_last_generation_is_the_one_with_the_highest_number),
	t(a_setting_is_put_replaced_and_deleted),
	t(settings_beyond_the_ceiling_are_refused_but_replacing_is_not))
