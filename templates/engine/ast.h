/* ast.h - a parsed template: blocks of nodes, and the expressions in them.
 *
 * Made by parser.c and expr.c, read by render.c and eval.c; nothing changes it afterwards, so that
 * one tree serves any number of renders. All of it lives in the arena of its template set. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_AST_H
#define SLIPWAY_TEMPLATES_ENGINE_AST_H

#include <stdbool.h>

#include "provisioner/base/err.h"
#include "templates/engine/value.h"

struct builtin;

enum expr_kind {
	EXPR_CONST,   /* value */
	EXPR_NAME,    /* name */
	EXPR_LIST,    /* list */
	EXPR_TUPLE,   /* list */
	EXPR_MAP,     /* list: key, value, key, value, ... */
	EXPR_ATTR,    /* a.name */
	EXPR_INDEX,   /* a[b] */
	EXPR_SLICE,   /* a[list: start, stop, step], each an expression or a none */
	EXPR_CALL,    /* a(args) */
	EXPR_FILTER,  /* a|builtin(args) */
	EXPR_TEST,    /* a is builtin(args) */
	EXPR_BODY,    /* the text of the {% filter %} or {% set %} block around it */
	EXPR_NOT,     /* not a */
	EXPR_SIGN,    /* -a, +a: op */
	EXPR_BINARY,  /* a op b */
	EXPR_COMPARE, /* a, then list of operands, each with its op */
	EXPR_CONCAT,  /* list parted by ~ */
	EXPR_AND,     /* a and b */
	EXPR_OR,      /* a or b */
	EXPR_COND     /* a if cond else b; b may be NULL */
};

enum expr_op {
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_FLOORDIV,
	OP_MOD,
	OP_POW,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_IN,
	OP_NOT_IN
};

/* An element of a list, an operand of a comparison, an argument of a call. */
struct expr_item {
	struct expr *x;
	struct value name; /* arguments by keyword: text */
	enum expr_op op;   /* comparisons */
	struct expr_item *next;
};

struct expr {
	enum expr_kind kind;
	enum expr_op op;
	struct mark at;
	struct expr *a, *b, *cond;
	struct expr_item *list; /* also the arguments of calls, filters and tests */
	struct value value;     /* EXPR_CONST; the name in EXPR_NAME and EXPR_ATTR, as text */
	const struct builtin *builtin;
};

enum node_kind {
	NODE_TEXT,    /* text */
	NODE_PRINT,   /* {{ x }} */
	NODE_IF,      /* branches; one without x is the else */
	NODE_FOR,     /* for target in x if cond: body, els */
	NODE_SET,     /* set target = x */
	NODE_CAPTURE, /* set target ... endset: body through x, if any */
	NODE_FILTER,  /* filter ... endfilter: body through x */
	NODE_WITH,    /* with params: body */
	NODE_MACRO,   /* macro */
	NODE_CALL,    /* call x ... endcall: macro is the caller */
	NODE_INCLUDE, /* include x */
	NODE_IMPORT   /* import x as target; from x import params */
};

struct branch {
	struct expr *x;
	struct node *body;
	struct branch *next;
};

/* A name with an expression or NULL: a macro's parameter and its default, a variable of `with`, an
 * imported name (then `name` in there and `as` here). */
struct param {
	struct value name, as;
	struct expr *target, *x;
	struct param *next;
};

struct macro {
	struct value name;
	struct mark at;
	struct param *params;
	struct node *body;
};

struct node {
	enum node_kind kind;
	struct mark at;
	struct node *next;
	struct value text;
	struct expr *target, *x, *cond;
	struct node *body, *els;
	struct branch *branches;
	struct param *params;
	struct macro *macro;
	bool ignore_missing; /* include */
	bool bare;           /* include without context */
};

#endif
