#include "tests/unit/test.h"

#include <errno.h>

#include "netboot/boot/distro.h"

static struct arena *arena;
static struct err e;

static int read_it(const char *text, struct distro *ret)
{
	arena_free(arena);
	arena = arena_new((size_t)1 << 20);
	return distro_read(arena, "x.yaml", text, strlen(text), ret, &e);
}

static const struct distro_input input = {.version = "1.2",
	.config_url = "http://s/n/x/config",
	.image_url = "http://s/images/x/1.2",
	.console = ""};

TEST(names_and_arguments_are_filled_in)
{
	struct distro d;
	struct distro_plan p;

	/* A plain scalar that holds "{{" inside is text to YAML; one that begins with it is quoted. */
	assert_int_equal(read_it("name: x\ntitle: X\nconfig: ignition-3.3\nboot: {kernel: \"k-{{ "
				 "version }}\", "
				 "initrds: [a, b]}\nargs:\n  - one\n  - url={{ config_url }}\n"
				 "  - \"{% if console %}console={{ console }}{% endif %}\"\n",
				 &d),
		0);
	assert_int_equal(d.config, CONFIG_IGNITION);
	assert_int_equal(distro_plan(arena, &d, &input, &p, &e), 0);
	assert_string_equal(p.kernel, "k-1.2");
	assert_int_equal(p.n_initrds, 2);
	assert_string_equal(p.args, "one url=http://s/n/x/config");
	assert_string_equal(p.rootfs, "");
}

TEST(argument_with_a_blank_would_be_two)
{
	struct distro d;
	struct distro_plan p;

	assert_int_equal(
		read_it("name: x\ntitle: X\nconfig: cloud-config\nboot: {kernel: k}\nargs: [a b]\n",
			&d),
		0);
	assert_true(distro_plan(arena, &d, &input, &p, &e) < 0);
	assert_string_equal(
		e.msg, "\"a b\" is not one kernel argument, without blanks, quotes, \\ and ${");
	assert_int_equal(e.at.line, 5);
}

TEST(file_name_that_would_break_a_script_is_refused)
{
	static const char *const kernels[] = {
		"a b", "../k", "k || shell", "${uuid}", "k'", ".k", "k/x"};
	AUTO(str_done) struct str text = str_init(1024);
	struct distro d;
	struct distro_plan p;

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		str_reset(&text);
		str_printf(&text,
			"name: x\ntitle: X\nconfig: cloud-config\nboot:\n  kernel: \"%s\"\n",
			kernels[i]);
		assert_int_equal(read_it(str_text(&text), &d), 0);
		assert_int_equal(distro_plan(arena, &d, &input, &p, &e), -EINVAL);
		assert_int_equal(e.at.line, 5);
	}
}

TEST(unknown_name_is_an_error_at_the_line_of_the_file)
{
	struct distro d;
	struct distro_plan p;

	assert_int_equal(read_it("name: x\ntitle: X\nconfig: cloud-config\nboot: {kernel: "
				 "k}\nargs:\n  - a={{ nope }}\n",
				 &d),
		0);
	assert_true(distro_plan(arena, &d, &input, &p, &e) < 0);
	assert_int_equal(e.at.line, 6);
}

TEST(incomplete_or_wrong_files_are_refused)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"name: x\n", "boot is missing: kernel and initrds"},
		{"name: x\ntitle: X\nboot: {kernel: k}\n", "config is missing"},
		{"name: x\ntitle: X\nconfig: yaml\nboot: {kernel: k}\n",
			"config: \"yaml\" is not one of ignition-3.3, ignition-3.3-fcos, cloud-config, "
			"cloud-config-flatcar, cloud-init"},
		{"name: x\ntitle: X\nconfig: cloud-config\nboot: {}\n", "kernel is missing"},
		{"name: x\ntitle: X\nconfig: cloud-config\nboot: {kernel: k, initrds: a}\n",
			"boot.initrds: expected a list of at most 8 files"},
	};
	struct distro d;
	struct distro_plan p;

	assert_int_equal(
		read_it("name: x\ntitle: X\nconfig: cloud-config\nboot: {kernel: k}\n", &d), 0);
	assert_int_equal(distro_plan(arena, &d, &input, &p, &e), 0);
	assert_string_equal(p.unified, ""); /* nobody has to make one */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(read_it(rows[i].text, &d) < 0);
		assert_string_equal(e.msg, rows[i].error);
	}
}

RUN(t(names_and_arguments_are_filled_in), t(argument_with_a_blank_would_be_two),
	t(file_name_that_would_break_a_script_is_refused),
	t(unknown_name_is_an_error_at_the_line_of_the_file),
	t(incomplete_or_wrong_files_are_refused))
