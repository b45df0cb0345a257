/* log.h - one line per event, on stderr, structured as logfmt.
 *
 * The level and the process name are the only mutable file-scope data of the suite
 * (docs/adr/0003). Lines carry syslog's <N> prefix when the journal reads us. Text that came from
 * the network goes through log_safe() before it is logged, and a cause that a stranger can repeat
 * at will is logged through a log_rate. */
#ifndef SLIPWAY_BASE_LOG_H
#define SLIPWAY_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/mem.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* `process` names the lines' origin ("dhcpd"); it is kept, not copied. */
void log_init(const char *process, enum log_level level);
enum log_level log_level(void);

/* "error", "warn", "info" or "debug". 0 or -EINVAL. */
int log_level_parse(const char *text, enum log_level *ret) MUST_USE;

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* At most one line a second per cause; what was held back is counted and said with the next one. */
struct log_rate {
	int64_t next_ms;
	unsigned held;
};

/* True when a line may be written now; *ret_held says how many were held back since the last. */
bool log_rate_allows(struct log_rate *r, int64_t now_ms, unsigned *ret_held);

/* `n` bytes from a stranger as printable text in `buf` (cut to fit, always NUL-terminated). */
const char *log_safe(char *buf, size_t size, const void *data, size_t n);

#endif
