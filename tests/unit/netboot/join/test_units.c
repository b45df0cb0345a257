#include "netboot/join/units.h"

#include <stdlib.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"
#include "tests/unit/test.h"

static struct units *failed(const char *text)
{
	struct units *u = xcalloc(1, sizeof(*u));

	units_read_failed(text, strlen(text), u);
	return u;
}

TEST(failed_units_are_the_first_words)
{
	AUTO(free_p)
	struct units *u = failed("a.service  loaded failed failed A thing\n"
				 "dev-disk-by\\x2dlabel-x.swap loaded failed failed B\n"
				 "getty@tty1.service loaded failed failed C");

	assert_int_equal(u->n, 3);
	assert_string_equal(u->failed[0], "a.service");
	assert_string_equal(u->failed[1], "dev-disk-by\\x2dlabel-x.swap");
	assert_string_equal(u->failed[2], "getty@tty1.service");
}

/* systemd 247 and older print the bullet even with --plain. */
TEST(a_bullet_before_the_name_is_passed_over)
{
	AUTO(free_p)
	struct units *u = failed("\xe2\x97\x8f a.service loaded failed failed A\n"
				 "* b.mount loaded failed failed B\n");

	assert_int_equal(u->n, 2);
	assert_string_equal(u->failed[0], "a.service");
	assert_string_equal(u->failed[1], "b.mount");
}

TEST(what_is_no_unit_name_is_left_out)
{
	AUTO(free_p)
	struct units *u = failed("\n   \nnodot loaded\n\x1b[31m evil\x1b loaded\na/b.service x\n");

	assert_int_equal(u->n, 0);
}

TEST(names_and_their_number_are_bounded)
{
	AUTO(str_done) struct str text = str_init(100000);

	for (int i = 0; i < 40; i++)
		str_printf(&text, "u%d.service failed\n", i);
	AUTO(free_p) struct units *u = failed(text.s);
	assert_int_equal(u->n, UNITS_MAX);

	str_reset(&text);
	for (int i = 0; i < UNITS_NAME_SIZE; i++)
		str_addc(&text, 'a');
	str_add(&text, ".service failed\nb.service failed\n");
	AUTO(free_p) struct units *v = failed(text.s);
	assert_int_equal(v->n, 1);
	assert_string_equal(v->failed[0], "b.service");
}

TEST(the_systems_state_is_one_of_six_words)
{
	static const char *const rows[][2] = {{"running\n", "running"}, {"degraded\n", "degraded"},
		{"initializing\n", "starting"}, {"starting\n", "starting"},
		{"maintenance\n", "maintenance"}, {"stopping\n", "stopping"},
		{"offline\n", "unknown"}, {"", "unknown"}, {"running degraded\n", "unknown"},
		{"runnin", "unknown"}};
	AUTO(free_p) struct units *u = xcalloc(1, sizeof(*u));

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		units_read_system(rows[i][0], strlen(rows[i][0]), u);
		assert_string_equal(u->system, rows[i][1]);
	}
}

RUN(t(failed_units_are_the_first_words), t(a_bullet_before_the_name_is_passed_over),
	t(what_is_no_unit_name_is_left_out), t(names_and_their_number_are_bounded),
	t(the_systems_state_is_one_of_six_words))
