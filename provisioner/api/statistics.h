/* statistics.h - every counter of the server with what it means: GET /v1/counters, and /metrics for Prometheus.
 *
 * The names and meanings are those of the workers' own tables, so a counter that nobody has told yet is
 * there with 0. docs/reference/counters.md lists them; a test compares. */
#ifndef SLIPWAY_API_STATISTICS_H
#define SLIPWAY_API_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct api_request;

/* The i-th counter of all tables, false past the last one. */
struct statistic {
	const char *name, *text;
};
bool statistics_at(size_t i, struct statistic *ret);

/* The routes; the server's argument is a struct admin. */
void statistics_get(struct api_request *r);
void statistics_get_metrics(struct api_request *r);

#endif
