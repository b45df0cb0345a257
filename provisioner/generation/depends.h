/* depends.h - what the rendering of one node has read, and a hash over that.
 *
 * The engine tells each name that a template looked up and each template it asked for: that is the trace of a
 * rendering. The same templates given the same values of those names read the same again and write the same, so a
 * node whose key over its old trace has not changed need not be rendered. What is looked for and not found counts
 * like what is found. */
#ifndef SLIPWAY_GENERATION_DEPENDS_H
#define SLIPWAY_GENERATION_DEPENDS_H

#include <stdint.h>

#include "provisioner/base/str.h"
#include "templates/engine/engine.h"

#define DEPENDS_KEY_LEN 32
#define DEPENDS_TRACE_MAX ((size_t)64 << 10)

struct depends;
struct sources;

/* `sources` gives the templates' texts; `salt` is what every node's key depends on. Keeps `sources`. `shared` are the
 * values that all nodes see: each is hashed once. */
struct depends *depends_new(struct sources *sources, const char *salt, struct value shared);

/* One more value that many nodes see, and that lives as long. */
void depends_share(struct depends *d, struct value v);
void depends_free(struct depends *d);

/* To be put into the engine's options. */
const struct template_watch *depends_watch(struct depends *d);

/* Forgets what was read: another node begins. */
void depends_begin(struct depends *d);

/* Adds what was read since, in an order of its own: the same things are the same text. */
void depends_trace(struct depends *d, struct str *out);

/* The key of a rendering that sees `globals` and reads what the trace says; `own` is what it depends on beside them. 0,
 * or -EIO. */
int depends_key(struct depends *d, const char *trace, struct value globals, const char *own,
	uint8_t ret[static DEPENDS_KEY_LEN]) MUST_USE;

#endif
