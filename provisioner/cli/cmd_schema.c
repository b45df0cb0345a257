#include <stdio.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/str.h"
#include "provisioner/cli/cli.h"
#include "provisioner/cli/json_schema.h"
#include "provisioner/cluster/schema.h"

static const struct cli_option options[] = {
	{"format", 'f', "FORMAT", "text",
		"text, markdown (the reference page), scdoc (the man page's keys), json-schema, or "
		"json-schema-nodes for the files of nodes.d"},
	{"json-schema", 0, NULL, NULL, "the same as --format json-schema"},
	{.name = NULL},
};

#define JSON_BYTES_MAX ((size_t)1 << 20)

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

static int print_json_schema(bool of_nodes)
{
	AUTO(str_done) struct str out = str_init(JSON_BYTES_MAX);

	json_schema(&out, of_nodes);
	puts(str_text(&out));
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	const char *format = cli_has(cli, "json-schema") ? "json-schema" : cli_value(cli, "format");
	static const struct {
		const char *name;
		enum format format;
	} formats[] = {
		{"text", FORMAT_TEXT}, {"markdown", FORMAT_MARKDOWN}, {"scdoc", FORMAT_SCDOC}};

	if (strcmp(format, "json-schema") == 0 || strcmp(format, "json-schema-nodes") == 0)
		return print_json_schema(strcmp(format, "json-schema-nodes") == 0);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, format) != 0)
			continue;
		if (formats[i].format == FORMAT_MARKDOWN)
			puts("| key | value | default | meaning |\n| --- | --- | --- | --- |");
		print_section(&schema_cluster, "", formats[i].format);
		return CLI_OK;
	}
	cli_complain(cli,
		"--format: \"%s\" is not text, markdown, scdoc, json-schema or "
		"json-schema-nodes",
		format);
	return CLI_USAGE;
}

const struct cli_command cmd_schema = {
	.name = "schema",
	.args = "",
	.summary = "print every key of cluster.yaml",
	.detail = "An editor with a YAML language server completes and checks cluster.yaml once it "
		  "is told "
		  "of the schema:\n  slipway schema --json-schema "
		  ">/etc/slipway/cluster.schema.json\nand, as "
		  "the first line of cluster.yaml:\n  # yaml-language-server: "
		  "$schema=./cluster.schema.json",
	.options = options,
	.run = run,
};
