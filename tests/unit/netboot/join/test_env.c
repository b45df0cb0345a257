#include "netboot/join/env.h"

#include <errno.h>
#include <stdlib.h>

#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

#define FINGERPRINT "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0"
#define GOOD                                                                      \
	"SLIPWAY_URL=https://10.10.0.1:8443\nSLIPWAY_CA_FINGERPRINT=" FINGERPRINT \
	"\nSLIPWAY_TOKEN=" TOKEN "\nSLIPWAY_NODE=worker1\nSLIPWAY_GENERATION=12\n"

static int parse(const char *text, struct env *env, struct err *e)
{
	*env = (struct env){0};
	return env_parse("join.env", text, strlen(text), env, e);
}

TEST(a_file_is_read_as_systemd_reads_it)
{
	static const char *const texts[] = {
		GOOD,
		"# a comment\n\n  ; another\n" GOOD "OTHER=thing's \"own\" business\n",
		"SLIPWAY_URL=\"https://10.10.0.1:8443/\"\r\nSLIPWAY_CA_FINGERPRINT='" FINGERPRINT
		"'\nSLIPWAY_TOKEN=  " TOKEN "\t\n SLIPWAY_NODE=worker1",
		"SLIPWAY_NODE=other\n" GOOD,
	};
	struct env env;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (parse(texts[i], &env, &e) < 0)
			fail_msg("text %zu: %s", i, e.msg);
		assert_int_equal(env_check(&env, &e), 0);
		assert_int_equal(env.address, 0x0a0a0001);
		assert_int_equal(env.port, 8443);
		assert_int_equal(env.pin.sha256[31], 0xff);
		assert_string_equal(env.token, TOKEN);
		assert_string_equal(env.node, "worker1");
	}
}

TEST(a_wrong_value_is_named_with_its_line)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *word;
	} rows[] = {
		{"\nSLIPWAY_URL=http://10.10.0.1:8443", 2, "SLIPWAY_URL"},
		{"SLIPWAY_URL=https://boot.example:8443", 1, "boot.example"},
		{"SLIPWAY_URL=https://10.10.0.1", 1, "https://ADDRESS:PORT"},
		{"SLIPWAY_URL=https://10.10.0.1:0", 1, "SLIPWAY_URL"},
		{"SLIPWAY_URL=https://10.10.0.1:65536", 1, "SLIPWAY_URL"},
		{"SLIPWAY_URL=https://10.10.0.1:8443/x", 1, "SLIPWAY_URL"},
		{"SLIPWAY_URL=https://0.0.0.0:8443", 1, "SLIPWAY_URL"},
		{"SLIPWAY_URL=", 1, "SLIPWAY_URL"},
		{"SLIPWAY_CA_FINGERPRINT=00", 1, "64 hex digits"},
		{"SLIPWAY_NODE=Worker", 1, "Worker"},
		{"SLIPWAY_NODE=a.b", 1, "a.b"},
		{"SLIPWAY_GENERATION=0", 1, "SLIPWAY_GENERATION"},
		{"SLIPWAY_GENERATION=slot_number_of_generation", 1, "a number from 1"},
		{"SLIPWAY_NODE=\"a", 1, "SLIPWAY_NODE"},
		{"SLIPWAY_NODE=a\x1b[2J", 1, "SLIPWAY_NODE"},
		{"# x\n# y\nnonsense", 3, "KEY=value"},
	};
	struct env env;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_int_equal(parse(rows[i].text, &env, &e), -EINVAL);
		assert_int_equal(e.at.line, rows[i].line);
		if (!strstr(e.msg, rows[i].word))
			fail_msg("row %zu: \"%s\" lacks \"%s\"", i, e.msg, rows[i].word);
		assert_null(strchr(e.msg, '\x1b'));
	}
}

TEST(a_token_is_never_repeated_in_an_error)
{
	struct env env;
	struct err e = {0};

	assert_int_equal(parse("SLIPWAY_TOKEN=almost-a-token", &env, &e), -EINVAL);
	assert_null(strstr(e.msg, "almost"));
}

TEST(a_nul_or_an_endless_value_is_refused)
{
	static const char nul[] = "SLIPWAY_NODE=wor\0ker1";
	char text[600] = "SLIPWAY_NODE=";
	struct env env = {0};
	struct err e = {0};

	assert_int_equal(env_parse("f", nul, sizeof(nul) - 1, &env, &e), -EINVAL);
	memset(text + 13, 'a', sizeof(text) - 14);
	assert_int_equal(parse(text, &env, &e), -EINVAL);
	assert_int_equal(env_parse("f", text, ENV_FILE_MAX + 1, &env, &e), -EINVAL);
}

TEST(only_the_token_may_be_missing)
{
	static const char *const keys[] = {"SLIPWAY_URL", "SLIPWAY_CA_FINGERPRINT", "SLIPWAY_NODE"};
	struct env env;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char text[] = GOOD;

		*strstr(text, keys[i]) = '#';
		assert_int_equal(parse(text, &env, &e), 0);
		assert_int_equal(env_check(&env, &e), -EINVAL);
		assert_non_null(strstr(e.msg, keys[i]));
	}
	char text[] = GOOD;
	*strstr(text, "SLIPWAY_TOKEN") = '#';
	assert_int_equal(parse(text, &env, &e), 0);
	assert_int_equal(env_check(&env, &e), 0);
	assert_string_equal(env.token, "");
	assert_int_equal(parse("SLIPWAY_TOKEN=\n", &env, &e), 0);
}

TEST(the_environment_wins_over_the_file)
{
	struct env env;
	struct err e = {0};

	assert_int_equal(parse(GOOD, &env, &e), 0);
	assert_int_equal(setenv("SLIPWAY_NODE", "worker2", 1), 0);
	assert_int_equal(env_from_process(&env, &e), 0);
	assert_string_equal(env.node, "worker2");
	assert_string_equal(env.token, TOKEN);
	assert_int_equal(setenv("SLIPWAY_NODE", "not a name", 1), 0);
	assert_int_equal(env_from_process(&env, &e), -EINVAL);
	assert_int_equal(unsetenv("SLIPWAY_NODE"), 0);
}

TEST(a_url_has_a_scheme_an_address_and_a_port)
{
	static const char *const bad[] = {"", "https", "https://", "https://:1",
		"https://1.2.3.4:", "https://1.2.3.4:x", "ftp://1.2.3.4:1", "https://1.2.3.4.5:1",
		"https://[::1]:1", "https://user@1.2.3.4:1", "https://1.2.3.4:1//",
		"https://1.2.3.4:000001"};
	uint32_t address = 0;
	uint16_t port = 0;
	bool tls = true;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (env_url_parse(bad[i], &tls, &address, &port) != -EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(env_url_parse("http://1.2.3.4:2379", &tls, &address, &port), 0);
	assert_false(tls);
	assert_int_equal(address, 0x01020304);
	assert_int_equal(port, 2379);
}

TEST(the_generation_may_be_told)
{
	struct env env;
	struct err e;

	assert_int_equal(parse(GOOD, &env, &e), 0);
	assert_int_equal(env.generation, 12);
	assert_int_equal(parse("SLIPWAY_NODE=worker1\n", &env, &e), 0);
	assert_int_equal(env.generation, 0);
}

RUN(t(the_generation_may_be_told), t(a_file_is_read_as_systemd_reads_it),
	t(a_wrong_value_is_named_with_its_line), t(a_token_is_never_repeated_in_an_error),
	t(a_nul_or_an_endless_value_is_refused), t(only_the_token_may_be_missing),
	t(the_environment_wins_over_the_file), t(a_url_has_a_scheme_an_address_and_a_port))
