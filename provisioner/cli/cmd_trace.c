#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/follow.h"
#include "provisioner/cli/pcapng.h"
#include "provisioner/config/content.h"

#define SECONDS_MAX (366 * 86400)
#define COMMENT_SIZE 512
#define PATH_SIZE 160

static const struct cli_option options[] = {
	{"write", 'w', "FILE", NULL,
		"record the packets for Wireshark (pcapng); - is standard output"},
	{"count", 'c', "N", NULL, "stop after N packets"},
	{"seconds", 't', "S", NULL, "stop after S seconds"},
	{"output", 'o', "FORMAT", "text", "text, or json (one object a line)"},
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

struct tracing {
	const struct cli *cli;
	FILE *to;
	const char *name; /* of what `to` writes, or NULL: lines for a person */
	bool as_json;
	uint32_t most; /* packets; 0: no end */
	uint64_t n_packets, n_lost;
	bool has_begun, has_failed;
};

/* --- for Wireshark --------------------------------------------------------------------------------- */

static void write_block(struct tracing *t, const struct wr *w)
{
	if (wr_ok(w) && fwrite(w->p, 1, w->len, t->to) != w->len)
		t->has_failed = true;
}

static void write_begin(struct tracing *t, const char *interface)
{
	uint8_t bytes[PCAPNG_BLOCK_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	pcapng_begin(&w, "slipway " SLIPWAY_VERSION, interface);
	write_block(t, &w);
}

static void write_packet(struct tracing *t, const json_t *line, const char *frame)
{
	AUTO(arena_free_p) struct arena *a = arena_new(PCAPNG_BLOCK_MAX);
	const char *decoded;
	uint8_t bytes[PCAPNG_BLOCK_MAX];
	char comment[COMMENT_SIZE];
	struct wr w = wr_init(bytes, sizeof(bytes));
	const char *node = client_text(line, "node");
	size_t len;

	if (content_decode_base64(a, frame, strlen(frame), &decoded, &len) < 0)
		return;
	(void)snprintf(comment, sizeof(comment), "%s%s%s", node, node[0] ? ": " : "",
		client_text(line, "verdict"));
	struct pcapng_packet p = {.wall_us = client_number(line, "wall_us"),
		.bytes = (const uint8_t *)decoded,
		.len = len,
		.comment = comment,
		.is_outbound = json_is_true(json_object_get(line, "reply")),
		.n_lost = (uint64_t)client_number(line, "lost")};
	pcapng_add(&w, &p);
	write_block(t, &w);
}

static void write_end(struct tracing *t)
{
	uint8_t bytes[PCAPNG_BLOCK_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	pcapng_end(&w, clock_wall_us(), t->n_packets, t->n_lost);
	write_block(t, &w);
}

/* --- for a person ---------------------------------------------------------------------------------- */

static void print_line(const json_t *l)
{
	int64_t wall_us = client_number(l, "wall_us");
	const char *node = client_text(l, "node"), *ends = client_text(l, "ends");
	const char *text = client_text(l, "text");
	char when[CLOCK_TEXT_SIZE];

	(void)clock_text(wall_us / 1000, when);
	printf("%.12s%03d %-3s %s %s %s%s%s%s%s\n", when + 11, (int)(wall_us % 1000),
		json_is_true(json_object_get(l, "reply")) ? "Out" : "In", client_text(l, "mac"),
		node[0] ? node : "-", ends, ends[0] ? ": " : "", text, text[0] ? " => " : "",
		client_text(l, "verdict"));
}

/* --- the stream ------------------------------------------------------------------------------------ */

static void take_packet(struct tracing *t, const json_t *line)
{
	const char *frame = client_text(line, "frame");

	t->n_lost += (uint64_t)client_number(line, "lost");
	if (t->as_json) {
		(void)json_dumpf(line, stdout, JSON_COMPACT);
		(void)putchar('\n');
	} else if (!t->name && client_text(line, "verdict")[0]) {
		print_line(line);
	} else if (t->name && frame[0]) {
		write_packet(t, line, frame);
	} else if (client_text(line, "verdict")[0]) {
		cli_complain(
			t->cli, "%s: %s", client_text(line, "mac"), client_text(line, "verdict"));
	}
	t->n_packets += frame[0] != '\0';
}

static bool on_line(void *arg, const json_t *line)
{
	struct tracing *t = arg;
	const char *interface = client_text(line, "interface"), *note = client_text(line, "note");

	if (note[0]) {
		cli_complain(t->cli, "%s", note);
	} else if (interface[0]) {
		if (!t->has_begun)
			cli_complain(t->cli, "packets of %s; Ctrl-C ends it", interface);
		if (!t->has_begun && t->name)
			write_begin(t, interface);
		t->has_begun = true;
	} else {
		take_packet(t, line);
	}
	return !t->has_failed && (t->most == 0 || t->n_packets < t->most);
}

/* Whoever reads what we write sees it at once. */
static bool on_pause(void *arg)
{
	struct tracing *t = arg;

	if (fflush(t->to) != 0)
		t->has_failed = true;
	return !t->has_failed;
}

static int follow(struct tracing *t, const char *path, uint32_t limit_s)
{
	struct follow f = {.cli = t->cli,
		.path = path,
		.limit_ms = (int64_t)limit_s * 1000,
		.on_line = on_line,
		.on_pause = on_pause,
		.arg = t};
	int rc = follow_run(&f);

	if (t->has_begun && t->name)
		write_end(t);
	if (fflush(t->to) != 0 || t->has_failed) {
		cli_complain(
			t->cli, "%s: %s", t->name ? t->name : "standard output", strerror(errno));
		rc = CLI_FAILED;
	}
	if (t->has_begun)
		cli_complain(
			t->cli, "%" PRIu64 " packets, %" PRIu64 " lost", t->n_packets, t->n_lost);
	return rc;
}

static int make_path(const struct cli *cli, char path[static PATH_SIZE])
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.:-_";
	const char *who = cli->args[0];

	if (who && (!who[0] || strlen(who) > 63 || who[strspn(who, legal)])) {
		cli_complain(cli, "\"%.80s\" is not a node, MAC or address", who);
		return CLI_USAGE;
	}
	(void)snprintf(path, PATH_SIZE, "/v1/trace%s%s", who ? "?match=" : "", who ? who : "");
	return CLI_OK;
}

static int read_options(const struct cli *cli, struct tracing *t, uint32_t *ret_limit_s)
{
	const char *count = cli_value(cli, "count"), *seconds = cli_value(cli, "seconds");

	*ret_limit_s = 0;
	t->name = cli_value(cli, "write");
	t->as_json = cli_is_json(cli);
	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	if ((count && parse_u32(count, 1, UINT32_MAX, &t->most) < 0) ||
		(seconds && parse_u32(seconds, 1, SECONDS_MAX, ret_limit_s) < 0)) {
		cli_complain(cli, "--count and --seconds take a number from 1 on");
		return CLI_USAGE;
	}
	if (t->name && t->as_json) {
		cli_complain(cli, "--write and --output json exclude each other");
		return CLI_USAGE;
	}
	if (t->name && strcmp(t->name, "-") == 0 && isatty(STDOUT_FILENO)) {
		cli_complain(cli, "--write -: standard output is a terminal");
		return CLI_USAGE;
	}
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	struct tracing t = {.cli = cli, .to = stdout};
	char path[PATH_SIZE];
	uint32_t limit_s;

	int rc = read_options(cli, &t, &limit_s);
	if (rc == CLI_OK)
		rc = make_path(cli, path);
	if (rc != CLI_OK)
		return rc;
	bool is_file = t.name && strcmp(t.name, "-") != 0;
	if (is_file)
		t.to = fopen(t.name, "we");
	if (!t.to) {
		cli_complain(cli, "%s: %s", t.name, strerror(errno));
		return CLI_FAILED;
	}
	rc = follow(&t, path, limit_s);
	if (is_file && fclose(t.to) != 0) {
		cli_complain(cli, "%s: %s", t.name, strerror(errno));
		rc = CLI_FAILED;
	}
	return rc;
}

const struct cli_command cmd_trace = {
	.name = "trace",
	.args = "[NODE|MAC|ADDRESS]",
	.summary = "show DHCP and PXE packets as they come and go, and why they were answered so",
	.detail = "Of one machine, or of all. What follows \"=>\" is what the server made of the "
		  "packet; with\n"
		  "--write it is the packet's comment. Nothing in DHCP is secret. Packets that are "
		  "lost because\n"
		  "nobody reads fast enough are counted; the server never waits for a reader.",
	.options = options,
	.max_args = 1,
	.run = run,
};
