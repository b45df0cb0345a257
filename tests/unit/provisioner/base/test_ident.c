#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/base/ident.h"

#define TEXT "4c4c4544-0035-5910-8048-b4c04f4d3132"

static struct uuid uuid(const char *text)
{
	struct uuid u;

	assert_int_equal(uuid_parse(text, &u), 0);
	return u;
}

TEST(uuid_is_read_in_any_case)
{
	static const uint8_t want[UUID_LEN] = {0x4c, 0x4c, 0x45, 0x44, 0x00, 0x35, 0x59, 0x10, 0x80,
		0x48, 0xb4, 0xc0, 0x4f, 0x4d, 0x31, 0x32};
	struct uuid u = uuid(TEXT), upper = uuid("4C4C4544-0035-5910-8048-B4C04F4D3132");

	assert_memory_equal(u.b, want, UUID_LEN);
	assert_true(uuid_is_equal(&u, &upper));
}

TEST(what_is_no_uuid_is_refused)
{
	static const char *const bad[] = {"", "4c4c4544", TEXT "0", " " TEXT, "{" TEXT "}",
		"4c4c4544-0035-5910-8048-b4c04f4d313", "4c4c454400355910-8048-b4c04f4d313233",
		"4c4c4544-0035-5910-8048-b4c04f4d31zz", "4c4c4544+0035-5910-8048-b4c04f4d3132"};
	struct uuid u;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(uuid_parse(bad[i], &u), -EINVAL);
}

TEST(both_byte_orders_of_a_uuid_fold_to_one)
{
	struct uuid network = uuid(TEXT), smbios = uuid("44454c4c-3500-1059-8048-b4c04f4d3132");
	struct uuid a = uuid_folded(&network), b = uuid_folded(&smbios), again = uuid_folded(&a);

	assert_false(uuid_is_equal(&network, &smbios));
	assert_true(uuid_is_equal(&a, &b));
	assert_true(uuid_is_equal(&a, &again));
}

TEST(dummies_are_of_no_use)
{
	static const char *const dummies[] = {"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "fefefefe-fefe-fefe-fefe-fefefefefefe",
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
		"12345678-1234-5678-90ab-cddeefaabbcc"};
	struct uuid good = uuid(TEXT);

	for (size_t i = 0; i < ARRAY_LEN(dummies); i++) {
		struct uuid u = uuid(dummies[i]);

		assert_false(uuid_is_useful(&u));
	}
	assert_true(uuid_is_useful(&good));
}

TEST(type_0_of_a_client_identifier_counts_for_nothing)
{
	assert_int_equal(client_id_folded(rd_init("\0ab", 3)).left, 2);
	assert_int_equal(client_id_folded(rd_init("ab", 2)).left, 2);
	assert_int_equal(client_id_folded(rd_init("\0a", 2)).left, 2);
	assert_int_equal(client_id_folded(rd_init("\1ab", 3)).left, 3);
	assert_int_equal(client_id_folded(rd_init("", 0)).left, 0);
}

RUN(t(uuid_is_read_in_any_case), t(what_is_no_uuid_is_refused),
	t(both_byte_orders_of_a_uuid_fold_to_one), t(dummies_are_of_no_use),
	t(type_0_of_a_client_identifier_counts_for_nothing))
