#include <stdio.h>
#include <string.h>

#include "provisioner/base/human.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/table.h"

#define QUEUE_SHOWN 10 /* of those that load, and of those that wait: -o json has all */

static const struct cli_option options[] = {
	{"counters", 'c', NULL, NULL, "all counters, and what each means"},
	{"output", 'o', "FORMAT", "text", "text or json"},
	CLI_JSON_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

/* Other DHCP servers on the internal network. */
static void print_rivals(const json_t *rivals)
{
	const json_t *r;
	size_t i;

	json_array_foreach(rivals, i, r)
	{
		const char *mac = client_text(r, "mac"), *offered = client_text(r, "offered");

		printf("%-11s %s%s%s%s%s%s\n", i ? "" : "rivals", client_text(r, "address"),
			mac[0] ? " (" : "", mac, mac[0] ? ")" : "", offered[0] ? ", offered " : "",
			offered);
	}
}

/* One that loads, or one that waits. */
static void print_queued(const json_t *q)
{
	char bytes[HUMAN_SIZE], size[HUMAN_SIZE], so_far[HUMAN_SIZE], expected[HUMAN_SIZE];
	const char *node = client_text(q, "node");
	long long expected_ms = client_number(q, "expected_ms");
	bool is_loading = strcmp(client_text(q, "state"), "loading") == 0;

	printf("  %-22s ", node[0] ? node : client_text(q, "address"));
	(void)human_duration(client_number(q, "for_ms"), so_far);
	if (is_loading)
		printf("loads %s by %s: %s of %s in %s", client_text(q, "file"),
			strcmp(client_text(q, "protocol"), "tftp") == 0 ? "TFTP" : "HTTP",
			human_bytes((uint64_t)client_number(q, "bytes"), bytes),
			human_bytes((uint64_t)client_number(q, "size"), size), so_far);
	else
		printf("waits at place %lld for %s", client_number(q, "place"), so_far);
	if (expected_ms >= 0)
		printf(", about %s %s", human_duration(expected_ms, expected),
			is_loading ? "to go" : "until its turn");
	(void)putchar('\n');
}

/* Who loads images and who waits for that. The first of each are shown: a hall is long. */
static void print_queue(const json_t *queue)
{
	long long shown[2] = {0, 0}, waiting = client_number(queue, "waiting");
	long long rate = client_number(queue, "bytes_per_s"), expected_ms = -1;
	char per_s[HUMAN_SIZE], expected[HUMAN_SIZE];
	const json_t *nodes = json_object_get(queue, "nodes"), *q;
	size_t i;

	if (client_number(queue, "loading") + waiting == 0)
		return;
	json_array_foreach(nodes, i, q) expected_ms = client_number(q, "expected_ms");
	printf("queue       %lld of %lld load", client_number(queue, "loading"),
		client_number(queue, "slots"));
	if (rate > 0)
		printf(" at %s/s", human_bytes((uint64_t)rate, per_s));
	printf(", %lld wait", waiting);
	if (waiting > 0 && expected_ms >= 0)
		printf("; the last for about %s", human_duration(expected_ms, expected));
	(void)putchar('\n');
	json_array_foreach(nodes, i, q)
	{
		if (shown[strcmp(client_text(q, "state"), "loading") == 0]++ < QUEUE_SHOWN)
			print_queued(q);
	}
	for (i = 0; i < ARRAY_LEN(shown); i++)
		if (shown[i] > QUEUE_SHOWN)
			printf("  ... and %lld more that %s\n", shown[i] - QUEUE_SHOWN,
				i ? "load" : "wait");
}

/* All that nodes boot; the cluster's own is the first. */
static void print_images(const json_t *images)
{
	const json_t *image;
	size_t i;

	json_array_foreach(images, i, image)
	{
		const char *reason = client_text(image, "reason");
		const char *signer = client_text(image, "signer");

		printf("%-11s %s/%s, %s%s%s", i ? "" : "image", client_text(image, "name"),
			client_text(image, "version"), client_text(image, "state"),
			reason[0] ? ": " : "", reason);
		if (strcmp(client_text(image, "state"), "good") == 0)
			printf("; signer: %s", signer[0] ? signer : "unverified");
		(void)putchar('\n');
	}
}

static void print_status(const json_t *s)
{
	char up[HUMAN_SIZE];
	const char *name;
	json_t *v;

	printf("cluster     %s\n", client_text(s, "cluster"));
	printf("internal    %s, %s\n", client_text(s, "interface"), client_text(s, "address"));
	print_images(json_object_get(s, "images"));
	printf("generation  %lld (%.12s), %lld nodes\n", client_number(s, "generation"),
		client_text(s, "generation_hash"), client_number(s, "nodes"));
	if (client_number(s, "generation_published") > client_number(s, "generation"))
		printf("waiting     generation %lld, for a restart of slipway serve\n",
			client_number(s, "generation_published"));
	if (json_is_true(json_object_get(s, "config_differs")))
		puts("on disk     cluster.yaml is not what is published: slipway apply publishes "
		     "it");
	printf("enroll      %s\n", client_text(s, "enroll"));
	if (client_text(s, "enroll_held_up")[0])
		printf("            an unknown machine is told: %s\n",
			client_text(s, "enroll_held_up"));
	printf("etcd        %s\n",
		json_is_true(json_object_get(s, "etcd_seeded")) ? "seeded" : "not seeded yet");
	printf("up          %s, slipway %s\n", human_duration(client_number(s, "uptime_ms"), up),
		client_text(s, "version"));
	print_rivals(json_object_get(s, "rivals"));
	print_queue(json_object_get(s, "queue"));
	if (json_object_size(json_object_get(s, "counters")) > 0)
		puts("\ncounters");
	json_object_foreach(json_object_get(s, "counters"), name, v)
		printf("  %-34s %lld\n", name, (long long)json_integer_value(v));
}

static void print_counters(const json_t *counters)
{
	static const char *const headers[] = {"COUNTER", "VALUE", "MEANING", NULL};
	struct table *t = table_new(headers);
	size_t i;
	json_t *c;

	json_array_foreach(counters, i, c)
	{
		char value[24];

		(void)snprintf(value, sizeof(value), "%lld", client_number(c, "value"));
		const char *const cells[] = {client_text(c, "name"), value, client_text(c, "text")};
		table_row(t, cells);
	}
	table_print(t, stdout);
	table_free(t);
}

static int run(const struct cli *cli)
{
	AUTO(client_free_json) json_t *status = NULL;

	if (!cli_output_is_legal(cli, "text"))
		return CLI_USAGE;
	bool is_counters = cli_has(cli, "counters");
	int rc = client_get_json(cli, is_counters ? "/v1/counters" : "/v1/status", &status);
	if (rc != CLI_OK)
		return rc;
	if (cli_is_json(cli)) {
		client_print_json(status);
	} else if (is_counters) {
		print_counters(status);
	} else {
		print_status(status);
	}
	return CLI_OK;
}

const struct cli_command cmd_status = {
	.name = "status",
	.args = "",
	.summary = "show the server: network, generation, who loads images, counters",
	.options = options,
	.run = run,
};
