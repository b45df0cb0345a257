#include "provisioner/cli/plan_print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/cli/plan.h"

#define NAMES_SHOWN 4
#define RUNS_BYTES_MAX 512 /* more generations are not kept */

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

/* The operator's own text, but nothing that a terminal would obey. */
static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)putchar(iscntrl((unsigned char)text[i]) && text[i] != '\t' ? '?' : text[i]);
}

static void print_line(const char *line, size_t len, bool colours)
{
	const char *colour = !colours         ? ""
			     : line[0] == '-' ? "\033[31m"
			     : line[0] == '+' ? "\033[32m"
			     : line[0] == '@' ? "\033[36m"
					      : "";

	printf("    %s", colour);
	print_text(line, len);
	puts(colour[0] ? "\033[0m" : "");
}

static void print_diff(const char *diff)
{
	bool colours = has_colours();

	while (*diff) {
		size_t len = strcspn(diff, "\n");

		print_line(diff, len, colours);
		diff += len + (diff[len] == '\n');
	}
}

/* In a list of names, or of {name, runs}. */
static const char *name_at(const json_t *nodes, size_t i)
{
	const json_t *node = json_array_get(nodes, i);
	const char *name = json_string_value(node);

	return name ? name : client_text(node, "name");
}

/* "worker1, worker2, worker3 and 97 more" */
static void print_names(const json_t *nodes)
{
	size_t n = json_array_size(nodes), some = n <= NAMES_SHOWN + 1 ? n : NAMES_SHOWN;

	for (size_t i = 0; i < some; i++)
		printf("%s%s", i ? ", " : "", name_at(nodes, i));
	if (some < n)
		printf(" and %zu more", n - some);
}

/* "generation 1", "generations 2, 1": each once, for the nodes come by what they run. */
static void print_runs(const json_t *nodes)
{
	AUTO(str_done) struct str text = str_init(RUNS_BYTES_MAX);
	json_int_t last = 0;
	json_t *node;
	size_t n = 0, i;

	json_array_foreach(nodes, i, node)
	{
		json_int_t runs = json_integer_value(json_object_get(node, "runs"));

		if (runs == last)
			continue;
		str_printf(&text, "%s%lld", n > 0 ? ", " : "", (long long)runs);
		last = runs;
		n++;
	}
	printf("running generation%s %s", n > 1 ? "s" : "", str_text(&text));
}

static void print_artefacts(const json_t *group)
{
	const json_t *nodes = json_object_get(group, "nodes");
	const json_t *artefacts = json_object_get(group, "artefacts");
	json_t *artefact;
	size_t i;

	if (json_is_true(json_object_get(group, "own_words")) && json_array_size(nodes) > 1)
		printf("  as %s gets it; the others have their own name, address and MACs there\n",
			name_at(nodes, 0));
	if (json_array_size(artefacts) == 0 && strcmp(client_text(group, "needs"), "unknown") != 0)
		puts("  too much differs to show it all: `slipway plan NODE` shows that of one");
	json_array_foreach(artefacts, i, artefact)
	{
		printf("  %s\n", client_text(artefact, "kind"));
		print_diff(client_text(artefact, "diff"));
	}
	(void)putchar('\n');
}

static void print_group(const json_t *group)
{
	const char *needs = client_text(group, "needs");

	print_names(json_object_get(group, "nodes"));
	if (strcmp(needs, "nothing") != 0)
		printf("  (takes effect by: %s)", needs);
	(void)putchar('\n');
	print_artefacts(group);
}

static void print_group_behind(const json_t *group)
{
	const json_t *nodes = json_object_get(group, "nodes");
	const char *needs = client_text(group, "needs");

	print_names(nodes);
	printf("  (");
	print_runs(nodes);
	if (strcmp(needs, "unknown") == 0)
		puts(", no longer kept: there is no telling what differs; a reboot brings what is "
		     "published)");
	else
		printf("; takes effect by: %s)\n", needs);
	print_artefacts(group);
}

/* Names of the archive that tell an operator little. */
static const char *meaning_of(const char *name)
{
	static const struct {
		const char *name, *meaning;
	} rows[] = {
		{"boot.ipxe", "  (the first script of every machine)"},
		{"wait.ipxe", "  (for machines that are not in cluster.yaml)"},
		{"wait.grub", "  (for machines that are not in cluster.yaml)"},
		{"refused.ipxe", "  (says why a machine gets nothing)"},
		{"refused.grub", "  (says why a machine gets nothing)"},
		{"generation.json", "  (the images that nodes boot, and what etcd is seeded with)"},
		{"addons.json", "  (what add-ons' parameters are where nobody says it)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].meaning;
	return "";
}

static void print_files(const json_t *files, bool is_shared)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		const char *name = client_text(file, "name");

		printf("%s%s\n", name, is_shared ? meaning_of(name) : "");
		print_diff(client_text(file, "diff"));
		(void)putchar('\n');
	}
}

static void print_moved(const char *what, const json_t *names)
{
	if (json_array_size(names) == 0)
		return;
	printf("%s: ", what);
	print_names(names);
	puts("\n");
}

static void print_behind(const json_t *plan)
{
	size_t n = plan_count_behind(plan), i;
	json_t *group;

	if (n == 0)
		return;
	printf("behind: %zu node%s not run what is published (generation %lld)\n\n", n,
		n == 1 ? " does" : "s do",
		(long long)json_integer_value(json_object_get(plan, "served")));
	json_array_foreach(json_object_get(plan, "behind"), i, group) print_group_behind(group);
}

void plan_print(const json_t *plan)
{
	json_t *group;
	size_t i;

	print_files(json_object_get(plan, "inputs"), /* is_shared= */ false);
	print_files(json_object_get(plan, "shared"), /* is_shared= */ true);
	json_array_foreach(json_object_get(plan, "groups"), i, group) print_group(group);
	print_moved("new", json_object_get(plan, "new"));
	json_array_foreach(json_object_get(plan, "asked_for"), i, group)
	{
		print_names(json_object_get(group, "nodes"));
		(void)putchar('\n');
		print_artefacts(group);
	}
	print_moved("gone", json_object_get(plan, "gone"));
	print_behind(plan);
}
