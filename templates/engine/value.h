/* value.h - what a template computes with: none, truth, numbers, text, lists and maps.
 *
 * A struct value is 16 bytes and passed by value. Lists and maps are bodies in the arena they were
 * made with; copies of the value share them. Text is UTF-8, borrowed from an arena or a constant,
 * `len` bytes long, and need not end in a NUL. Maps have text keys and keep their order.
 * Building never fails step by step: what does not fit the arena is left out, and the builder asks
 * arena_is_full() once at its end. */
#ifndef SLIPWAY_TEMPLATES_ENGINE_VALUE_H
#define SLIPWAY_TEMPLATES_ENGINE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/arena.h"

struct doc_node;

enum value_kind {
	VALUE_UNDEFINED, /* a name or key that is not there; only `is defined` and default() take it */
	VALUE_NONE,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_NAMESPACE, /* a map that {% set ns.key = ... %} may change */
	VALUE_MACRO,     /* the rest exist only while a template runs */
	VALUE_FUNCTION,
	VALUE_LOOP
};

struct value {
	enum value_kind kind;
	uint32_t len; /* VALUE_TEXT */
	union {
		bool truth;
		int64_t i;
		double f;
		const char *text;
		struct value_list *list;
		struct value_map *map; /* VALUE_MAP, VALUE_NAMESPACE */
		const void *other; /* VALUE_UNDEFINED: its origin or NULL; macro, function, loop */
	};
};

/* What Python would call the list, where that decides what may be done with it. */
enum value_form {
	VALUE_PLAIN, /* a list: [a, b] */
	VALUE_TUPLE, /* (a, b): equal to no list, and the values of a format */
	VALUE_VIEW,  /* a map's keys or items: has a length, no places */
	VALUE_LAZY   /* what map(), select() and unique give: may only be gone through */
};

struct value_list {
	struct arena *arena;
	struct value *items;
	size_t n, cap;
	enum value_form form;
	bool is_group; /* a tuple of groupby's: its places are also called grouper and list */
};

struct value_pair {
	struct value key; /* always text */
	struct value value;
	uint32_t hash;
};

struct value_map {
	struct arena *arena;
	struct value_pair *pairs;
	size_t n, cap;
	uint32_t *slots; /* once the map is large: hash table of 1 + index into pairs */
	size_t n_slots;  /* a power of two */
};

struct value value_none(void);
struct value value_bool(bool truth);
struct value value_int(int64_t i);
struct value value_float(double f);

/* Text copied into the arena; NULL is none. */
struct value value_text(struct arena *a, const char *text);
struct value value_textn(struct arena *a, const char *text, size_t len);

/* Text that lives long enough by itself: a constant, or a part of another value's text. */
struct value value_text_of(const char *text, size_t len);
bool value_text_is(struct value v, const char *text);

struct value value_list(struct arena *a);
void value_list_form(struct value list, enum value_form form);
void value_list_group(struct value list);
bool value_has_places(struct value v); /* a list or tuple: may be indexed and joined */
void value_list_add(struct value list, struct value v);

/* Sets a key, which is copied; the last value set stays, in the place of the first. */
struct value value_map(struct arena *a);
void value_map_set(struct value map, const char *key, struct value v);

/* The same with a text value as key, which is kept and not copied. */
void value_map_put(struct value map, struct value key, struct value v);

/* The value under `key`; VALUE_UNDEFINED when it is not there or `map` is not a map. */
struct value value_get(struct value map, const char *key);
struct value value_getn(struct value map, const char *key, size_t len);

/* A YAML document as a value. Quoted and block scalars are text. Plain ones are typed by YAML 1.2's
 * core rules as far as nothing is lost: a number stays text unless it prints back as it was
 * written, so that `0644`, `1.10` and `1e3` come out of a template unchanged. */
struct value value_from_doc(struct arena *a, const struct doc_node *node);

/* "a list", "text", ...: for messages. */
const char *value_kind_name(enum value_kind kind);

#endif
