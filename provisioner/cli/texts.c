#include "provisioner/cli/texts.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/cli/readable.h"

#define TEXT_BYTES_MAX ((size_t)32 << 20)
#define PATH_BYTES_MAX ((size_t)4000) /* of a request */

void texts_init(struct texts *t, const struct cli *cli)
{
	*t = (struct texts){
		.cli = cli, .known = json_object(), .wanted = str_init(2 * PATH_BYTES_MAX)};
}

void texts_done(struct texts *t)
{
	json_decref(t->known);
	str_done(&t->wanted);
}

int texts_fetch(struct texts *t)
{
	json_t *answer;

	if (t->wanted.len == 0 || t->rc != CLI_OK)
		return t->rc;
	t->rc = client_get_json(t->cli, str_text(&t->wanted), &answer);
	str_reset(&t->wanted);
	if (t->rc != CLI_OK)
		return t->rc;
	(void)json_object_update(t->known, answer);
	json_decref(answer);
	return CLI_OK;
}

void texts_want(struct texts *t, const json_t *object)
{
	char number[24];

	if (!json_integer_value(object))
		return;
	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(object));
	if (json_object_get(t->known, number))
		return;
	str_printf(&t->wanted, "%s%s", t->wanted.len ? "," : "/v1/objects/", number);
	if (t->wanted.len > PATH_BYTES_MAX)
		(void)texts_fetch(t); /* which is told by the next one */
}

void texts_forget(struct texts *t)
{
	(void)json_object_clear(t->known);
}

static void add_text(const struct texts *t, const json_t *object, struct str *out)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(object));
	const json_t *text = json_object_get(t->known, number);
	if (text)
		readable_add(json_string_value(text), json_string_length(text), out);
}

char *texts_diff(
	const struct texts *t, const json_t *from, const json_t *to, const struct diff_style *style)
{
	AUTO(str_done) struct str out = str_init(TEXT_BYTES_MAX);
	AUTO(str_done) struct str a = str_init(TEXT_BYTES_MAX);
	AUTO(str_done) struct str b = str_init(TEXT_BYTES_MAX);

	add_text(t, from, &a);
	add_text(t, to, &b);
	diff_add(str_text(&a), a.len, str_text(&b), b.len, style, &out);
	return str_ok(&a) && str_ok(&b) && str_ok(&out) ? str_take(&out)
							: xstrdup("(too long to be shown)\n");
}
