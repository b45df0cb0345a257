/* iface_values.h - what the value of a networkd key may be, of those that a link can take.
 *
 * Pure questions of one text each. What is legal here needs no quoting in NetworkManager's language or
 * cloud-init's. */
#ifndef SLIPWAY_CONFIG_IFACE_VALUES_H
#define SLIPWAY_CONFIG_IFACE_VALUES_H

#include <stdbool.h>

bool iface_is_name(const char *text); /* of an interface */

/* "*" is the one wildcard that all three systems read alike. */
bool iface_is_name_or_pattern(const char *text);

bool iface_is_address(const char *text);
bool iface_is_network(const char *text); /* an address with its prefix length */
bool iface_is_number(const char *text);
bool iface_is_mtu(const char *text);
bool iface_is_vlan_id(const char *text);

/* A search domain; "~" before it is for routing alone, "~." takes every question. */
bool iface_is_domain(const char *text);

#endif
