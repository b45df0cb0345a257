#include "templates/engine/lexer.h"

#include <errno.h>
#include <string.h>

#include "templates/engine/number.h"
#include "templates/engine/text.h"
#include "templates/engine/utf8.h"

#define NUMBER_DIGITS_MAX 400

/* Operators, longest first. */
static const struct {
	const char *text;
	enum token_kind kind;
} operators[] = {
	{"//", TOKEN_FLOORDIV},
	{"**", TOKEN_POW},
	{"==", TOKEN_EQ},
	{"!=", TOKEN_NE},
	{"<=", TOKEN_LE},
	{">=", TOKEN_GE},
	{"+", TOKEN_ADD},
	{"-", TOKEN_SUB},
	{"*", TOKEN_MUL},
	{"/", TOKEN_DIV},
	{"%", TOKEN_MOD},
	{"~", TOKEN_TILDE},
	{"<", TOKEN_LT},
	{">", TOKEN_GT},
	{"=", TOKEN_ASSIGN},
	{".", TOKEN_DOT},
	{":", TOKEN_COLON},
	{",", TOKEN_COMMA},
	{"|", TOKEN_PIPE},
	{";", TOKEN_SEMICOLON},
	{"(", TOKEN_LPAREN},
	{")", TOKEN_RPAREN},
	{"[", TOKEN_LBRACKET},
	{"]", TOKEN_RBRACKET},
	{"{", TOKEN_LBRACE},
	{"}", TOKEN_RBRACE},
};

/* Gives `text` with \r\n and \r made \n. */
static const char *newlines_normal(struct arena *a, const char *text, size_t *len)
{
	if (!memchr(text, '\r', *len))
		return text;
	char *copy = arena_alloc(a, *len, 1);
	size_t n = 0;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < *len; i++) {
		if (text[i] == '\r' && i + 1 < *len && text[i + 1] == '\n')
			continue;
		copy[n++] = (char)(text[i] == '\r' ? '\n' : text[i]);
	}
	*len = n;
	return copy;
}

int lexer_init(struct lexer *lx, struct arena *a, const char *name, const char *text, size_t len)
{
	const char *normal = len > 0 ? newlines_normal(a, text, &len) : "";

	if (!normal)
		return -ENOMEM;
	*lx = (struct lexer){.arena = a,
		.text = normal,
		.len = len,
		.here = {.file = name, .line = 1, .col = 1}};
	return 0;
}

static void advance(struct lexer *lx, size_t to)
{
	for (; lx->pos < to; lx->pos++) {
		uint8_t c = (uint8_t)lx->text[lx->pos];

		if (c == '\n') {
			lx->here.line++;
			lx->here.col = 1;
		} else if ((c & 0xC0U) != 0x80U) { /* columns count characters */
			lx->here.col++;
		}
	}
}

/* The byte at `at`, or NUL behind the end. */
static char byte_at(const struct lexer *lx, size_t at)
{
	return (char)(at < lx->len ? lx->text[at] : '\0');
}

static bool has_at(const struct lexer *lx, size_t at, const char *word)
{
	size_t n = strlen(word);

	return at <= lx->len && n <= lx->len - at && memcmp(lx->text + at, word, n) == 0;
}

static size_t skip_space(const struct lexer *lx, size_t at)
{
	while (at < lx->len && text_is_space(lx->text[at]))
		at++;
	return at;
}

static bool is_sign(char c)
{
	return c == '-' || c == '+';
}

/* Where the tag's end `close` ("%}"), with an optional sign, stops; what follows it and belongs to
 * it is taken too. 0 when there is no such end at `at`. `newline`: the one behind it goes (Jinja2's
 * trim_blocks). */
static size_t tag_end(const struct lexer *lx, size_t at, const char *close, bool newline)
{
	char sign = byte_at(lx, at);
	size_t end = at + is_sign(sign);

	if (!has_at(lx, end, close) || (sign == '+' && !newline))
		return 0;
	end += strlen(close);
	if (sign == '-')
		return skip_space(lx, end);
	return end + (newline && sign != '+' && byte_at(lx, end) == '\n');
}

/* When the tag at `at` is {% word %}, where it stops; else 0. */
static size_t word_tag(const struct lexer *lx, size_t at, const char *word, bool newline)
{
	if (!has_at(lx, at, "{%"))
		return 0;
	at += 2;
	at = skip_space(lx, at + is_sign(byte_at(lx, at)));
	if (!has_at(lx, at, word))
		return 0;
	at = skip_space(lx, at + strlen(word));
	if (byte_at(lx, at) == '+' && !newline)
		return 0;
	return tag_end(lx, at, "%}", newline);
}

/* Data up to `end`, where a tag stands (or nothing): without its tail if the tag says '-'. */
static void data_token(struct lexer *lx, size_t begin, size_t end, struct token *ret)
{
	size_t stop = end;

	if (byte_at(lx, end + 2) == '-')
		while (stop > begin && text_is_space(lx->text[stop - 1]))
			stop--;
	ret->kind = TOKEN_DATA;
	ret->at = lx->here;
	ret->s = lx->text + begin;
	ret->len = stop - begin;
}

static int comment(struct lexer *lx, struct err *e)
{
	size_t at = lx->pos + 2;

	at += is_sign(byte_at(lx, at));
	for (; at < lx->len; at++) {
		size_t end = tag_end(lx, at, "#}", /* newline= */ true);

		if (end > 0) {
			advance(lx, end);
			return 0;
		}
	}
	return err_set(e, -EINVAL, lx->here, "the comment that begins here has no '#}'");
}

static int raw(struct lexer *lx, size_t begin, struct token *ret, struct err *e)
{
	struct mark at = lx->here;

	advance(lx, begin);
	for (size_t i = begin; i < lx->len; i++) {
		size_t end = word_tag(lx, i, "endraw", /* newline= */ true);

		if (end == 0)
			continue;
		data_token(lx, begin, i, ret);
		advance(lx, end);
		return 0;
	}
	return err_set(e, -EINVAL, at, "'raw' has no {%% endraw %%}");
}

static bool is_tag_begin(const struct lexer *lx, size_t at)
{
	char c = byte_at(lx, at + 1);

	return lx->text[at] == '{' && (c == '{' || c == '%' || c == '#');
}

/* Outside of tags: data, or the beginning of a tag. Sets *ret_again when only a comment was met. */
static int next_outside(struct lexer *lx, struct token *ret, bool *ret_again, struct err *e)
{
	size_t at = lx->pos;

	while (at < lx->len && !is_tag_begin(lx, at))
		at++;
	data_token(lx, lx->pos, at, ret);
	advance(lx, at);
	if (ret->len > 0)
		return 0;
	ret->at = lx->here;
	ret->kind = TOKEN_END;
	if (at == lx->len)
		return 0;
	if (lx->text[at + 1] == '#') {
		*ret_again = true;
		return comment(lx, e);
	}
	size_t raw_begin = word_tag(lx, at, "raw", /* newline= */ false);
	if (raw_begin > 0)
		return raw(lx, raw_begin, ret, e);
	bool print = lx->text[at + 1] == '{';
	ret->kind = print ? TOKEN_PRINT_BEGIN : TOKEN_BLOCK_BEGIN;
	lx->state = print ? LEXER_PRINT : LEXER_BLOCK;
	lx->tag = lx->here;
	advance(lx, at + 2 + is_sign(byte_at(lx, at + 2)));
	return 0;
}

/* The end of the open tag, when it stands here. */
static bool next_tag_end(struct lexer *lx, struct token *ret)
{
	bool print = lx->state == LEXER_PRINT;
	size_t end = tag_end(lx, lx->pos, print ? "}}" : "%}", /* newline= */ !print);

	if (end == 0 || lx->n_brackets > 0)
		return false;
	ret->kind = print ? TOKEN_PRINT_END : TOKEN_BLOCK_END;
	ret->at = lx->here;
	lx->state = LEXER_OUTSIDE;
	advance(lx, end);
	return true;
}

/* Digits with single underscores between them, from `at` on. */
static size_t skip_digits(const struct lexer *lx, size_t at)
{
	while (text_is_digit(byte_at(lx, at)) ||
		(byte_at(lx, at) == '_' && text_is_digit(byte_at(lx, at + 1)) && at > lx->pos))
		at++;
	return at;
}

/* Where the float at the cursor ends, or 0: there is none. */
static size_t float_end(const struct lexer *lx)
{
	size_t at = skip_digits(lx, lx->pos), begin = at;

	if (lx->pos > 0 && lx->text[lx->pos - 1] == '.')
		return 0; /* the 1.5 of `x.1.5` is two places in lists */
	if (byte_at(lx, at) == '.' && text_is_digit(byte_at(lx, at + 1)))
		at = skip_digits(lx, at + 1);
	if ((byte_at(lx, at) | 0x20) == 'e') {
		size_t digits = at + 1 + is_sign(byte_at(lx, at + 1));

		if (text_is_digit(byte_at(lx, digits)))
			at = skip_digits(lx, digits);
	}
	return at > begin ? at : 0;
}

static int next_float(struct lexer *lx, size_t end, struct token *ret, struct err *e)
{
	char copy[NUMBER_DIGITS_MAX];
	size_t n = 0;

	ret->kind = TOKEN_FLOAT;
	for (size_t i = lx->pos; i < end && n < sizeof(copy); i++)
		if (lx->text[i] != '_')
			copy[n++] = lx->text[i];
	if (!number_parse_float(copy, n, &ret->f))
		return err_set(e, -EINVAL, lx->here, "this number is too long");
	advance(lx, end);
	return 0;
}

/* 007: neither octal nor decimal, as in Python. */
static bool is_padded(const char *s, size_t len)
{
	size_t zeros = 0;

	while (zeros < len && (s[zeros] == '0' || s[zeros] == '_'))
		zeros++;
	return zeros > 0 && zeros < len && text_is_digit(s[zeros]);
}

static int next_int(struct lexer *lx, struct token *ret, struct err *e)
{
	size_t end = lx->pos;
	char second = (char)(byte_at(lx, end + 1) | 0x20);

	ret->kind = TOKEN_INT;
	if (byte_at(lx, end) == '0' && (second == 'x' || second == 'o' || second == 'b'))
		end += 2;
	while (text_is_name(byte_at(lx, end)))
		end++;
	const char *s = lx->text + lx->pos;
	size_t len = end - lx->pos;
	if (is_padded(s, len) || !number_parse_int(s, len, /* base= */ 0, &ret->i))
		return err_set(e, -EINVAL, lx->here, "\"%.*s\" is not a number of at most 64 bits",
			(int)(len < 40 ? len : 40), s);
	advance(lx, end);
	return 0;
}

static int next_text(struct lexer *lx, struct token *ret, struct err *e)
{
	char quote = lx->text[lx->pos];
	size_t end = lx->pos + 1;

	while (end < lx->len && lx->text[end] != quote)
		end += lx->text[end] == '\\' ? 2 : 1;
	if (end >= lx->len)
		return err_set(
			e, -EINVAL, lx->here, "the text that begins here has no closing %c", quote);
	ret->kind = TOKEN_TEXT;
	int rc = text_unescape(
		lx->arena, lx->text + lx->pos + 1, end - lx->pos - 1, &ret->s, &ret->len);
	if (rc != 0)
		return err_set(e, rc, lx->here, "this text has an escape that can't be read");
	advance(lx, end + 1);
	return 0;
}

static void next_name(struct lexer *lx, struct token *ret)
{
	size_t end = lx->pos;

	while (text_is_name(byte_at(lx, end)))
		end++;
	ret->kind = TOKEN_NAME;
	ret->s = lx->text + lx->pos;
	ret->len = end - lx->pos;
	advance(lx, end);
}

/* Keeps count of brackets. */
static int bracket(struct lexer *lx, char c, struct err *e)
{
	const char *open = strchr("([{", c), *closing = strchr(")]}", c);

	if (open) {
		if (lx->n_brackets == LEXER_BRACKETS_MAX)
			return err_set(e, -E2BIG, lx->here, "more than %d brackets in each other",
				LEXER_BRACKETS_MAX);
		lx->brackets[lx->n_brackets++] = ")]}"[strchr("([{", c) - "([{"];
	} else if (closing) {
		if (lx->n_brackets == 0)
			return err_set(e, -EINVAL, lx->here, "unexpected '%c'", c);
		char want = lx->brackets[--lx->n_brackets];
		if (want != c)
			return err_set(
				e, -EINVAL, lx->here, "unexpected '%c', expected '%c'", c, want);
	}
	return 0;
}

static int next_operator(struct lexer *lx, struct token *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (!has_at(lx, lx->pos, operators[i].text))
			continue;
		int rc = bracket(lx, lx->text[lx->pos], e);
		ret->kind = operators[i].kind;
		advance(lx, lx->pos + strlen(operators[i].text));
		return rc;
	}
	size_t step = utf8_step(lx->text + lx->pos, lx->len - lx->pos);
	return err_set(e, -EINVAL, lx->here, "unexpected character '%.*s'",
		(int)(step < 4 ? step : 4), lx->text + lx->pos);
}

static int next_inside(struct lexer *lx, struct token *ret, struct err *e)
{
	if (next_tag_end(lx, ret))
		return 0;
	advance(lx, skip_space(lx, lx->pos));
	ret->at = lx->here;
	if (lx->pos == lx->len)
		return err_set(e, -EINVAL, lx->tag, "the tag that begins here has no '%s'",
			lx->state == LEXER_PRINT ? "}}" : "%}");
	if (next_tag_end(lx, ret))
		return 0;
	char c = lx->text[lx->pos];
	if (text_is_digit(c)) {
		size_t end = float_end(lx);

		return end > 0 ? next_float(lx, end, ret, e) : next_int(lx, ret, e);
	}
	if (text_is_name(c)) {
		next_name(lx, ret);
		return 0;
	}
	if (c == '"' || c == '\'')
		return next_text(lx, ret, e);
	return next_operator(lx, ret, e);
}

int lexer_next(struct lexer *lx, struct token *ret, struct err *e)
{
	bool again = true;
	int rc = 0;

	*ret = (struct token){.kind = TOKEN_END};
	if (lx->state != LEXER_OUTSIDE)
		return next_inside(lx, ret, e);
	while (again && rc == 0) {
		again = false;
		rc = next_outside(lx, ret, &again, e);
	}
	return rc;
}

const char *token_name(enum token_kind kind)
{
	static const char *const names[] = {
		[TOKEN_END] = "the end of the template",
		[TOKEN_DATA] = "text",
		[TOKEN_PRINT_BEGIN] = "'{{'",
		[TOKEN_PRINT_END] = "'}}'",
		[TOKEN_BLOCK_BEGIN] = "'{%'",
		[TOKEN_BLOCK_END] = "'%}'",
		[TOKEN_NAME] = "a name",
		[TOKEN_TEXT] = "text in quotes",
		[TOKEN_INT] = "a number",
		[TOKEN_FLOAT] = "a number",
		[TOKEN_ADD] = "'+'",
		[TOKEN_SUB] = "'-'",
		[TOKEN_MUL] = "'*'",
		[TOKEN_DIV] = "'/'",
		[TOKEN_FLOORDIV] = "'//'",
		[TOKEN_MOD] = "'%'",
		[TOKEN_POW] = "'**'",
		[TOKEN_TILDE] = "'~'",
		[TOKEN_EQ] = "'=='",
		[TOKEN_NE] = "'!='",
		[TOKEN_LT] = "'<'",
		[TOKEN_LE] = "'<='",
		[TOKEN_GT] = "'>'",
		[TOKEN_GE] = "'>='",
		[TOKEN_ASSIGN] = "'='",
		[TOKEN_DOT] = "'.'",
		[TOKEN_COLON] = "':'",
		[TOKEN_COMMA] = "','",
		[TOKEN_PIPE] = "'|'",
		[TOKEN_SEMICOLON] = "';'",
		[TOKEN_LPAREN] = "'('",
		[TOKEN_RPAREN] = "')'",
		[TOKEN_LBRACKET] = "'['",
		[TOKEN_RBRACKET] = "']'",
		[TOKEN_LBRACE] = "'{'",
		[TOKEN_RBRACE] = "'}'",
	};

	return names[kind];
}
