#include "tests/unit/test.h"

#include <string.h>

#include "provisioner/cli/proposal_answers.h"

static bool take(struct proposal *p, const char *option, const char *text)
{
	for (size_t i = 0; i < PROPOSAL_ANSWERS; i++)
		if (strcmp(proposal_answers[i].option, option) == 0)
			return proposal_answers[i].take(p, text);
	fail_msg("no such answer: %s", option);
	return false;
}

static const char *shown(const struct proposal *p, const char *option)
{
	static char text[PROPOSAL_TEXT_SIZE];
	AUTO(str_done) struct str out = str_init(sizeof(text) - 1);

	proposal_answer_text(p, option, &out);
	memcpy(text, str_text(&out), out.len + 1);
	return text;
}

TEST(what_is_taken_is_shown_as_it_was_typed)
{
	static const struct {
		const char *option, *text;
	} rows[] = {{"cluster", "acm"}, {"domain", "acm.example"}, {"external", "none"},
		{"internal", "eno1,eno2"}, {"internal", "eno1"}, {"external", "eno3"},
		{"address", "10.1.0.1/16"}, {"pool", "10.1.0.9-10.1.0.20"}, {"image", "lab/1"}};
	struct proposal p = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(take(&p, rows[i].option, rows[i].text));
		assert_string_equal(shown(&p, rows[i].option), rows[i].text);
	}
}

TEST(nonsense_is_not_taken)
{
	static const struct {
		const char *option, *text;
	} rows[] = {{"cluster", "A"}, {"domain", "a_b"}, {"external", "a/b"}, {"external", ""},
		{"internal", "a b"}, {"internal", "eno1,"}, {"internal", ",eno1"},
		{"internal", "a,b,c,d,e,f,g,h,i"}, {"internal", "a-name-that-is-too-long"},
		{"bond-mode", "lacp"}, {"address", "10.1.0.1"}, {"address", "10.1.0.0/24"},
		{"address", "10.1.0.255/24"}, {"pool", "10.1.0.9"}, {"pool", "10.1.0.9-8"},
		{"pool", "10.1.0.9-10.1.0.8"}, {"image", "flatcar"}, {"image", "/1"},
		{"image", "flatcar/"}, {"image", "a b/1"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proposal p = {0};

		if (take(&p, rows[i].option, rows[i].text))
			fail_msg("%s: %s", rows[i].option, rows[i].text);
	}
}

TEST(the_domain_follows_the_name_until_it_was_said)
{
	struct proposal p = {0};

	assert_true(take(&p, "cluster", "acm"));
	assert_string_equal(p.domain, "acm.internal");
	assert_true(take(&p, "cluster", "rack"));
	assert_string_equal(p.domain, "rack.internal");
	assert_true(take(&p, "domain", "example.org"));
	assert_true(take(&p, "cluster", "hall"));
	assert_string_equal(p.domain, "example.org");
}

TEST(what_leads_outward_is_not_internal_any_more)
{
	struct proposal p = {0};

	assert_true(take(&p, "internal", "eno1,eno2"));
	assert_true(take(&p, "address", "10.1.0.1/16"));
	assert_true(take(&p, "external", "eno3"));
	assert_string_equal(shown(&p, "internal"), "eno1,eno2");
	assert_true(take(&p, "external", "eno2"));
	assert_string_equal(shown(&p, "internal"), "");
	assert_string_equal(shown(&p, "address"), "");
	assert_string_equal(shown(&p, "pool"), "");
}

RUN(t(what_is_taken_is_shown_as_it_was_typed), t(nonsense_is_not_taken),
	t(the_domain_follows_the_name_until_it_was_said),
	t(what_leads_outward_is_not_internal_any_more))
