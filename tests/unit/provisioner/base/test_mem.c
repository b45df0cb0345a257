#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/mem.h"

TEST(memory_is_zeroed_even_for_nothing)
{
	AUTO(free_p) unsigned char *p = xcalloc(0, 0);
	AUTO(free_p) unsigned char *q = xcalloc(3, 5);

	assert_non_null(p);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(q[i], 0);
}

TEST(size_that_overflows_ends_the_process)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(STDERR_FILENO);
		volatile size_t n = SIZE_MAX / 2;
		free(xreallocarray(NULL, n, 4));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

TEST(taken_pointer_is_not_freed_at_the_end_of_its_scope)
{
	char *kept;

	{
		AUTO(free_p) char *scoped = xstrdup("text");

		kept = TAKE(scoped);
		assert_null(scoped);
	}
	assert_string_equal(kept, "text");
	free(kept);
}

TEST(descriptor_is_closed_at_the_end_of_its_scope_unless_taken)
{
	int closed, kept;

	{
		AUTO(close_p) int a = open("/dev/null", O_RDONLY | O_CLOEXEC);
		AUTO(close_p) int b = open("/dev/null", O_RDONLY | O_CLOEXEC);

		closed = a;
		kept = TAKE_FD(b);
		assert_int_equal(b, -1);
	}
	assert_int_equal(fcntl(closed, F_GETFD), -1);
	assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
	close_p(&kept);
	assert_int_equal(kept, -1);
	close_p(&kept);
}

TEST(text_is_copied_up_to_a_length)
{
	AUTO(free_p) char *s = xstrndup("abcdef", 3);

	assert_string_equal(s, "abc");
}

RUN(t(memory_is_zeroed_even_for_nothing), t(size_that_overflows_ends_the_process),
	t(taken_pointer_is_not_freed_at_the_end_of_its_scope),
	t(descriptor_is_closed_at_the_end_of_its_scope_unless_taken),
	t(text_is_copied_up_to_a_length))
