#include "provisioner/cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/human.h"
#include "provisioner/base/str.h"

#define DRAW_EVERY_MS 100
#define LINE_EVERY_MS 10000
#define COLUMNS_USUAL 80
#define BAR_MAX 30

static unsigned percent_of(const struct progress *p)
{
	if (p->total == 0)
		return 0;
	return p->done >= p->total ? 100 : (unsigned)(p->done * 100 / p->total);
}

static void add_rate(const struct progress *p, int64_t now_ms, struct str *out)
{
	int64_t took_ms = now_ms - p->started_ms;
	uint64_t got = p->done - (p->done_at_start < p->done ? p->done_at_start : p->done);
	char text[HUMAN_SIZE];

	if (took_ms < 1000 || got == 0)
		return;
	uint64_t rate = got * 1000 / (uint64_t)took_ms;
	str_printf(out, "  %s/s", human_bytes(rate, text));
	if (p->total > p->done && rate > 0)
		str_printf(out, "  %s left",
			human_duration((int64_t)((p->total - p->done) / rate) * 1000, text));
}

const char *progress_line(const struct progress *p, int64_t now_ms, size_t columns,
	char buf[static PROGRESS_LINE_SIZE])
{
	AUTO(str_done) struct str numbers = str_init(PROGRESS_LINE_SIZE);
	char done[HUMAN_SIZE], total[HUMAN_SIZE], bar[BAR_MAX + 1] = "";
	size_t len = strlen(p->what), width = 0;

	if (p->total > 0)
		str_printf(&numbers, "%3u %%  %s of %s", percent_of(p), human_bytes(p->done, done),
			human_bytes(p->total, total));
	else
		str_printf(&numbers, "%s", human_bytes(p->done, done));
	add_rate(p, now_ms, &numbers);
	if (p->total > 0 && columns > len + numbers.len + 9)
		width = columns - len - numbers.len - 7;
	width = width > BAR_MAX ? BAR_MAX : width;
	for (size_t i = 0; i < width; i++)
		bar[i] = i < width * percent_of(p) / 100 ? '#' : '.';
	int n = snprintf(buf, PROGRESS_LINE_SIZE, "%s  %s%s%s%s", p->what, width ? "[" : "", bar,
		width ? "]  " : "", str_text(&numbers));
	if (n > 0 && (size_t)n >= columns && columns > 0 && columns < PROGRESS_LINE_SIZE)
		buf[columns - 1] = '\0';
	return buf;
}

struct progress progress_begin(FILE *to, const char *what, uint64_t total)
{
	int64_t now_ms = clock_mono_ms();

	return (struct progress){.to = to,
		.what = what,
		.is_terminal = isatty(fileno(to)) == 1,
		.total = total,
		.started_ms = now_ms,
		.drawn_ms = now_ms};
}

static size_t columns_of(const struct progress *p)
{
	struct winsize size;

	if (ioctl(fileno(p->to), TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return COLUMNS_USUAL;
	return size.ws_col < PROGRESS_LINE_SIZE ? size.ws_col : PROGRESS_LINE_SIZE - 1;
}

static void draw(struct progress *p, int64_t now_ms)
{
	char line[PROGRESS_LINE_SIZE];

	if (p->is_terminal)
		(void)fprintf(p->to, "\r%s\033[K", progress_line(p, now_ms, columns_of(p), line));
	else
		(void)fprintf(
			p->to, "%s\n", progress_line(p, now_ms, PROGRESS_LINE_SIZE - 1, line));
	(void)fflush(p->to);
	p->is_drawn = p->is_terminal;
	p->drawn_ms = now_ms;
	p->drawn_tenth = percent_of(p) / 10;
}

void progress_set(struct progress *p, uint64_t done, uint64_t total)
{
	int64_t now_ms = clock_mono_ms();

	p->done = done;
	p->total = total;
	if (p->is_terminal ? now_ms - p->drawn_ms >= DRAW_EVERY_MS
			   : now_ms - p->drawn_ms >= LINE_EVERY_MS ||
				     (percent_of(p) / 10 > p->drawn_tenth && p->drawn_tenth < 9 &&
					     now_ms - p->drawn_ms >= 1000))
		draw(p, now_ms);
}

void progress_add(struct progress *p, uint64_t bytes)
{
	progress_set(p, p->done + bytes, p->total);
}

static void wipe(struct progress *p)
{
	if (p->is_drawn)
		(void)fputs("\r\033[K", p->to);
	p->is_drawn = false;
}

void progress_note(struct progress *p, const char *text)
{
	wipe(p);
	(void)fprintf(p->to, "%s\n", text);
	(void)fflush(p->to);
}

void progress_end(struct progress *p)
{
	wipe(p);
	(void)fflush(p->to);
}
