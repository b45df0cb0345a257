/* trace.h - GET /v1/trace: packets of the DHCP server, as they come and go, to whoever looks on.
 *
 * dhcpd is told to send frames while there is a reader, and only of the machines that readers want. A reader
 * that does not keep up loses frames and is told how many. What dhcpd says is passed on as it is: no
 * packet is looked into here. There is nothing secret in DHCP. */
#ifndef SLIPWAY_API_TRACE_H
#define SLIPWAY_API_TRACE_H

#include "provisioner/messages/messages.h"

struct admin;
struct api_request;
struct ipc;
struct tracing;

/* Keeps both. */
struct tracing *tracing_new(struct ipc *dhcpd, const struct admin *admin);
void tracing_free(struct tracing *t);

/* The route; the server's argument is a struct admin. ?match=NODE, MAC or ADDRESS */
void tracing_get(struct api_request *r);

/* What dhcpd says. */
void tracing_on_frame(struct tracing *t, const struct message_frame *f);

/* A new dhcpd has come: it is told again, and so are the readers. */
void tracing_on_hello(struct tracing *t);

#endif
