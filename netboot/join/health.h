/* health.h - asks systemd how the units are, without waiting for it.
 *
 * Runs systemctl twice (no shell, a bounded output, a deadline) and gives what units.h read. A
 * machine without systemctl is "unknown". One question at a time. */
#ifndef SLIPWAY_JOIN_HEALTH_H
#define SLIPWAY_JOIN_HEALTH_H

struct event_base;
struct health;
struct units;

/* Borrows the units. */
typedef void health_handler(void *arg, const struct units *units);

struct health *health_new(struct event_base *base, health_handler *handle, void *arg);
void health_free(struct health *h);

/* The handler is called later, once. A question under way is not asked again. */
void health_ask(struct health *h);

#endif
