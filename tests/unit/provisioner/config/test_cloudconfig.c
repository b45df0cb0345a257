#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>
#include <zlib.h>

#include "provisioner/config/content.h"

/* What must be refused, and the words that must say so. `body` stands below the header: line 2. */
struct refusal {
	const char *body, *message;
};

static void expect_refusals(const struct refusal *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct golden g = golden_init();
		char *text = arena_printf(g.arena, "#cloud-config\n%s", r[i].body),
		     buf[1024] = "nothing";

		int rc = cloudconfig_read(g.arena, "test", text, strlen(text), &g.c, &g.errors);
		if (g.errors.n > 0)
			err_text(&g.errors.list[0], buf, sizeof(buf));
		if (rc != -EINVAL || g.errors.n != 1 || !strstr(buf, r[i].message))
			fail_msg("%s\n  rc %d, %zu errors, got \"%s\"\n  want \"%s\"", r[i].body,
				rc, g.errors.n, buf, r[i].message);
		golden_done(&g);
	}
}
#define EXPECT_REFUSALS(...)                                        \
	do {                                                        \
		static const struct refusal list[] = {__VA_ARGS__}; \
		expect_refusals(list, ARRAY_LEN(list));             \
	} while (0)

TEST(keys_that_nobody_knows_are_refused)
{
	EXPECT_REFUSALS(
		{"hostnam: a", "test:2:1: hostnam: unknown key; did you mean \"hostname\"?"},
		{"zzz: 1", "test:2:1: zzz: unknown key"},
		{"coreos: {etcd2: {nam: a}}",
			"coreos.etcd2.nam: unknown key; did you mean \"name\"?"},
		{"runcmd: [ls]", "runcmd: not a key of cloud-config here: coreos-cloudinit does "
				 "not know it; write a unit"},
		{"users: [{name: a, sudo: all}]", "users[0].sudo: not a key of cloud-config here"},
		{"coreos: {units: [{name: a.service, contents: b}]}",
			"cloud-config calls it content"},
		{"coreos: {write_files: []}", "it belongs to the top level, not below coreos"},
		{"coreos: {etcd: {initial_cluster: a}}",
			"coreos.etcd.initial_cluster: not a key of cloud-config here: etcd 0.4 has "
			"no such option"});
}

TEST(types_are_strict)
{
	EXPECT_REFUSALS(
		{"hostname: [a]", "test:2:11: hostname: here belongs a single value, not a list"},
		{"hostname:", "hostname: has no value"}, {"hostname: ~", "hostname: has no value"},
		{"hostname: !!int a", "a YAML tag has no place here"},
		{"ssh_authorized_keys: ssh-rsa AAAA a", "ssh_authorized_keys: here belongs a list"},
		{"ssh_authorized_keys: {a: b}",
			"here belongs a list (lines that begin with \"- \"), not a map"},
		{"users: [core]", "users[0]: here belongs a map"},
		{"users: {name: core}", "users: here belongs a list"},
		{"users: [{name: a, groups: sudo}]", "users[0].groups: here belongs a list"},
		{"coreos: []", "coreos: here belongs a map"},
		{"coreos: {etcd2: a}", "coreos.etcd2: here belongs a map"},
		{"coreos: {units: [{name: a.service, enable: yes}]}",
			"coreos.units[0].enable: \"yes\" is not true or false"},
		{"coreos: {units: [{name: a.service, enable: 'true'}]}",
			"is not true or false (without quotes)"},
		{"coreos: {etcd2: {election_timeout: fast}}",
			"coreos.etcd2.election_timeout: \"fast\" is not a whole number"},
		{"coreos: {etcd2: {election_timeout: \"5\"}}",
			"is not a whole number (without quotes)"},
		{"coreos: {etcd2: {election_timeout: 99999999999}}", "is not a whole number"},
		{"coreos: {fleet: {etcd_request_timeout: 1.}}", "is not a number"},
		{"coreos: {etcd2: {debug: 1}}", "coreos.etcd2.debug: \"1\" is not true or false"},
		{"- a", "test:2:1: here belongs a map"}, {"a", "test:2:1: here belongs a map"});
}

TEST(values_outside_their_rule_are_refused)
{
	EXPECT_REFUSALS({"hostname: Node_1", "hostname: \"Node_1\" is not a host name"},
		{"hostname: localhost", "is not a host name"},
		{"manage_etc_hosts: true", "\"true\" is not localhost"},
		{"ssh_authorized_keys: [AAAA]",
			"ssh_authorized_keys[0]: \"AAAA\" is not a public SSH key"},
		{"users: [{name: Core}]", "users[0].name: \"Core\" is not a user or group name"},
		{"users: [{name: a, passwd: secret}]",
			"users[0].passwd: \"secret\" is not a password hash"},
		{"users: [{name: a, shell: bash}]",
			"users[0].shell: \"bash\" is not an absolute path"},
		{"users: [{passwd: '*'}]", "users[0]: name is missing"},
		{"write_files: [{path: etc/a}]",
			"write_files[0].path: \"etc/a\" is not an absolute path"},
		{"write_files: [{path: /etc/../a}]", "is not an absolute path"},
		{"write_files: [{content: a}]", "write_files[0]: path is missing"},
		{"write_files: [{path: /a, permissions: 0o644}]",
			"write_files[0].permissions: \"0o644\" is not a file mode"},
		{"write_files: [{path: /a, permissions: rw-r--r--}]", "is not a file mode"},
		{"write_files: [{path: /a, permissions: 47555}]", "is not a file mode"},
		{"write_files: [{path: /a, owner: \"a b\"}]", "is not an owner like"},
		{"write_files: [{path: /a, encoding: b65}]",
			"\"b65\" is not base64, b64, gz, gzip, gz+base64, gzip+base64, gz+b64 or "
			"gzip+b64"},
		{"coreos: {units: [{name: a}]}",
			"coreos.units[0].name: \"a\" is not a unit's name"},
		{"coreos: {units: [{name: a/b.service}]}", "is not a unit's name"},
		{"coreos: {units: [{name: a.service, command: begin}]}",
			"\"begin\" is not start, stop, restart, reload,"},
		{"coreos: {units: [{name: a.service, content: \"[Service]\\nExecStart\"}]}",
			"coreos.units[0].content: line 2 of it does not belong into a systemd "
			"file"},
		{"coreos: {units: [{name: a.service, drop_ins: [{name: b, content: \"[A]\"}]}]}",
			"coreos.units[0].drop_ins[0].name: \"b\" is not a drop-in's name"},
		{"coreos: {units: [{name: a.service, drop_ins: [{name: b.conf}]}]}",
			"drop_ins[0]: content is missing"},
		{"coreos: {etcd2: {proxy: yes}}", "\"yes\" is not on, off or readonly"},
		{"coreos: {etcd2: {initial_cluster_state: old}}", "\"old\" is not new or existing"},
		{"coreos: {etcd2: {name: 'a\"b'}}", "is not a value of one line"},
		{"coreos: {etcd: {discovery: example.org/x}}", "is not an address like"},
		{"coreos: {etcd2: {discovery: ftp://a/b}}", "is not an address like"},
		{"hostname: a1234567890123456789012345678901234567890.a123456789012345678901234",
			"64 bytes at most"},
		{"coreos: {update: {reboot_strategy: best-effort}}",
			"\"best-effort\" is not etcd-lock, reboot or off"},
		{"coreos: {update: {reboot_strategy: false}}", "\"false\" is not etcd-lock"},
		{"coreos: {locksmith: {window_start: noon}}", "is not a time of the day"},
		{"coreos: {locksmith: {window_length: 1 hour}}", "is not a duration"});
}

TEST(what_a_target_would_drop_in_silence_is_refused)
{
	EXPECT_REFUSALS({"coreos: {etcd2: {debug: false}}",
				"coreos.etcd2.debug: coreos-cloudinit drops false in silence"},
		{"coreos: {etcd2: {max_wals: 0}}", "drops 0 in silence"},
		{"coreos: {fleet: {etcd_request_timeout: 0.0}}", "drops 0.0 in silence"},
		{"hostname: a\nwrite_files: [{path: /a, content: $private_ipv4}]",
			"test:3:35: $private_ipv4 is empty on bare metal; write the address itself "
			"(or \\$private_ipv4 for this very text)"},
		{"write_files: [{path: /usr/local/a}]", "nothing can be written below /usr"},
		{"write_files: [{path: /usrx/a}]", "nothing can be written below /usr"},
		{"coreos: {oem: {name: a}}", "coreos.oem has no effect without an id"},
		{"coreos: {units: [{name: a.network, enable: true}]}",
			"a.network is read by systemd-networkd: enable has no effect"},
		{"coreos: {units: [{name: a.netdev, command: start}]}", "command has no effect"},
		{"coreos: {units: [{name: a.service, mask: true, command: start}]}",
			"a.service is masked"},
		{"coreos: {units: [{name: a.service}]}",
			"test:2:25: a.service: a name alone has no effect"},
		{"write_files:\n  - path: /a/b/c\n  - path: /a-b\n  - path: /a",
			"test:3:11: /a/b/c: /a is a file, in line 5, and can not be a folder"},
		{"coreos: {units: [{name: a.service, enable: true, content: \"[Service]\"}]}",
			"it has no [Install] section"});
}

TEST(nothing_may_be_there_twice)
{
	EXPECT_REFUSALS({"hostname: a\nhostname: b", "key \"hostname\" was already given"},
		{"write_files:\n  - path: /a\n  - path: /b\n  - path: /a",
			"test:5:11: the file \"/a\" is already there, in line 3"},
		{"users: [{name: a}, {name: a}]", "the user \"a\" is already there, in line 2"},
		{"coreos: {units: [{name: a.service, command: stop}, {name: a.service, enable: "
		 "true}]}",
			"the unit \"a.service\" is already there, in line 2; only a command may "
			"follow it"},
		{"coreos: {units: [{name: a.service, drop_ins: [{name: b.conf, content: '[A]'}, "
		 "{name: b.conf, content: '[A]'}]}]}",
			"the drop-in \"b.conf\" is already there"},
		{"write-files: []\nwrite_files: []",
			"test:3:1: write_files: was already given in line 2, as write-files"},
		{"coreos: {units: [{name: a.service, drop_ins: [], drop-ins: []}]}",
			"coreos.units[0].drop-ins: was already given in line 2, as drop_ins"},
		{"coreos: {etcd2: {data-dir: /a, data_dir: /b}}",
			"coreos.etcd2.data_dir: was already given in line 2, as data-dir"},
		{"manage_etc_hosts: localhost\nwrite_files: [{path: /etc/hosts}]",
			"manage_etc_hosts in line 2 writes /etc/hosts, too"});
}

TEST(content_that_can_not_be_decoded_is_refused)
{
	EXPECT_REFUSALS({"write_files: [{path: /a, encoding: b64, content: \"a b\"}]",
				"the content of /a is not base64"},
		{"write_files: [{path: /a, encoding: gz+b64, content: aGVsbG8=}]",
			"the content of /a is not a gzip file"},
		{"write_files: [{path: /a, encoding: gzip, content: hello}]", "write gzip+base64"},
		{"write_files: [{path: /a, encoding: gz, content: }]", "is not a gzip file"},
		{"write_files: [{path: /a, encoding: gz+b64, content: H4sIAAAAAAACAwMAAAA=}]",
			"the content of /a is not a gzip file"},
		{"write_files: [{path: /a, content: !!binary \"?\"}]",
			"the content of /a is not base64"});
}

static int read_raw(struct golden *g, const char *text, size_t len)
{
	return cloudconfig_read(g->arena, "test", text, len, &g->c, &g->errors);
}

TEST(the_first_line_is_the_header)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {{"#cloud-config", 0}, {"#cloud-config \t\r\nhostname: a\r\n", 0},
		{"#cloud-config\n---\n", 0}, {"", -EINVAL}, {"\n#cloud-config\n", -EINVAL},
		{"\xef\xbb\xbf#cloud-config\n", -EINVAL}, {"#cloud-configs\n", -EINVAL},
		{"#!/bin/sh\n", -EINVAL}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g = golden_init();

		assert_int_equal(read_raw(&g, cases[i].text, strlen(cases[i].text)), cases[i].rc);
		assert_int_equal(g.errors.n, cases[i].rc < 0);
		golden_done(&g);
	}
}

TEST(yaml_beyond_its_limits_is_refused_with_the_limit)
{
	static const struct {
		const char *head, *more;
		size_t times;
		const char *message;
	} cases[] = {
		{"a: ", "[", 20, "more than 16 levels of nesting"},
		{"a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nb: [", "*a, ", 1200,
			"more than 10000 nodes reached through aliases"},
		{"a: [", "1, ", 120000, "more than 100000 values in one document"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g = golden_init();
		AUTO(str_done) struct str text = str_init(CLOUDCONFIG_MAX);
		char buf[1024] = "nothing";

		str_printf(&text, "#cloud-config\n%s", cases[i].head);
		for (size_t n = 0; n < cases[i].times; n++)
			str_add(&text, cases[i].more);
		assert_true(read_raw(&g, str_text(&text), text.len) < 0);
		err_text(&g.errors.list[0], buf, sizeof(buf));
		if (!strstr(buf, cases[i].message) || strncmp(buf, "test:", 5) != 0)
			fail_msg("got \"%s\", want \"%s\"", buf, cases[i].message);
		golden_done(&g);
	}
}

TEST(a_little_gzip_file_that_unpacks_to_much_is_refused)
{
	struct golden g = golden_init();
	AUTO(free_p) char *zeros = xcalloc(CONTENT_UNPACKED_MAX + 1, 1);
	AUTO(free_p) char *packed = xcalloc((size_t)64 << 10, 1);
	AUTO(str_done) struct str text = str_init(CLOUDCONFIG_MAX);
	z_stream z = {.next_in = (Bytef *)zeros,
		.avail_in = (uInt)CONTENT_UNPACKED_MAX + 1,
		.next_out = (Bytef *)packed,
		.avail_out = 64 << 10};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	str_add(&text, "#cloud-config\nwrite_files: [{path: /a, encoding: gz+b64, content: ");
	str_add_base64(&text, packed, z.total_out);
	str_add(&text, "}]\n");
	(void)deflateEnd(&z);
	assert_int_equal(read_raw(&g, str_text(&text), text.len), -EINVAL);
	assert_non_null(strstr(g.errors.list[0].msg, "the content of /a is too large"));
	golden_done(&g);
}

TEST(what_is_not_cloud_config_is_named)
{
	static const struct {
		const char *text, *message;
	} cases[] = {{"#!/bin/sh\n", "this is a script"}, {"{\"ignition\": {}}", "this is JSON"},
		{"Content-Type: multipart/mixed; boundary=x\n", "this is MIME"},
		{"\x1f\x8b\x08", "this is a gzip file"},
		{"\xef\xbb\xbf#cloud-config", "byte order"}, {"\n#cloud-config", "(it is empty)"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct golden g = golden_init();

		assert_int_equal(read_raw(&g, cases[i].text, strlen(cases[i].text)), -EINVAL);
		assert_non_null(strstr(g.errors.list[0].msg, cases[i].message));
		golden_done(&g);
	}
}

TEST(hyphens_are_underscores_that_are_remembered)
{
	struct golden g = golden_init();

	golden_read_body(&g, "write-files: [{path: /a}]\n"
			     "coreos: {update: {reboot-strategy: off}}\n");
	assert_int_equal(g.c->files.n, 1);
	assert_int_equal(g.c->hyphened.n, 2);
	assert_string_equal(g.c->hyphened.items[1].text, "reboot_strategy");
	assert_int_equal(g.c->hyphened.items[1].at.line, 3);
	golden_done(&g);
}

TEST(twenty_errors_are_collected)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str text = str_init(4096);

	str_add(&text, "#cloud-config\n");
	for (int i = 0; i < 25; i++)
		str_printf(&text, "zzzz%d: 1\n", i);
	assert_int_equal(read_raw(&g, str_text(&text), text.len), -EINVAL);
	assert_int_equal(g.errors.n, ERR_LIST_MAX);
	assert_int_equal(g.errors.dropped, 5);
	assert_int_equal(g.errors.list[19].at.line, 21);
	golden_done(&g);
}

TEST(a_wrong_value_is_shown_escaped_and_cut)
{
	struct golden g = golden_init();
	char text[400] = "#cloud-config\nhostname: \"\\e[2J\\e[2J";

	memset(text + strlen(text), 'x', 300);
	text[sizeof(text) - 2] = '"';
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = text[i] ? text[i] : 'x';
	assert_int_equal(read_raw(&g, text, strlen(text)), -EINVAL);
	assert_null(strchr(g.errors.list[0].msg, '\x1b'));
	assert_non_null(strstr(g.errors.list[0].msg, "\\x1b[2J\\x1b[2Jxxxx"));
	assert_true(strlen(g.errors.list[0].msg) < 250);
	golden_done(&g);
}

TEST(a_config_beyond_the_limits_is_refused)
{
	struct golden g = golden_init();
	AUTO(free_p) char *text = xcalloc(CLOUDCONFIG_MAX + 2, 1);

	memset(text, ' ', CLOUDCONFIG_MAX + 1);
	memcpy(text, "#cloud-config\n", 14);
	assert_int_equal(read_raw(&g, text, CLOUDCONFIG_MAX + 1), -E2BIG);
	assert_int_equal(g.errors.n, 1);
	memset(text + 14, '[', 1000);
	assert_true(read_raw(&g, text, 1014) < 0);
	golden_done(&g);
}

TEST(an_arena_too_small_is_an_error_not_a_crash)
{
	static const char text[] =
		"#cloud-config\nwrite_files: [{path: /a, content: hello}, {path: /b}]\n"
		"coreos: {etcd2: {name: a}, units: [{name: a.service}]}\n";

	for (size_t max = 1; max < 20000; max += 37) {
		struct arena *a = arena_new(max);
		struct err_list errors = {0};
		struct cloudconfig *c = NULL;

		int rc = cloudconfig_read(a, "test", text, strlen(text), &c, &errors);
		assert_true(rc == 0 ? c != NULL && errors.n == 0 : errors.n > 0);
		arena_free(a);
	}
}

TEST(the_model_holds_what_was_written)
{
	struct golden g = golden_init();

	golden_read_body(&g,
		"hostname: a\n"
		"users: [{name: u, system: true, groups: [x, y]}]\n"
		"write_files: [{path: /f, permissions: 755, encoding: b64, content: "
		"\"aGVs\\nbG8=\"}, {path: /g, content: }]\n"
		"coreos:\n  etcd2: {name: no}\n  units: [{name: s.service, command: start}]\n");
	assert_string_equal(g.c->hostname.text, "a");
	assert_int_equal(g.c->hostname.at.line, 2);
	assert_true(g.c->users.items[0].system);
	assert_string_equal(g.c->users.items[0].groups.items[1].text, "y");
	assert_int_equal(g.c->files.items[0].mode, 0755);
	assert_int_equal(g.c->files.items[0].data.len, 5);
	assert_string_equal(g.c->files.items[0].data.text, "hello");
	assert_int_equal(g.c->files.items[1].data.len, 0);
	assert_int_equal(g.c->files.items[1].mode, 0644);
	assert_null(g.c->sections[CC_FLEET]);
	assert_string_equal(g.c->units.items[0].command.text, "start");
	golden_done(&g);
}

TEST(a_guarded_variable_is_only_text)
{
	struct golden g = golden_init();

	golden_read_body(
		&g, "write_files:\n  - path: /a\n    content: |\n      IP=\\$public_ipv4 $HOME\n");
	assert_string_equal(g.c->files.items[0].data.text, "IP=$public_ipv4 $HOME\n");
	golden_done(&g);
}

TEST(empty_lists_and_maps_are_fine)
{
	struct golden g = golden_init();

	golden_read_body(
		&g, "ssh_authorized_keys:\nusers: []\nwrite_files:\ncoreos:\n  etcd2:\n  units:\n");
	assert_int_equal(
		g.c->files.n + g.c->users.n + g.c->units.n + g.c->ssh_authorized_keys.n, 0);
	golden_done(&g);
}

RUN(t(yaml_beyond_its_limits_is_refused_with_the_limit),
	t(hyphens_are_underscores_that_are_remembered),
	t(a_little_gzip_file_that_unpacks_to_much_is_refused), t(what_is_not_cloud_config_is_named),
	t(keys_that_nobody_knows_are_refused), t(types_are_strict),
	t(values_outside_their_rule_are_refused), t(what_a_target_would_drop_in_silence_is_refused),
	t(nothing_may_be_there_twice), t(content_that_can_not_be_decoded_is_refused),
	t(the_first_line_is_the_header), t(twenty_errors_are_collected),
	t(a_wrong_value_is_shown_escaped_and_cut), t(a_config_beyond_the_limits_is_refused),
	t(an_arena_too_small_is_an_error_not_a_crash), t(the_model_holds_what_was_written),
	t(a_guarded_variable_is_only_text), t(empty_lists_and_maps_are_fine))
