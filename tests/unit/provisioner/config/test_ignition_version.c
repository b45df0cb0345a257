#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/config/ignition_version.h"

#define TYPE "application/vnd.coreos.ignition+json"

TEST(an_accept_header_names_a_version)
{
	static const struct {
		const char *accept;
		int minor;
	} cases[] = {
		{TYPE ";version=3.3.0, */*;q=0.1", 3}, /* Debian's 2.14 */
		{TYPE ";version=3.6.0, */*;q=0.1", 6}, /* 2.26 */
		{TYPE "; version=2.4.0", 0},           /* Ignition 0.3x */
		{TYPE ";version=1.0.0, " TYPE ";version=3.2.0", 2},
		{TYPE ";version=3.4.0," TYPE ";version=3.2.0", 4},
		{TYPE " ; q=0.5 ; VERSION=\"3.5.0\"", 5},
		{"APPLICATION/vnd.coreos.IGNITION+json;version=3.3.0", 3},
		{TYPE ";version=3.12.0", 12},
		{TYPE ";version=4.0.0", 99},
		{"", -1},
		{"*/*", -1},
		{TYPE, -1},
		{TYPE ";version=", -1},
		{TYPE ";version=3", -1},
		{TYPE ";version=3.3", -1},
		{TYPE ";version=3.3.0.1", -1},
		{TYPE ";version=3.300.0", -1},
		{TYPE ";version=3.5.0-experimental", -1},
		{TYPE "x;version=3.3.0", -1},
		{"text/plain;version=3.3.0", -1},
		{",,, ,", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ignition_accepted(cases[i].accept) != cases[i].minor)
			fail_msg("\"%s\": %d", cases[i].accept, ignition_accepted(cases[i].accept));
}

TEST(a_text_becomes_one_for_who_asks)
{
	static const struct {
		char written;
		const char *accept;
		int rc;
		char given;
	} cases[] = {{'3', TYPE ";version=3.3.0", 0, '3'}, {'3', TYPE ";version=3.4.0", 0, '4'},
		{'3', TYPE ";version=3.6.0", 0, '6'}, {'3', TYPE ";version=3.9.0", 0, '6'},
		{'3', TYPE ";version=4.0.0", 0, '6'}, {'6', TYPE ";version=3.6.0", 0, '6'},
		{'3', "*/*", 0, '3'}, {'6', "", 0, '6'},
		{'3', TYPE ";version=3.2.0", -ENOTSUP, '3'},
		{'3', TYPE "; version=2.4.0", -ENOTSUP, '3'},
		{'6', TYPE ";version=3.5.0", -ENOTSUP, '6'}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[] = "{\"ignition\":{\"version\":\"3.3.0\"},\"storage\":{}}\n";
		char *digit = strstr(text, "3.3") + 2;

		*digit = cases[i].written;
		assert_int_equal(
			ignition_fit(text, sizeof(text) - 1, cases[i].accept), cases[i].rc);
		assert_int_equal(*digit, cases[i].given);
		assert_int_equal(ignition_minor(text, sizeof(text) - 1), cases[i].given - '0');
		assert_string_equal(digit + 1, ".0\"},\"storage\":{}}\n");
	}
}

TEST(another_text_says_none)
{
	static const char *const texts[] = {"", "#cloud-config\n",
		"{\"ignition\":{\"version\":\"3.3.0\"", "{\"ignition\":{\"version\":\"3.x.0\"},}",
		"{\"ignition\":{\"version\":\"2.3.0\"},}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(ignition_minor(texts[i], strlen(texts[i])), 0);
}

TEST(media_types_name_the_version)
{
	assert_string_equal(ignition_media_type(3), TYPE ";version=3.3.0");
	assert_string_equal(ignition_media_type(6), TYPE ";version=3.6.0");
}

RUN(t(an_accept_header_names_a_version), t(a_text_becomes_one_for_who_asks),
	t(another_text_says_none), t(media_types_name_the_version))
