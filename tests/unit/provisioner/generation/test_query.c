#include "tests/unit/test.h"

#include "provisioner/generation/query.h"

TEST(value_is_found_and_decoded)
{
	static const struct {
		const char *query, *value; /* NULL: none */
	} rows[] = {
		{"mac=1", "1"}, {"mac=1&x=2", "1"}, {"x=2&mac=1", "1"}, {"mac=1&mac=2", "1"},
		{"mac=%41%6a%6A", "Ajj"}, {"mac=a%20b", "a b"}, {"mac=a=b", "a=b"}, {"", NULL},
		{"mac", NULL}, {"mac=", NULL}, {"mac=&x=1", NULL}, {"xmac=1", NULL},
		{"macx=1", NULL}, {"mac=%", NULL}, {"mac=%4", NULL}, {"mac=%4&x", NULL},
		{"mac=%zz", NULL}, {"mac=%\x10\x11", NULL}, /* not '0' and '1' with a bit less */
		{"mac=1%00", NULL}, {"mac=1234567", "1234567"},
		{"mac=12345678", NULL}, /* one too long */
	};
	char ret[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			query_get(rows[i].query, "mac", ret, sizeof(ret)), rows[i].value != NULL);
		if (rows[i].value)
			assert_string_equal(ret, rows[i].value);
	}
}

RUN(t(value_is_found_and_decoded))
