/* notify.h - telling systemd how a service is doing (sd_notify(3)'s protocol, without its library).
 *
 * One datagram to the socket that $NOTIFY_SOCKET names; without one, nothing happens. */
#ifndef SLIPWAY_BASE_NOTIFY_H
#define SLIPWAY_BASE_NOTIFY_H

/* Sends lines such as "READY=1" or "STATUS=...", parted by '\n'. Losing one is never worth failing. */
void notify_send(const char *lines);

#endif
