/* control.h - the talk with the provisioner: settings and nodes come in, exchanges and counters go out.
 *
 * All tables are replaced whole, so a decision never sees half of one. What has come stays in force
 * while the provisioner is away. */
#ifndef SLIPWAY_DHCPD_CONTROL_H
#define SLIPWAY_DHCPD_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcpd/counters.h"
#include "dhcpd/lease.h"
#include "dhcpd/listing.h"
#include "dhcpd/network.h"
#include "dhcpd/node_table.h"
#include "dhcpd/reserve.h"
#include "dhcpd/trace.h"
#include "provisioner/base/ipc.h"
#include "provisioner/messages/messages.h"

struct event;
struct event_base;
struct ipc;

/* Ends the quarantine of an address, on disk too. *ret_mac is its client's, or zero. */
typedef enum lease_cleared control_clear(void *arg, uint32_t address, struct mac *ret_mac);

struct control {
	bool is_ready; /* settings have come: we may answer */
	struct message_dhcp_settings settings;
	struct networks *networks;
	struct node_table *nodes;
	struct reserve reserve; /* of these two */

	struct message_dhcp_settings settings_coming;
	struct networks *networks_coming;
	struct node_table *nodes_coming;
	struct lease_table *leases;
	struct listing listing; /* what the provisioner asked for and has not read yet */
	struct trace trace;
	control_clear *clear;
	void *arg; /* of `clear` */
	struct ipc *provisioner;
	struct event *list; /* goes on with the listing when the provisioner was busy */
	struct event *tell; /* sends what is in `told` at the end of a wake-up */
	struct message_exchange told[IPC_PAYLOAD_MAX / sizeof(struct message_exchange)];
	size_t n_told;
	int64_t second_ms; /* when the current second of log lines began */
	unsigned lines;    /* written or held back in it */
};

/* Takes `fd`, keeps `leases` (whose pools it sets) and says HELLO. */
void control_open(struct control *c, struct event_base *base, int fd, struct lease_table *leases,
	control_clear *clear, void *arg);
void control_close(struct control *c);

/* Logs an exchange and tells it to the provisioner, together with the others of this wake-up. */
void control_tell(struct control *c, const struct message_exchange *x);

/* Logs another DHCP server and tells of it. */
void control_tell_rival(struct control *c, const struct message_rival *m);

/* Tells all counters that have changed, and the exchanges that wait. */
void control_tell_counters(struct control *c, struct counters *counters);

#endif
