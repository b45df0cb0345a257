/* tell.h - cluster.yaml as the messages that dhcpd works from. Pure. */
#ifndef SLIPWAY_DAEMON_TELL_H
#define SLIPWAY_DAEMON_TELL_H

#include "provisioner/messages/messages.h"

struct cluster;
struct cluster_node;

/* As many tell_network() are to follow as the settings say: the network at place `i`, 0 being our own. */
void tell_settings(const struct cluster *c, struct message_dhcp_settings *ret);
void tell_network(const struct cluster *c, uint32_t i, struct message_network *ret);
void tell_node(const struct cluster_node *n, struct message_node *ret);

#endif
