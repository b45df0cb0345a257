/* stream.h - an answer that is sent piece by piece, and no faster than its reader reads.
 *
 * The owner gets `on_drained` when all that it sent is on its way, and `on_gone` when the reader has left,
 * after which the stream is no more. It tells of neither once api_stream_end() was called. */
#ifndef SLIPWAY_API_STREAM_H
#define SLIPWAY_API_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/api/http.h"

struct api_stream;

typedef void api_stream_fn(void *arg);

/* The answer to `r` will be given here, later if need be. Keeps `arg`; `on_drained` may be NULL. */
struct api_stream *api_stream_new(
	struct api_request *r, api_stream_fn *on_drained, api_stream_fn *on_gone, void *arg);

/* Copies. The first piece begins an answer of JSON with status 200. */
void api_stream_send(struct api_stream *s, const struct str *json);

/* Instead of a first piece: answers with an error, and frees the stream. */
void api_stream_refuse(struct api_stream *s, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool api_stream_has_begun(const struct api_stream *s);

/* From now on the reader may take its time, and so may we. The answer has begun. */
void api_stream_take_time(struct api_stream *s);

/* Bytes that the reader has not taken yet. */
size_t api_stream_waiting(const struct api_stream *s);

/* Ends the answer and frees the stream. */
void api_stream_end(struct api_stream *s);

#endif
