#include "netboot/fetch/signature.h"

#include <errno.h>

#include "tests/unit/test.h"

#define SUB "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PRIMARY "F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"
#define OTHER "0123456789ABCDEF0123456789ABCDEF01234567"
#define VALID(primary) "[GNUPG:] VALIDSIG " SUB " 2026-01-31 1769862896 0 4 0 1 10 00 " primary "\n"
#define GOOD "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG E25D9AED0593B34A Flatcar Buildbot\n"
#define EXPIRED "[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG E25D9AED0593B34A Old One\n"

static const char *const pinned[] = {PRIMARY, NULL};
static const char *const nobody[] = {NULL};
static char signer[MANIFEST_SIGNER_SIZE];
static struct err e;

static int judge(const char *const *keys, bool expired, const char *status)
{
	const struct signature_rules r = {.fingerprints = keys, .expired_keys_are_good = expired};

	return signature_judge(&r, status, strlen(status), signer, &e);
}

TEST(a_good_signature_of_a_pinned_primary_key_is_accepted)
{
	assert_int_equal(judge(pinned, false, GOOD VALID(PRIMARY)), 0);
	assert_string_equal(signer, PRIMARY);
}

TEST(any_key_of_the_ring_will_do_where_none_is_pinned)
{
	assert_int_equal(judge(nobody, false, GOOD VALID(OTHER)), 0);
	assert_string_equal(signer, OTHER);
}

TEST(a_good_signature_of_another_key_is_not)
{
	assert_int_equal(judge(pinned, false, GOOD VALID(OTHER)), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, OTHER ", which is not one of the distribution's"));
}

TEST(what_is_valid_without_being_good_is_not)
{
	assert_int_equal(judge(pinned, false, VALID(PRIMARY)), -EKEYREJECTED);
	assert_int_equal(judge(pinned, false, GOOD), -EKEYREJECTED);
	assert_int_equal(judge(pinned, false, ""), -EKEYREJECTED);
	assert_int_equal(
		judge(pinned, false, "[GNUPG:] NEWSIG\n[GNUPG:] REVKEYSIG X Y\n" VALID(PRIMARY)),
		-EKEYREJECTED);
	assert_int_equal(
		judge(pinned, false, "[GNUPG:] NEWSIG\n[GNUPG:] EXPSIG X Y\n" VALID(PRIMARY)),
		-EKEYREJECTED);
}

TEST(one_forged_signature_spoils_a_good_one)
{
	assert_int_equal(
		judge(pinned, false, GOOD VALID(PRIMARY) "[GNUPG:] NEWSIG\n[GNUPG:] BADSIG X Y\n"),
		-EBADMSG);
	assert_int_equal(
		judge(pinned, false, "[GNUPG:] BADSIG X Y\n" GOOD VALID(PRIMARY)), -EBADMSG);
}

TEST(an_expired_key_is_good_only_where_that_was_said)
{
	assert_int_equal(judge(pinned, false, EXPIRED VALID(PRIMARY)), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, "has expired"));
	assert_int_equal(judge(pinned, true, EXPIRED VALID(PRIMARY)), 0);
	assert_int_equal(judge(pinned, true, EXPIRED VALID(OTHER)), -EKEYREJECTED);
}

TEST(a_key_that_is_not_there_is_named)
{
	assert_int_equal(judge(pinned, false,
				 "[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 0593B34A 1 10 00 1 9 -\n"
				 "[GNUPG:] NO_PUBKEY E25D9AED0593B34A\n"),
		-EKEYREJECTED);
	assert_non_null(strstr(e.msg, "E25D9AED0593B34A, which is not in the key ring"));
}

TEST(words_of_a_user_id_are_no_status)
{
	assert_int_equal(judge(pinned, false,
				 "[GNUPG:] NEWSIG\n[GNUPG:] BADSIG X [GNUPG:] GOODSIG\n"
				 "gpgv: [GNUPG:] GOODSIG X Y\n" VALID(PRIMARY)),
		-EBADMSG);
	assert_int_equal(judge(pinned, false, GOOD "[GNUPG:] VALIDSIG short\n"), -EKEYREJECTED);
	assert_int_equal(judge(pinned, false,
				 GOOD "[GNUPG:] VALIDSIG " SUB " a b c d e f g h " PRIMARY "0\n"),
		-EKEYREJECTED);
}

RUN(t(a_good_signature_of_a_pinned_primary_key_is_accepted),
	t(any_key_of_the_ring_will_do_where_none_is_pinned),
	t(a_good_signature_of_another_key_is_not), t(what_is_valid_without_being_good_is_not),
	t(one_forged_signature_spoils_a_good_one),
	t(an_expired_key_is_good_only_where_that_was_said), t(a_key_that_is_not_there_is_named),
	t(words_of_a_user_id_are_no_status))
