#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>

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

RUN(t(a_setting_is_put_replaced_and_deleted),
	t(settings_beyond_the_ceiling_are_refused_but_replacing_is_not))
