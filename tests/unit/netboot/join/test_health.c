#include "netboot/join/health.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "netboot/join/units.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "tests/unit/test.h"

struct answer {
	struct event_base *base;
	struct units units;
	int n;
};

static void on_health(void *arg, const struct units *units)
{
	struct answer *a = arg;

	a->units = *units;
	a->n++;
	(void)event_base_loopbreak(a->base);
}

/* What comes of asking a `systemctl` that is this script (NULL: there is none). */
static void ask(const char *script, struct answer *ret)
{
	char folder[] = "/tmp/slipway-health.XXXXXX";

	assert_non_null(mkdtemp(folder));
	int dir = dir_open(folder);
	if (script)
		assert_int_equal(file_write(dir, "systemctl", script, strlen(script), 0755), 0);
	assert_int_equal(setenv("PATH", folder, 1), 0);

	*ret = (struct answer){.base = event_base_new()};
	struct health *h = health_new(ret->base, on_health, ret);
	health_ask(h);
	assert_int_equal(ret->n, 0); /* never from within the question */
	health_ask(h);               /* one is under way: nothing happens */
	(void)event_base_dispatch(ret->base);
	health_free(h);
	event_base_free(ret->base);

	(void)unlinkat(dir, "systemctl", 0);
	close_p(&dir);
	assert_int_equal(rmdir(folder), 0);
}

TEST(both_questions_are_asked)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	ask("#!/bin/sh\n"
	    "case $1 in\n"
	    "is-system-running) echo degraded; exit 1 ;;\n"
	    "list-units) [ \"$*\" = 'list-units --failed --plain --no-legend' ] && echo 'a.service "
	    "x' ;;\n"
	    "esac\n",
		a);
	assert_int_equal(a->n, 1);
	assert_string_equal(a->units.system, "degraded");
	assert_int_equal(a->units.n, 1);
	assert_string_equal(a->units.failed[0], "a.service");
	free(a);
}

TEST(without_systemctl_the_answer_is_unknown)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	ask(NULL, a);
	assert_int_equal(a->n, 1);
	assert_string_equal(a->units.system, "unknown");
	assert_int_equal(a->units.n, 0);
	free(a);
}

TEST(one_that_never_answers_is_ended_after_two_seconds)
{
	struct answer *a = xcalloc(1, sizeof(*a));
	int64_t began = clock_mono_ms();

	ask("#!/bin/sh\necho running\nexec /bin/sleep 60\n", a);
	assert_in_range(clock_mono_ms() - began, 1900, 3900);
	assert_string_equal(a->units.system, "unknown");
	free(a);
}

TEST(one_that_never_stops_talking_is_cut_short)
{
	struct answer *a = xcalloc(1, sizeof(*a));
	int64_t began = clock_mono_ms();

	ask("#!/bin/sh\nwhile echo a.service failed; do :; done\n", a);
	assert_true(clock_mono_ms() - began < 1900);
	assert_int_equal(a->units.n, UNITS_MAX);
	free(a);
}

TEST(the_child_sees_neither_the_token_nor_our_descriptors)
{
	struct answer *a = xcalloc(1, sizeof(*a));
	/* Not close-on-exec, as libevent 2.1 makes its client sockets. */
	int leak = fcntl(STDERR_FILENO, F_DUPFD, 77);

	assert_int_equal(leak, 77);
	assert_int_equal(setenv("SLIPWAY_TOKEN", "secret", 1), 0);
	ask("#!/bin/sh\n"
	    "[ -e /proc/$$/fd/77 ] && echo leak.service\n"
	    "[ -n \"$SLIPWAY_TOKEN\" ] && echo token.service\n"
	    "echo fine.service\n",
		a);
	assert_int_equal(a->units.n, 1);
	assert_string_equal(a->units.failed[0], "fine.service");
	assert_int_equal(unsetenv("SLIPWAY_TOKEN"), 0);
	assert_int_equal(close(leak), 0);
	free(a);
}

RUN(t(both_questions_are_asked), t(without_systemctl_the_answer_is_unknown),
	t(one_that_never_answers_is_ended_after_two_seconds),
	t(one_that_never_stops_talking_is_cut_short),
	t(the_child_sees_neither_the_token_nor_our_descriptors))
