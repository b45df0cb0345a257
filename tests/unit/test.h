/* test.h - the frame of every unit test: a case is named as a sentence.
 *
 *   TEST(reader_latches_the_first_error) { ... assert_int_equal(...); }
 *   RUN(t(reader_latches_the_first_error), t(...))
 *
 * Programs print TAP, which tests/run counts. */
#ifndef SLIPWAY_TESTS_UNIT_TEST_H
#define SLIPWAY_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEST(sentence) static void sentence(void **test_state __attribute__((unused)))
#define t(sentence)                                        \
	{                                                  \
		.name = #sentence, .test_func = (sentence) \
	}
#define RUN(...)                                                  \
	int main(void)                                            \
	{                                                         \
		const struct CMUnitTest cases[] = {__VA_ARGS__};  \
		cmocka_set_message_output(CM_OUTPUT_TAP);         \
		return cmocka_run_group_tests(cases, NULL, NULL); \
	}

#endif
