#include "provisioner/cli/outcome.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/cli/client.h"

#define PATH_SIZE 1024

void outcome_print_problems(const json_t *reply)
{
	const json_t *problems = json_object_get(reply, "problems"), *p;
	size_t i;

	json_array_foreach(problems, i, p)
	{
		const char *file = client_text(p, "file");

		if (file[0])
			(void)fprintf(stderr, "%s:", file);
		if (client_number(p, "line") > 0)
			(void)fprintf(stderr, "%lld:", client_number(p, "line"));
		if (client_number(p, "column") > 0)
			(void)fprintf(stderr, "%lld:", client_number(p, "column"));
		(void)fprintf(stderr, "%s%s%s\n", file[0] ? " " : "",
			strcmp(client_text(p, "severity"), "warning") == 0 ? "warning: " : "",
			client_text(p, "message"));
	}
	if (client_number(reply, "more") > 0)
		(void)fprintf(stderr, "and %lld more\n", client_number(reply, "more"));
}

static void print_waiting(const json_t *reply, const json_t *g)
{
	if (!json_is_true(json_object_get(g, "waits")))
		return;
	printf("it waits for a restart of slipway serve, to listen on: %s\n"
	       "until then generation %lld is served\n",
		client_text(g, "listening"), client_number(reply, "served"));
}

static void print_published(const json_t *reply)
{
	const json_t *g = json_object_get(reply, "generation");
	long long number = client_number(g, "number"), changed = client_number(g, "changed");
	long long again = client_number(g, "rolled_back_to");

	if (!json_is_true(json_object_get(reply, "is_new"))) {
		printf("nothing to publish: generation %lld (%.12s) is that already\n", number,
			client_text(g, "hash"));
	} else {
		printf("generation %lld (%.12s) is published: %s\n", number, client_text(g, "hash"),
			client_text(g, "summary"));
		if (again > 0)
			printf("it is generation %lld again\n", again);
		printf("%lld node%s get%s something else than before\n", changed,
			changed == 1 ? "" : "s", changed == 1 ? "s" : "");
	}
	print_waiting(reply, g);
	if (json_is_true(json_object_get(reply, "config_differs")))
		puts("cluster.yaml on disk is another one: slipway apply would publish that");
}

/* A mistake in what the operator wrote has a place there; anything else has failed. */
static int status_of(const json_t *reply)
{
	const json_t *p;
	size_t i;

	if (json_is_true(json_object_get(reply, "ok")))
		return CLI_OK;
	json_array_foreach(json_object_get(reply, "problems"), i, p)
	{
		if (strcmp(client_text(p, "severity"), "error") == 0 && client_text(p, "file")[0])
			return CLI_CONFIG;
	}
	return CLI_FAILED;
}

static int print(const struct cli *cli, const json_t *reply)
{
	bool is_ok = json_is_true(json_object_get(reply, "ok"));

	if (cli_is_json(cli)) {
		client_print_json(reply);
		return status_of(reply);
	}
	outcome_print_problems(reply);
	if (is_ok) {
		print_published(reply);
		return CLI_OK;
	}
	cli_complain(
		cli, "nothing has changed: generation %lld stays", client_number(reply, "served"));
	return status_of(reply);
}

int outcome_order(const struct cli *cli, const char *path)
{
	AUTO(client_free_json) json_t *reply = NULL;
	AUTO(str_done) struct str query = str_init(PATH_SIZE);
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *me = getpwuid(getuid());
	const char *name = sudo ? sudo : (me ? me->pw_name : "somebody");

	str_printf(&query, "%s?by=", path);
	str_add_percent(&query, name, strlen(name));
	if (!str_ok(&query)) {
		cli_complain(cli, "your name is too long");
		return CLI_USAGE;
	}
	int rc = client_order_json(cli, str_text(&query), &reply);
	return rc == CLI_OK ? print(cli, reply) : rc;
}
