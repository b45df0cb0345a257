/* Filters that write values for other programs: JSON, YAML, base64, hashes. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "templates/engine/builtin.h"
#include "templates/engine/dump.h"

#define NICE_INDENT 4

typedef int dump_fn(struct dump *d, struct value v);

static int dump_with(
	struct call *c, dump_fn *dump, struct dump d, const char *end, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	int rc;

	d.ev = c->ev;
	d.at = c->at;
	d.out = &out;
	rc = dump(&d, c->in);
	if (rc != 0) {
		str_done(&out);
		return rc;
	}
	str_add(&out, end);
	return call_give_text(c, &out, ret);
}

static int indent_of(struct call *c, int64_t otherwise, int64_t min, unsigned *ret)
{
	int64_t n;
	int rc = 0;

	if (c->given[0] && c->args[0].kind == VALUE_NONE)
		c->given[0] = false;
	rc = call_int(c, 0, otherwise, &n);
	if (rc == 0 && (n < min || n > DUMP_INDENT_MAX))
		rc = call_fail(c, "an indent must be %d to %d", (int)min, DUMP_INDENT_MAX);
	if (rc == 0)
		*ret = (unsigned)n;
	return rc;
}

static int filter_tojson(struct call *c, struct value *ret)
{
	struct dump d = {.sort = true, .for_html = true};
	int rc = indent_of(c, 0, 0, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_json, d, "", ret);
}

static int filter_to_json(struct call *c, struct value *ret)
{
	struct dump d = {.indent = 0};
	int rc = indent_of(c, 0, 0, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_json, d, "", ret);
}

static int filter_to_nice_json(struct call *c, struct value *ret)
{
	struct dump d = {.sort = true};
	int rc = indent_of(c, NICE_INDENT, 0, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_json, d, "", ret);
}

static int filter_toyaml(struct call *c, struct value *ret)
{
	struct dump d = {.indent = 0};
	int rc = indent_of(c, 2, 2, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_yaml, d, "", ret);
}

/* Ansible's two end in a newline, and its keys are in order. */
static int filter_to_yaml(struct call *c, struct value *ret)
{
	struct dump d = {.sort = true};
	int rc = indent_of(c, 2, 2, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_yaml, d, "\n", ret);
}

static int filter_to_nice_yaml(struct call *c, struct value *ret)
{
	struct dump d = {.sort = true};
	int rc = indent_of(c, NICE_INDENT, 2, &d.indent);

	return rc != 0 ? rc : dump_with(c, dump_yaml, d, "\n", ret);
}

static int filter_b64encode(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	str_add_base64(&out, in.text, in.len);
	return call_give_text(c, &out, ret);
}

static int base64_digit(char ch)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = memchr(digits, ch, sizeof(digits) - 1);

	return at ? (int)(at - digits) : -1;
}

static int filter_b64decode(struct call *c, struct value *ret)
{
	struct value in;
	int rc = call_in_text(c, &in);
	char *to = rc != 0 ? NULL : call_alloc(c, in.len, 1);
	uint32_t bits = 0;
	size_t n = 0, n_digits = 0;

	if (!to)
		return rc != 0 ? rc : -ENOMEM;
	size_t len = in.len;
	while (len > 0 && in.len - len < 2 && in.text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(in.text[i]);

		if (digit < 0 || in.len % 4 != 0)
			return call_fail(c, "this is not base64");
		bits = bits << 6 | (uint32_t)digit;
		if (++n_digits % 4 != 1)
			to[n++] = (char)(bits >> (6 - 2 * ((n_digits - 1) % 4)));
	}
	*ret = value_text_of(to, n);
	return 0;
}

static int filter_sha256(struct call *c, struct value *ret)
{
	struct str out = str_init(c->ev->max_output);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct value in;
	int rc = call_in_text(c, &in);

	if (rc != 0)
		return rc;
	if (EVP_Digest(in.text, in.len, digest, &len, EVP_sha256(), NULL) != 1)
		return call_fail(c, "SHA-256 is not to be had");
	str_add_hex(&out, digest, len);
	return call_give_text(c, &out, ret);
}

const struct builtin filters_data[] = {
	{"b64decode", filter_b64decode, "", 0, 0},
	{"b64encode", filter_b64encode, "", 0, 0},
	{"sha256", filter_sha256, "", 0, 0},
	{"to_json", filter_to_json, "indent", 0, 0},
	{"to_nice_json", filter_to_nice_json, "indent", 0, 0},
	{"to_nice_yaml", filter_to_nice_yaml, "indent", 0, 0},
	{"to_yaml", filter_to_yaml, "indent", 0, 0},
	{"tojson", filter_tojson, "indent", 0, 0},
	{"toyaml", filter_toyaml, "indent", 0, 0},
	{NULL, NULL, NULL, 0, 0},
};
