#include "tests/unit/test.h"

#include "provisioner/config/keys.h"

/* Walks all tables below `s` with a stack of its own. */
static size_t all_tables(const struct keys *list[static 32])
{
	size_t n = 0;

	list[n++] = &keys_root;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i]->n; k++)
			if (list[i]->keys[k].sub) {
				assert_true(n < 32);
				list[n++] = list[i]->keys[k].sub;
			}
	return n;
}

TEST(no_table_has_a_key_twice)
{
	const struct keys *tables[32];

	for (size_t i = all_tables(tables); i-- > 0;)
		for (size_t k = 0; k < tables[i]->n; k++)
			assert_ptr_equal(
				key_find(tables[i], tables[i]->keys[k].name), &tables[i]->keys[k]);
}

TEST(no_key_has_a_hyphen)
{
	const struct keys *tables[32];

	for (size_t i = all_tables(tables); i-- > 0;)
		for (size_t k = 0; k < tables[i]->n; k++)
			assert_null(strchr(tables[i]->keys[k].name, '-'));
}

TEST(members_lie_inside_their_struct)
{
	const struct keys *tables[32];

	for (size_t i = all_tables(tables); i-- > 0;)
		for (size_t k = 0; k < tables[i]->n; k++)
			assert_true(
				tables[i]->keys[k].field < tables[i]->size || tables[i]->prefix);
}

static void expect_env(enum cc_section s, const char *key, const char *want)
{
	AUTO(str_done) struct str out = str_init(256);

	key_add_env(&out, keys_of_section(s), key_find(keys_of_section(s), key));
	assert_string_equal(str_text(&out), want);
}

TEST(settings_have_the_variables_that_programs_read)
{
	expect_env(CC_ETCD2, "initial_cluster", "ETCD_INITIAL_CLUSTER");
	expect_env(CC_ETCD, "snapshot_count", "ETCD_SNAPSHOTCOUNT");
	expect_env(CC_FLANNEL, "interface", "FLANNELD_IFACE");
	expect_env(CC_FLANNEL, "etcd_prefix", "FLANNELD_ETCD_PREFIX");
	expect_env(CC_FLEET, "public_ip", "FLEET_PUBLIC_IP");
	expect_env(CC_LOCKSMITH, "window_start", "REBOOT_WINDOW_START");
	expect_env(CC_LOCKSMITH, "endpoint", "LOCKSMITHD_ENDPOINT");
	expect_env(CC_UPDATE, "reboot_strategy", "REBOOT_STRATEGY");
}

TEST(every_key_of_coreos_cloudinit_is_there)
{
	static const struct {
		enum cc_section s;
		size_t n;
	} counts[] = {{CC_ETCD, 33}, {CC_ETCD2, 41}, {CC_FLEET, 17}, {CC_FLANNEL, 11},
		{CC_LOCKSMITH, 9}, {CC_OEM, 5}, {CC_UPDATE, 3}};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		const struct keys *table = keys_of_section(counts[i].s);
		size_t n = 0;

		for (size_t k = 0; k < table->n; k++)
			n += table->keys[k].type != KEY_REFUSED;
		assert_int_equal(n, counts[i].n);
	}
}

RUN(t(no_table_has_a_key_twice), t(no_key_has_a_hyphen), t(members_lie_inside_their_struct),
	t(settings_have_the_variables_that_programs_read),
	t(every_key_of_coreos_cloudinit_is_there))
