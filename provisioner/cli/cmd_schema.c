#include <stdio.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/cli/cli.h"
#include "provisioner/cluster/schema.h"

static const struct cli_option options[] = {
	{"format", 'f', "FORMAT", "text",
		"text, markdown (the reference page) or scdoc (the man page's keys)"},
	{.name = NULL},
};

enum format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_SCDOC };

/* As the format wants it: scdoc underlines between underscores, Markdown ends a cell at a bar. */
static void print_text(const char *text, enum format f)
{
	const char *special = f == FORMAT_SCDOC ? "_*\\<" : f == FORMAT_MARKDOWN ? "|<" : "";

	for (; *text; text++) {
		if (strchr(special, *text))
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

static void print_default(const struct schema_key *k, enum format f)
{
	const char *quote = f == FORMAT_MARKDOWN ? "`" : "";

	if (k->required)
		printf("%s", f == FORMAT_TEXT ? " (required)" : "required");
	else if (k->preset)
		printf(f == FORMAT_TEXT ? " (%s%s%s)" : "%s%s%s", quote, k->preset, quote);
}

static void print_words(const struct schema_key *k)
{
	for (size_t i = 0; k->words[i].text; i++)
		printf("%s%s", i ? ", " : "", k->words[i].text);
}

static void print_type(const struct schema_key *k, enum format f)
{
	if (k->type == SCHEMA_FLAGS)
		printf("a list of: ");
	if (k->type == SCHEMA_DURATION || !k->words)
		print_text(schema_type_text(k->type), f);
	if (k->type == SCHEMA_DURATION && k->words)
		printf(", or ");
	if (k->words)
		print_words(k);
}

static void print_key(const struct schema_key *k, const char *path, enum format f)
{
	switch (f) {
	case FORMAT_TEXT:
		printf("%s: ", path);
		print_type(k, f);
		print_default(k, f);
		printf("\n    %s\n", k->doc);
		return;
	case FORMAT_MARKDOWN:
		printf("| `%s` | ", path);
		print_type(k, f);
		printf(" | ");
		print_default(k, f);
		printf(" | ");
		print_text(k->doc, f);
		printf(" |\n");
		return;
	case FORMAT_SCDOC:
		printf("*%s*\n\t", path);
		print_text(k->doc, f);
		printf(" Value: ");
		print_type(k, f);
		if (k->required)
			printf("; required");
		else if (k->preset)
			printf("; default: %s", k->preset);
		printf(".\n\n");
		return;
	}
}

static void print_section(const struct schema_section *s, const char *outer, enum format f);

/* In full at the top, where they are said of all nodes; elsewhere that they may stand here, too.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void print_settings(const struct schema_key *k, const char *outer, enum format f)
{
	static const struct schema_key here = {.type = SCHEMA_SETTINGS,
		.doc = "Any setting of the cluster, for this role or node alone: what is nearest "
		       "to the "
		       "node counts."};
	char path[128];

	if (k->type != SCHEMA_SETTINGS)
		return;
	(void)snprintf(path, sizeof(path), "%s.SETTING", outer);
	if (outer[0])
		print_key(&here, path, f);
	else
		print_section(k->section, outer, f);
}

/* Sections nest as deep as the table does: four levels. NOLINTNEXTLINE(misc-no-recursion) */
static void print_section(const struct schema_section *s, const char *outer, enum format f)
{
	for (const struct schema_key *k = s->keys; k->key; k++) {
		char path[128];

		if (schema_is_whole(k)) {
			print_settings(k, outer, f);
			continue;
		}
		const char *below = k->type == SCHEMA_NAMED   ? ".NAME"
				    : k->type == SCHEMA_ITEMS ? "[]"
							      : "";

		(void)snprintf(path, sizeof(path), "%s%s%s", outer, outer[0] ? "." : "", k->key);
		print_key(k, path, f);
		if (!k->section)
			continue;
		size_t len = strlen(path);
		(void)snprintf(path + len, sizeof(path) - len, "%s", below);
		print_section(k->section, path, f);
	}
}

static int run(const struct cli *cli)
{
	static const struct {
		const char *name;
		enum format format;
	} formats[] = {
		{"text", FORMAT_TEXT}, {"markdown", FORMAT_MARKDOWN}, {"scdoc", FORMAT_SCDOC}};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, cli_value(cli, "format")) != 0)
			continue;
		if (formats[i].format == FORMAT_MARKDOWN)
			puts("| key | value | default | meaning |\n| --- | --- | --- | --- |");
		print_section(&schema_cluster, "", formats[i].format);
		return CLI_OK;
	}
	cli_complain(
		cli, "--format: \"%s\" is not text, markdown or scdoc", cli_value(cli, "format"));
	return CLI_USAGE;
}

const struct cli_command cmd_schema = {
	.name = "schema",
	.args = "",
	.summary = "print every key of cluster.yaml",
	.options = options,
	.run = run,
};
