#include "tests/unit/test.h"

#include "provisioner/base/mem.h"
#include "provisioner/nodes/taken.h"

static struct mac mac_of(uint32_t n)
{
	return (struct mac){
		{2, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

TEST(address_has_one_taker_and_a_taker_one_address)
{
	struct taken t = {0};
	struct mac a = mac_of(1), b = mac_of(2);

	taken_put(&t, &a, 10);
	taken_put(&t, &b, 11);
	assert_true(taken_has(&t, &a, 10) && taken_has(&t, &b, 11));
	taken_put(&t, &b, 10);
	assert_false(taken_has(&t, &a, 10) || taken_has(&t, &b, 11));
	assert_true(taken_has(&t, &b, 10));
	taken_drop(&t, 10);
	assert_false(taken_has(&t, &b, 10));
	assert_false(taken_has(&t, &b, 0)); /* what it lost is no address */
	taken_done(&t);
}

TEST(longest_unheard_makes_room)
{
	struct taken t = {0};
	struct mac first = mac_of(0), last = mac_of(TAKEN_MAX);

	/* By hand up to the brim: each put looks at all of them. */
	t.list = xcalloc(TAKEN_MAX, sizeof(*t.list));
	t.n = t.cap = TAKEN_MAX;
	t.oldest = TAKEN_MAX - 1;
	for (uint32_t i = 0; i < TAKEN_MAX; i++)
		t.list[i] = (struct taker){mac_of(i), i + 1};
	taken_put(&t, &last, 99999999);
	assert_int_equal(t.n, TAKEN_MAX);
	assert_true(taken_has(&t, &last, 99999999));
	assert_false(taken_has(&t, &first, 1));
	struct mac second = mac_of(1);
	assert_true(taken_has(&t, &second, 2));
	taken_done(&t);
}

RUN(t(address_has_one_taker_and_a_taker_one_address), t(longest_unheard_makes_room))
