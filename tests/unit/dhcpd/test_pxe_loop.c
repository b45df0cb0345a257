#include "tests/unit/test.h"

#include "dhcpd/pxe_loop.h"

TEST(fourth_loader_within_a_minute_is_a_loop)
{
	struct pxe_loops l = {0};
	struct mac a = {{2, 0, 0, 0, 0, 1}}, b = {{2, 0, 0, 0, 0, 2}};

	assert_false(pxe_loops_count(&l, &a, 0));
	assert_false(pxe_loops_count(&l, &a, 1000));
	assert_false(pxe_loops_count(&l, &a, 2000));
	assert_false(pxe_loops_count(&l, &b, 2000));
	assert_true(pxe_loops_count(&l, &a, 3000));
	assert_true(pxe_loops_count(&l, &a, 4000));
	assert_false(pxe_loops_count(&l, &a, 64000));
	pxe_loops_forget(&l, &a);
	for (int i = 0; i < 3; i++)
		assert_false(pxe_loops_count(&l, &a, 64001));
	assert_true(pxe_loops_count(&l, &a, 64001));
}

TEST(offer_says_what_its_acknowledgement_will_say)
{
	struct pxe_loops l = {0};
	struct mac a = {{2, 0, 0, 0, 0, 1}};

	for (int i = 0; i < 6; i++) {
		bool offer = pxe_loops_would_be(&l, &a, i);

		assert_int_equal(offer, pxe_loops_would_be(&l, &a, i));
		assert_int_equal(offer, pxe_loops_count(&l, &a, i));
		assert_int_equal(offer, i >= 3);
	}
	assert_false(pxe_loops_would_be(&l, &a, 70000));
}

RUN(t(fourth_loader_within_a_minute_is_a_loop), t(offer_says_what_its_acknowledgement_will_say))
