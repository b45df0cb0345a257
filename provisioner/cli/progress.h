/* progress.h - how far long work is: on a terminal a bar that is drawn over, elsewhere a line now and
 * then. What a bar looks like is a pure function of the numbers. */
#ifndef SLIPWAY_CLI_PROGRESS_H
#define SLIPWAY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_LINE_SIZE 256

struct progress {
	FILE *to;
	const char *what; /* kept */
	bool is_terminal;
	uint64_t done, total;   /* bytes; total 0: not known */
	uint64_t done_at_start; /* was there before: does not count for the rate */
	int64_t started_ms, drawn_ms;
	unsigned drawn_tenth;
	bool is_drawn;
};

/* One line without its end, of at most `columns`: "what [###...]  42 %  1.0 MiB of 2.4 MiB ...". */
const char *progress_line(const struct progress *p, int64_t now_ms, size_t columns,
	char buf[static PROGRESS_LINE_SIZE]);

struct progress progress_begin(FILE *to, const char *what, uint64_t total);

/* Tells how far it is; draws when it is time to. */
void progress_set(struct progress *p, uint64_t done, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);

/* A line of its own, above the bar. */
void progress_note(struct progress *p, const char *text);

/* Takes the bar away. */
void progress_end(struct progress *p);

#endif
