#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"

#define POLL_US 300000
#define AWAY_US 2000000 /* a server that is being restarted */

static const struct cli_option options[] = {
	{"for", 'f', "STATE", "ready",
		"the state to wait for: accepted, booting, configured, joined, ready"},
	{"timeout", 't', "TIME", "10m", "give up after this long"},
	{"quiet", 'q', NULL, NULL, "say nothing on the way"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* In the order of a life; a node further on than asked has arrived too. */
static const char *const states[] = {"accepted", "booting", "configured", "joined", "ready"};

static int rank_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], state) == 0)
			return (int)i;
	return -1;
}

static bool is_asked_for(const struct cli *cli, const json_t *n)
{
	if (cli->n_args == 0)
		return json_is_true(json_object_get(n, "known"));
	for (size_t i = 0; i < cli->n_args; i++)
		if (strcmp(cli->args[i], client_text(n, "name")) == 0)
			return true;
	return false;
}

/* A name that was given twice is one node. */
static size_t n_different(const struct cli *cli)
{
	size_t n = 0;

	for (size_t i = 0; i < cli->n_args; i++) {
		size_t first = 0;

		while (strcmp(cli->args[first], cli->args[i]) != 0)
			first++;
		n += first == i;
	}
	return n;
}

/* What the last look saw, so that only changes are told. */
struct watch {
	const struct cli *cli;
	json_t *seen; /* name -> state */
	size_t n_asked, n_there;
	bool is_met;      /* the server has answered once */
	char behind[200]; /* the first that is not there, and where it stands */
};

static void look_at(struct watch *w, const json_t *n, int want)
{
	const char *name = client_text(n, "name"), *state = client_text(n, "state");
	const char *before = json_string_value(json_object_get(w->seen, name));

	w->n_asked++;
	if (!before || strcmp(before, state) != 0) {
		(void)json_object_set_new(w->seen, name, json_string(state));
		if (!cli_has(w->cli, "quiet"))
			(void)fprintf(stderr, "%-18s %s\n", name, state);
	}
	if (rank_of(state) >= want)
		w->n_there++;
	else if (!w->behind[0])
		(void)snprintf(w->behind, sizeof(w->behind), "%s is %s after step \"%s\"", name,
			state, client_text(n, "step"));
}

static int look(struct watch *w, int want)
{
	AUTO(client_free_json) json_t *list = NULL;
	int rc = client_get_json(w->cli, "/v1/nodes", &list);
	size_t i;
	json_t *n;

	if (rc != CLI_OK)
		return rc;
	w->is_met = true;
	w->n_asked = w->n_there = 0;
	w->behind[0] = '\0';
	json_array_foreach(list, i, n) if (is_asked_for(w->cli, n)) look_at(w, n, want);
	if (w->n_asked < n_different(w->cli)) {
		cli_complain(w->cli, "not all of these are machines the server knows (slipway "
				     "nodes lists them)");
		return CLI_NOT_FOUND;
	}
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	struct watch w = {.cli = cli, .seen = json_object()};
	int want = rank_of(cli_value(cli, "for"));
	int64_t limit_ms, began_ms = clock_mono_ms();
	char took[HUMAN_SIZE];
	int rc = CLI_OK;

	if (want < 0 || parse_duration_ms(cli_value(cli, "timeout"), &limit_ms) < 0) {
		cli_complain(cli, "--for takes accepted, booting, configured, joined or ready; "
				  "--timeout a time such as 90s");
		json_decref(w.seen);
		return CLI_USAGE;
	}
	for (;;) {
		rc = look(&w, want);
		bool is_away = rc == CLI_NO_SERVER && w.is_met;
		if (!is_away && (rc != CLI_OK || w.n_there == w.n_asked))
			break;
		if (clock_mono_ms() - began_ms > limit_ms) {
			cli_complain(cli, "after %s only %zu of %zu are %s: %s",
				human_duration(limit_ms, took), w.n_there, w.n_asked,
				cli_value(cli, "for"), w.behind);
			rc = CLI_TIMEOUT;
			break;
		}
		(void)usleep(is_away ? AWAY_US : POLL_US);
	}
	json_decref(w.seen);
	return rc;
}

const struct cli_command cmd_wait = {
	.name = "wait",
	.args = "[NODE...]",
	.summary = "wait until nodes are ready (or in another state)",
	.detail = "Without NODE, all nodes of cluster.yaml. Exit status 6 when the time is over.",
	.options = options,
	.max_args = CLI_ARGS_MAX,
	.run = run,
};
