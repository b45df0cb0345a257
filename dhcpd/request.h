/* request.h - the four kinds of DHCPREQUEST, told apart and judged (RFC 2131 section 4.3.2). */
#ifndef SLIPWAY_DHCPD_REQUEST_H
#define SLIPWAY_DHCPD_REQUEST_H

#include "dhcpd/ask.h"

enum request_kind {
	REQUEST_INCOMPLETE = 1, /* names no address */
	REQUEST_SELECTING,      /* takes an offer: names server and address */
	REQUEST_INIT_REBOOT,    /* has an address from before: names it, and no server */
	REQUEST_RENEWING,       /* uses its address, and asks the server itself */
	REQUEST_REBINDING       /* uses its address, and asks every server */
};

enum request_kind request_kind(const struct ask *a);

void request_handle(struct ask *a);

#endif
