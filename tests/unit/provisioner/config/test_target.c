#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

#define COREOS (1u << CONFIG_COREOS)
#define FLATCAR (1u << CONFIG_FLATCAR)
#define IGNITION (1u << CONFIG_IGNITION)
#define OTHERS (FLATCAR | IGNITION)

/* What each kind says to a config body: `refused` is the set of kinds that give the message. */
struct point {
	const char *body;
	unsigned refused;
	const char *message;
};

static void expect_of(enum config_kind kind, const struct point *p)
{
	struct golden g = golden_init();
	char buf[1024] = "nothing";

	golden_read_body(&g, p->body);
	int rc = config_emit(kind, g.c, &g.out, &g.errors);
	if (g.errors.n > 0)
		err_text(&g.errors.list[0], buf, sizeof(buf));
	if (!(p->refused & 1u << kind)) {
		if (rc != 0 || g.errors.n != 0)
			fail_msg("%s as %s: %s", p->body, config_kind_name(kind), buf);
	} else if (rc != -EINVAL || g.errors.n != 1 || !strstr(buf, p->message) || g.out.len > 0) {
		fail_msg("%s as %s: rc %d, %zu errors, got \"%s\", want \"%s\"", p->body,
			config_kind_name(kind), rc, g.errors.n, buf, p->message);
	}
	golden_done(&g);
}

static void expect(const struct point *points, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++)
			expect_of(k, &points[i]);
}
#define EXPECT(...)                                               \
	do {                                                      \
		static const struct point list[] = {__VA_ARGS__}; \
		expect(list, ARRAY_LEN(list));                    \
	} while (0)

TEST(hyphens_are_for_coreos_alone)
{
	EXPECT({"write-files: [{path: /a}]", OTHERS,
		       "test:2:1: write write_files: Flatcar ignores keys with hyphens in silence"},
		{"coreos: {units: [{name: a.service, drop-ins: []}]}", OTHERS, "write drop_ins"},
		{"coreos: {update: {reboot-strategy: off}}", OTHERS,
			"test:2:19: write reboot_strategy"});
}

TEST(flatcar_cuts_host_names_at_their_first_dot)
{
	EXPECT({"hostname: a.example.internal", FLATCAR, "test:2:11: hostname: Flatcar cuts"},
		{"hostname: a", 0, ""});
}

TEST(special_modes_are_lost_by_cloudinit)
{
	EXPECT({"write_files: [{path: /a, permissions: \"4755\"}]", COREOS | FLATCAR | IGNITION,
		"/a: setuid, setgid and sticky would be lost"});
}

TEST(settings_of_programs_that_are_gone_need_their_unit)
{
	EXPECT({"coreos: {fleet: {verbosity: 1}}", OTHERS,
		       "test:2:29: coreos.fleet: CoreOS was the last"},
		{"coreos: {flannel: {ip_masq: \"true\"}}", OTHERS,
			"bring flanneld.service with its content under coreos.units"},
		{"coreos: {etcd2: {name: a}}", FLATCAR, "bring etcd2.service"},
		{"coreos: {fleet: {verbosity: 1}, units: [{name: fleet.service, content: "
		 "\"[Unit]\"}]}",
			0, ""},
		{"write_files: [{path: /etc/systemd/system/flanneld.service}]\n"
		 "coreos: {flannel: {ip_masq: \"true\"}}",
			0, ""});
}

TEST(enabling_alone_starts_nothing_in_memory)
{
	EXPECT({"coreos: {units: [{name: docker.service, enable: true}]}", COREOS | FLATCAR,
		       "docker.service: enable starts nothing before the next boot"},
		{"coreos: {units: [{name: docker.service, enable: true, command: restart}]}", 0,
			""},
		{"coreos:\n  units:\n    - {name: a.service, enable: true}\n"
		 "    - {name: a.service, command: start}",
			0, ""});
}

TEST(a_file_and_a_unit_of_one_path)
{
	EXPECT({"write_files: [{path: /etc/systemd/system/a.service}]\n"
		"coreos: {units: [{name: a.service, content: \"[Unit]\"}]}",
		COREOS | FLATCAR | IGNITION, "also"});
}

TEST(kinds_are_found_by_their_names)
{
	enum config_kind kind = CONFIG_KINDS;

	for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++) {
		assert_true(config_kind_find(config_kind_name(k), &kind));
		assert_int_equal(kind, k);
		assert_non_null(strstr(config_kind_names(), config_kind_name(k)));
		assert_non_null(strchr(config_media_type(k), '/'));
		assert_true(config_kind_title(k)[0] != '\0');
	}
	kind = CONFIG_FLATCAR;
	assert_false(config_kind_find("ignition", &kind));
	assert_int_equal(kind, CONFIG_FLATCAR);
}

RUN(t(hyphens_are_for_coreos_alone), t(flatcar_cuts_host_names_at_their_first_dot),
	t(special_modes_are_lost_by_cloudinit),
	t(settings_of_programs_that_are_gone_need_their_unit),
	t(enabling_alone_starts_nothing_in_memory), t(a_file_and_a_unit_of_one_path),
	t(kinds_are_found_by_their_names))
