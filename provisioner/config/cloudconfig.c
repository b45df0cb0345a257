#include "provisioner/config/cloudconfig.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/doc.h"
#include "provisioner/config/check.h"
#include "provisioner/config/content.h"
#include "provisioner/config/reader.h"

static const struct doc_limits limits = {
	.bytes = CLOUDCONFIG_MAX, .depth = 16, .nodes = 100000, .expanded = 10000, .anchors = 100};

/* ---- The first line ---- */

static bool is_header(const char *text, size_t len)
{
	static const char header[] = "#cloud-config";
	const char *end = memchr(text, '\n', len);
	size_t n = end ? (size_t)(end - text) : len;

	while (n > 0 && strchr(" \t\r\f\v", text[n - 1]))
		n--;
	return n == strlen(header) && memcmp(text, header, n) == 0;
}

/* What coreos-cloudinit takes for something else, or one of the two programs does not know. */
static const struct {
	const char *begin, *what;
} strangers[] = {
	{"\xef\xbb\xbf", "the file begins with a byte order mark"},
	{"\x1f\x8b", "this is a gzip file: give the text itself"},
	{"#!", "this is a script: write it under write_files and let a unit run it"},
	{"{", "this is JSON: a template writes cloud-config, Ignition is made from it"},
	{"Content-Type:", "this is MIME, which only Flatcar reads: write one cloud-config"},
	{"MIME-Version:", "this is MIME, which only Flatcar reads: write one cloud-config"},
	{"\n", "it is empty"},
};

static int check_header(const char *file, const char *text, size_t len, struct err_list *errors)
{
	struct mark at = {.file = file, .line = 1, .col = 1};
	const char *what = NULL;

	if (len > CLOUDCONFIG_MAX) {
		err_list_add(
			errors, at, "%zu bytes; a cloud-config may have %zu", len, CLOUDCONFIG_MAX);
		return -E2BIG;
	}
	if (is_header(text, len))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(strangers) && !what; i++) {
		size_t n = strlen(strangers[i].begin);

		if (len >= n && memcmp(text, strangers[i].begin, n) == 0)
			what = strangers[i].what;
	}
	err_list_add(errors, at, "the first line must be #cloud-config and nothing else%s%s%s",
		what ? " (" : "", what ? what : "", what ? ")" : "");
	return -EINVAL;
}

/* ---- $private_ipv4 and its like ---- */

/* coreos-cloudinit replaces these texts everywhere before it reads YAML. A machine without a cloud
 * around it has no value for them: they vanish in silence. "\$private_ipv4" stands for the text. */
static const char *const variables[] = {
	"$public_ipv4", "$private_ipv4", "$public_ipv6", "$private_ipv6"};

static const char *variable_at(const char *p, size_t left)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (strlen(variables[i]) <= left &&
			memcmp(p, variables[i], strlen(variables[i])) == 0)
			return variables[i];
	return NULL;
}

/* Copies `text` without the backslashes that keep variables from being replaced. */
static char *without_variables(
	struct arena *a, const char *file, const char *text, size_t *len, struct err_list *errors)
{
	char *out = arena_alloc(a, *len + 1, 1);
	struct mark at = {.file = file, .line = 1, .col = 1};
	size_t n = 0;

	for (size_t i = 0; out && i < *len; i++, at.col++) {
		const char *variable = text[i] == '$' ? variable_at(text + i, *len - i) : NULL;

		if (variable && i > 0 && text[i - 1] == '\\')
			n--;
		else if (variable)
			err_list_add(errors, at,
				"%s is empty on bare metal; write the address itself (or \\%s for "
				"this very text)",
				variable, variable);
		out[n++] = text[i];
		if (text[i] == '\n')
			at = (struct mark){.file = file, .line = at.line + 1, .col = 0};
	}
	*len = n;
	return out;
}

/* ---- All of it ---- */

/* A `!!binary` scalar is base64 for every YAML reader; from here on the encoding says so. */
static void name_binaries(struct cloudconfig *c)
{
	for (size_t i = 0; i < c->files.n; i++) {
		struct cc_file *f = &c->files.items[i];
		const char *encoding = f->encoding.text ? f->encoding.text : "";

		if (!f->content.is_binary || strstr(encoding, "64"))
			continue;
		f->encoding = (struct cc_text){
			.text = encoding[0] ? "gzip+base64" : "base64", .at = f->content.at};
		f->encoding.len = strlen(f->encoding.text);
	}
}

static int read_document(struct arena *a, const struct doc_node *root, struct cloudconfig *c,
	struct err_list *errors)
{
	struct reader r = {.arena = a, .errors = errors, .hyphened = &c->hyphened};
	size_t before = errors->n + errors->dropped;

	if (!root || doc_is_null(root))
		return 0;
	reader_map(&r, &keys_root, root, c);
	if (errors->n + errors->dropped > before)
		return -EINVAL;
	name_binaries(c);
	check_model(a, c, errors);
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}

int cloudconfig_read(struct arena *a, const char *file, const char *text, size_t len,
	struct cloudconfig **ret, struct err_list *errors)
{
	struct cloudconfig *c = arena_alloc(a, 1, sizeof(*c));
	struct doc_node *root = NULL;
	struct err e;
	size_t before = errors->n + errors->dropped;

	int rc = check_header(file, text, len, errors);
	if (rc < 0)
		return rc;
	const char *plain = without_variables(a, file, text, &len, errors);
	if (!c || !plain) {
		err_list_add(errors, (struct mark){.file = file}, "the configuration is too large");
		return -E2BIG;
	}
	rc = doc_parse(a, file, plain, len, &limits, &root, &e);
	if (rc < 0) {
		err_list_add_err(errors, &e);
		return rc;
	}
	if (errors->n + errors->dropped > before)
		return -EINVAL;
	rc = read_document(a, root, c, errors);
	if (rc == 0)
		*ret = c;
	return rc;
}

struct mark cloudconfig_section_at(const struct cloudconfig *c, enum cc_section s)
{
	for (size_t i = 0; c->sections[s] && i < keys_of_section(s)->n; i++)
		if (c->sections[s][i].text)
			return c->sections[s][i].at;
	return (struct mark){0};
}

const struct cc_text *cloudconfig_import_of(const struct cc_user *u)
{
	if (u->coreos_ssh_import_github.text)
		return &u->coreos_ssh_import_github;
	if (u->coreos_ssh_import_url.text)
		return &u->coreos_ssh_import_url;
	return u->coreos_ssh_import_github_users.n > 0 ? &u->coreos_ssh_import_github_users.items[0]
						       : NULL;
}
