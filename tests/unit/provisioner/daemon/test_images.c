#include "provisioner/daemon/images.h"

#include "tests/unit/test.h"

static struct image_states s;

static struct message_image said(const char *id, uint32_t state, const char *reason)
{
	struct message_image m = {.state = state};

	memcpy(m.id, id, strlen(id));
	memcpy(m.reason, reason, strlen(reason));
	return m;
}

static bool take(const char *id, uint32_t state, const char *reason)
{
	const struct message_image m = said(id, state, reason);

	return image_states_take(&s, &m);
}

TEST(only_what_is_new_is_news)
{
	assert_false(take("lab/1", IMAGE_PENDING, ""));
	assert_true(take("lab/1", IMAGE_GOOD, ""));
	assert_false(take("lab/1", IMAGE_GOOD, ""));
	assert_false(take("lab/1", IMAGE_PENDING, ""));
	assert_true(take("lab/1", IMAGE_REFUSED, "a"));
	assert_false(take("lab/1", IMAGE_REFUSED, "a"));
	assert_true(take("lab/1", IMAGE_REFUSED, "b"));
	assert_true(take("lab/2", IMAGE_GOOD, ""));
	image_states_done(&s);
}

TEST(an_image_is_found_by_its_name)
{
	assert_null(image_states_find(&s, "lab", "1"));
	(void)take("lab/1", IMAGE_REFUSED, "why");
	assert_string_equal(image_states_find(&s, "lab", "1")->reason, "why");
	assert_null(image_states_find(&s, "lab", "11"));
	image_states_done(&s);
}

RUN(t(only_what_is_new_is_news), t(an_image_is_found_by_its_name))
