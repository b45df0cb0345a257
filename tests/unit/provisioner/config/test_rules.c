#include "tests/unit/test.h"

#include "provisioner/base/mem.h"
#include "provisioner/config/rules.h"

/* `right` and `wrong` are parted by '|'. */
static void expect(const struct rule *r, const char *right, const char *wrong)
{
	const char *lists[] = {wrong, right};

	for (size_t want = 0; want < 2; want++) {
		for (const char *p = lists[want]; p;
			p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
			AUTO(free_p) char *one = xstrndup(p, strcspn(p, "|"));

			if (r->holds(one) != (want == 1))
				fail_msg("\"%s\" should%s be %s", one, want ? "" : " not",
					r->expected);
		}
	}
}

TEST(host_names)
{
	expect(&rule_hostname, "a|node-7|node7.example.internal",
		"|A|a_b|-a|a-|a..b|localhost|a b");
}

TEST(ssh_keys)
{
	expect(&rule_ssh_key,
		"ssh-rsa AAAAB3NzaC1 me@host|ssh-ed25519 AAAAC3|from=\"a b\",no-pty ssh-rsa AAAAB3|"
		"sk-ssh-ed25519@openssh.com AAAAG",
		"|AAAAB3|ssh-rsa|ssh-rsa BBBB|ssh-rsa AAAA\nssh-rsa AAAA|rsa AAAA|from=\"a b "
		"ssh-rsa AAAA");
}

TEST(users_and_hashes)
{
	expect(&rule_user, "core|_apt|a-b_1",
		"|Core|1a|-a|a.b|a b|abcdefghijklmnopqrstuvwxyz1234567");
	expect(&rule_hash, "*|!|$6$salt$hash|$y$j9T$a$b", "|secret|$6|a$b$c|$6$a:b$c");
}

TEST(paths_and_owners)
{
	expect(&rule_path, "/a|/etc/hosts|/a/.b|/a/...", "|a|/|/a/|//a|/a//b|/a/./b|/..|/a/..");
	expect(&rule_owner, "core|core:core|0:0|root:500", "|:|a:|:a|a:b:c|a b|Core");
}

TEST(permissions)
{
	expect(&rule_permissions, "644|0644|00644|0400|777|4755|04755",
		"|64|47555|0o644|999|rw-r--r--|000644|-644");
	assert_int_equal(rule_mode("0755"), 0755);
}

TEST(unit_names)
{
	expect(&rule_unit, "a.service|a@b.timer|a\\x2db.mount|10-eth.network|a:b.link",
		"|a|.service|a.conf|a/b.service|a b.service|../a.service");
	expect(&rule_drop_in, "a.conf|10-x.conf", "|a|.conf|a/b.conf|a.service");
	assert_true(rule_is_network_unit("a.netdev"));
	assert_false(rule_is_network_unit("a.service"));
}

TEST(texts_of_units)
{
	static const struct {
		const char *text;
		size_t bad;
	} cases[] = {{"[A]\nB=c\n", 0}, {"", 0}, {"# a\n\n; b\n[A]\n", 0},
		{"[A]\nB=c \\\n  d = \\\ne\n", 0}, {"  [A]\n\tB=c", 0}, {"[A]\nB=c \\\n# d\ne", 3},
		{"B=c\n", 1}, {"[A]\nB\n", 2}, {"[A\n", 1}, {"[A]x\n", 1}, {"[A]b]\n", 1},
		{"[A]\n=b\n", 2}, {"[A]\nB=\x1b\n", 2}, {"[]\n", 1}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(rule_bad_unit_line(cases[i].text), cases[i].bad);
}

TEST(lines_of_units_have_a_limit)
{
	char text[2100] = "[A]\n";

	memset(text + 4, 'a', 2047);
	text[5] = '=';
	assert_int_equal(rule_bad_unit_line(text), 0);
	text[4 + 2047] = 'a';
	assert_int_equal(rule_bad_unit_line(text), 2);
}

TEST(sections_of_units)
{
	assert_true(rule_has_section("[A]\n [Install]\n", "Install"));
	assert_false(rule_has_section("[A]\nB=[Install]\n#[Install]\n[Installed]", "Install"));
}

TEST(settings)
{
	expect(&rule_setting, "a|http://a:1,http://b:2|%m", "|a\"b|a\\b|a\nb");
}

TEST(reboot_windows)
{
	expect(&rule_window_start, "23:00|0:0|Thu 23:00|thu 00:59|SUN 5:05",
		"|24:00|23:60|noon|Thu23:00|Thx 1:00|un  1:00|23|Thu|:|1:|:1|1:1x");
	expect(&rule_window_length, "1h|1h30m|90m|1.5h|100ms", "|1|h|1 h|1x|1h30|.h");
}

RUN(t(host_names), t(ssh_keys), t(users_and_hashes), t(paths_and_owners), t(permissions),
	t(unit_names), t(texts_of_units), t(lines_of_units_have_a_limit), t(sections_of_units),
	t(settings), t(reboot_windows))
