#include "provisioner/cli/readable.h"

#include <string.h>

#include "tests/unit/test.h"

static void check(const char *text, const char *want)
{
	AUTO(str_done) struct str out = str_init(4096);

	readable_add(text, strlen(text), &out);
	assert_string_equal(str_text(&out), want);
}

TEST(json_is_a_line_for_each_value)
{
	check("{\"b\":1,\"a\":[true]}", "{\n  \"b\": 1,\n  \"a\": [\n    true\n  ]\n}\n");
}

TEST(a_text_that_holds_lines_comes_as_these)
{
	check("{\"contents\":\"[Unit]\\nA=\\\"b\\\"\\n\",\"x\":1}",
		"{\n  \"contents\": \n    | [Unit]\n    | A=\"b\"\n  \"x\": 1\n}\n");
	check("{\"source\":\"data:,one%0Atwo%25%zz\"}",
		"{\n  \"source\": data:\n    | one\n    | two%%zz\n}\n");
}

TEST(a_text_of_one_line_stays_where_it_is)
{
	check("{\"a\":\"n\",\"b\":\"data:,\",\"c\":\"\"}",
		"{\n  \"a\": \"n\",\n  \"b\": \"data:,\",\n  \"c\": \"\"\n}\n");
}

TEST(any_other_text_stays_as_it_is)
{
	check("", "");
	check("#cloud-config\nhostname: n1\n", "#cloud-config\nhostname: n1\n");
	check("{% if x %}\n", "{% if x %}\n");
	check("{\"cut", "{\"cut");
}

RUN(t(json_is_a_line_for_each_value), t(a_text_that_holds_lines_comes_as_these),
	t(a_text_of_one_line_stays_where_it_is), t(any_other_text_stays_as_it_is))
