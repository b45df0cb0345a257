/* lexer.h - template text cut into tokens.
 *
 * Outside of tags there is only TOKEN_DATA, with the whitespace control of the neighbouring tags
 * (`-`, `+`, and the newline behind a block or comment) already applied; comments and {% raw %} are
 * gone. Inside, brackets are matched, so that `}}` within an open brace is no end. The text is
 * borrowed; newlines of DOS and old Macs must have been replaced (lexer_init does). */
#ifndef SLIPWAY_TEMPLATES_ENGINE_LEXER_H
#define SLIPWAY_TEMPLATES_ENGINE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"

enum token_kind {
	TOKEN_END,
	TOKEN_DATA,
	TOKEN_PRINT_BEGIN, /* {{ */
	TOKEN_PRINT_END,
	TOKEN_BLOCK_BEGIN, /* {% */
	TOKEN_BLOCK_END,
	TOKEN_NAME,
	TOKEN_TEXT,
	TOKEN_INT,
	TOKEN_FLOAT,
	TOKEN_ADD,
	TOKEN_SUB,
	TOKEN_MUL,
	TOKEN_DIV,
	TOKEN_FLOORDIV,
	TOKEN_MOD,
	TOKEN_POW,
	TOKEN_TILDE,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_ASSIGN,
	TOKEN_DOT,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_PIPE,
	TOKEN_SEMICOLON,
	TOKEN_LPAREN,
	TOKEN_RPAREN,
	TOKEN_LBRACKET,
	TOKEN_RBRACKET,
	TOKEN_LBRACE,
	TOKEN_RBRACE
};

struct token {
	enum token_kind kind;
	struct mark at;
	const char *s; /* DATA, NAME; TEXT with its escapes resolved */
	size_t len;
	union {
		int64_t i;
		double f;
	};
};

#define LEXER_BRACKETS_MAX 64

struct lexer {
	struct arena *arena;
	const char *text;
	size_t len, pos;
	struct mark here; /* of the byte at pos */
	struct mark tag;  /* where the open tag began */
	enum { LEXER_OUTSIDE, LEXER_PRINT, LEXER_BLOCK } state;
	char brackets[LEXER_BRACKETS_MAX]; /* the closing ones we wait for */
	size_t n_brackets;
};

/* Keeps `name` and `text`. -ENOMEM when the arena is full, else 0. */
int lexer_init(
	struct lexer *lx, struct arena *a, const char *name, const char *text, size_t len) MUST_USE;

/* The next token, or -EINVAL with *e filled. After the last one it gives TOKEN_END for ever. */
int lexer_next(struct lexer *lx, struct token *ret, struct err *e) MUST_USE;

/* "'}}'", "a name", ...: for messages. */
const char *token_name(enum token_kind kind);

#endif
