#include "provisioner/cli/addon_page.h"

#include <string.h>

#include "provisioner/generation/addon_library.h"

#define WIDTH 78

/* Words of a paragraph, broken at the width. */
static void print_wrapped(FILE *to, const char *text, int indent)
{
	int column = 0;

	while (*text) {
		int len = (int)strcspn(text, " \n");

		if (column > 0 && indent + column + 1 + len > WIDTH) {
			(void)fputc('\n', to);
			column = 0;
		}
		if (column == 0)
			column = fprintf(to, "%*s%.*s", indent, "", len, text) - indent;
		else
			column += fprintf(to, " %.*s", len, text);
		text += len;
		text += strspn(text, " \n");
	}
	(void)fputc('\n', to);
}

static void print_names(FILE *to, const char *what, const struct addon_names *names)
{
	if (names->n == 0)
		return;
	(void)fprintf(to, "%-14s", what);
	for (size_t i = 0; i < names->n; i++)
		(void)fprintf(to, " %s", names->items[i].text);
	(void)fputc('\n', to);
}

/* A default as one writes it in cluster.yaml; a list or map with something in it is named by its kind. */
static const char *preset(const struct addon_parameter *p)
{
	if (p->required)
		return "required";
	if (!p->preset)
		return "";
	if (p->preset->kind != DOC_SCALAR && p->preset->n == 0)
		return p->preset->kind == DOC_LIST ? "[]" : "{}";
	return p->preset->kind == DOC_SCALAR ? p->preset->text : doc_kind_name(p->preset->kind);
}

static void print_limit(FILE *to, const struct addon_parameter *p, int64_t limit)
{
	if (p->type == ADDON_DURATION)
		(void)fprintf(to, limit % 1000 == 0 ? "%llds" : "%lldms",
			(long long)(limit % 1000 == 0 ? limit / 1000 : limit));
	else
		(void)fprintf(to, "%lld", (long long)limit);
}

/* "a number, 1 to 100" */
static void print_type(FILE *to, const struct addon_parameter *p)
{
	if (p->type != ADDON_ENUM)
		(void)fputs(addon_type_text(p->type), to);
	for (size_t i = 0; i < p->words.n; i++)
		(void)fprintf(to, "%s%s", i ? ", " : "", p->words.items[i].text);
	if (p->min == INT64_MIN || p->max == INT64_MAX)
		return;
	(void)fputs(", ", to);
	print_limit(to, p, p->min);
	(void)fputs(" to ", to);
	print_limit(to, p, p->max);
}

void addon_page_text(const struct addon *a, FILE *to)
{
	(void)fprintf(to, "%s: %s\n\n", a->name, a->title);
	print_wrapped(to, a->doc, 0);
	(void)fputc('\n', to);
	print_names(to, "needs", &a->needs);
	print_names(to, "brings", &a->brings);
	print_names(to, "comes after", &a->after);
	print_names(to, "not with", &a->conflicts);
	print_names(to, "runs on", &a->distros);
	print_names(to, "secrets", &a->secrets);
	for (size_t i = 0; i < a->n_parameters; i++) {
		const struct addon_parameter *p = &a->parameters[i];

		(void)fprintf(to, "\n%s: ", p->name);
		print_type(to, p);
		if (preset(p)[0])
			(void)fprintf(to, " (%s)", preset(p));
		(void)fprintf(to, "%s\n", p->cluster_wide ? "; the same in all roles" : "");
		print_wrapped(to, p->doc, 4);
	}
	if (a->n_parameters == 0)
		(void)fputs("\nIt takes no parameters.\n", to);
}

/* A bar would end the cell. */
static void print_cell(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '<')
			(void)fputc('\\', to);
		(void)fputc(*text, to);
	}
}

static void print_names_inline(
	FILE *to, const char *what, const struct addon_names *names, const char *otherwise)
{
	if (names->n == 0) {
		(void)fputs(otherwise, to);
		return;
	}
	(void)fprintf(to, "%s ", what);
	for (size_t i = 0; i < names->n; i++)
		(void)fprintf(to, "%s`%s`", i ? ", " : "", names->items[i].text);
	(void)fputs(".", to);
}

static void print_section(const struct addon *a, FILE *to)
{
	(void)fprintf(to, "\n## %s\n\n%s. %s\n\n", a->name, a->title, a->doc);
	print_names_inline(to, "Runs on", &a->distros, "Runs everywhere.");
	print_names_inline(to, " Needs", &a->needs, "");
	print_names_inline(to, " Brings", &a->brings, "");
	print_names_inline(to, " Comes after", &a->after, "");
	print_names_inline(to, " Not with", &a->conflicts, "");
	(void)fputc('\n', to);
	if (a->n_parameters == 0)
		return;
	(void)fputs("\n| parameter | value | default | meaning |\n| --- | --- | --- | --- |\n", to);
	for (size_t i = 0; i < a->n_parameters; i++) {
		const struct addon_parameter *p = &a->parameters[i];

		(void)fprintf(to, "| `%s` | ", p->name);
		print_type(to, p);
		(void)fputs(" | ", to);
		if (p->required)
			(void)fputs("required", to);
		else if (preset(p)[0])
			(void)fprintf(to, "`%s`", preset(p));
		(void)fputs(" | ", to);
		print_cell(to, p->doc);
		(void)fprintf(to, "%s |\n", p->cluster_wide ? " The same in all roles." : "");
	}
}

void addon_page_markdown(const struct addon_library *l, FILE *to)
{
	(void)fputs("# Add-ons\n\n"
		    "What a role may have beside the system: `roles: {worker: {template: "
		    "worker.yaml, addons: "
		    "[flannel, docker]}}`.\nParameters stand under the top-level `addons` in "
		    "cluster.yaml, or for one "
		    "role beside the name:\n`addons: [flannel, {docker: {log-max-files: 9}}]`. How "
		    "to write one of your "
		    "own is said "
		    "in\n[templates/README.md](../../templates/README.md#writing-an-add-on).\n\n"
		    "Printed by `slipway addons --format markdown`.\n",
		to);
	for (size_t i = 0; i < l->n; i++)
		print_section(&l->items[i], to);
}
