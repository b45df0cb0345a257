#include "tests/unit/test.h"

#include <jansson.h>

#include "provisioner/base/err.h"
#include "provisioner/base/json.h"

TEST(values_are_separated_and_nested)
{
	AUTO(str_done) struct str out = str_init(1000);
	struct json j = json_init(&out);

	json_map(&j);
	json_key_text(&j, "name", "node1");
	json_key_int(&j, "n", -5);
	json_key_bool(&j, "up", true);
	json_key(&j, "macs");
	json_list(&j);
	json_text(&j, "a");
	json_text(&j, NULL);
	json_list(&j);
	json_list_end(&j);
	json_map(&j);
	json_map_end(&j);
	json_int(&j, INT64_MIN);
	json_list_end(&j);
	json_key(&j, "raw");
	json_raw(&j, "{\"x\":1}");
	json_key_text(&j, "none", NULL);
	json_map_end(&j);
	assert_true(str_ok(&out));
	assert_string_equal(str_text(&out),
		"{\"name\":\"node1\",\"n\":-5,\"up\":true,\"macs\":[\"a\",null,[],{},"
		"-9223372036854775808],\"raw\":{\"x\":1},\"none\":null}");
}

/* The text that jansson reads out of what we wrote. */
TEST(every_text_survives_a_reader)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{"plain", 5, "plain"},
		{"\"\\/\b\f\n\r\t\x01\x1f\x7f", 11, "\"\\/\b\f\n\r\t\x01\x1f\x7f"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 14,
			"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xff", 1, "\xef\xbf\xbd"},
		{"a\xc3", 2, "a\xef\xbf\xbd"},                               /* cut short */
		{"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
		{"\xe0\x80\xaf", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
		{"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
		{"\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf5x", 2, "\xef\xbf\xbdx"},
		{"\xe2\x82"
		 "A",
			3,
			"\xef\xbf\xbd\xef\xbf\xbd"
			"A"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str out = str_init(1000);
		struct json j = json_init(&out);

		json_list(&j);
		json_textn(&j, rows[i].in, rows[i].n);
		json_list_end(&j);
		json_t *root = json_loads(str_text(&out), 0, NULL);
		assert_non_null(root);
		assert_string_equal(json_string_value(json_array_get(root, 0)), rows[i].out);
		json_decref(root);
	}
}

TEST(nul_byte_is_written_as_an_escape)
{
	AUTO(str_done) struct str out = str_init(100);
	struct json j = json_init(&out);

	json_textn(&j, "a\0b", 3);
	assert_string_equal(str_text(&out), "\"a\\u0000b\"");
}

TEST(problems_are_a_list_of_errors_and_then_of_warnings)
{
	AUTO(str_done) struct str out = str_init(1000);
	struct err_list l = {.dropped = 3};
	struct json j = json_init(&out);

	err_list_warn(&l, (struct mark){0}, "odd");
	err_list_add(&l, (struct mark){"a.yaml", 2, 7}, "\"x\" is wrong");
	json_map(&j);
	json_key_problems(&j, &l);
	json_map_end(&j);
	assert_string_equal(str_text(&out),
		"{\"problems\":[{\"file\":\"a.yaml\",\"line\":2,\"column\":7,"
		"\"severity\":\"error\",\"message\":\"\\\"x\\\" is wrong\"},"
		"{\"file\":null,\"line\":0,\"column\":0,"
		"\"severity\":\"warning\",\"message\":\"odd\"}],\"more\":3}");
}

TEST(output_beyond_the_ceiling_is_an_error_not_half_a_document)
{
	AUTO(str_done) struct str out = str_init(10);
	struct json j = json_init(&out);

	json_list(&j);
	for (int i = 0; i < 10; i++)
		json_text(&j, "x");
	json_list_end(&j);
	assert_false(str_ok(&out));
}

RUN(t(values_are_separated_and_nested), t(every_text_survives_a_reader),
	t(nul_byte_is_written_as_an_escape), t(problems_are_a_list_of_errors_and_then_of_warnings),
	t(output_beyond_the_ceiling_is_an_error_not_half_a_document))
