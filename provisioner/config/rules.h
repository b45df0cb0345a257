/* rules.h - what a single value of a cloud-config may look like.
 *
 * A rule is a test and the words that tell what would have passed; or a list of choices. Where
 * coreos-cloudinit has a rule, ours accepts nothing that its does not. */
#ifndef SLIPWAY_CONFIG_RULES_H
#define SLIPWAY_CONFIG_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct rule {
	bool (*holds)(const char *text);
	const char *const *choices; /* instead of `holds`; ends in NULL */
	const char *expected;       /* "...is not <expected>" */
};

extern const struct rule rule_hostname, rule_ssh_key, rule_user, rule_hash, rule_one_line,
	rule_path, rule_owner, rule_permissions, rule_encoding, rule_unit, rule_drop_in,
	rule_unit_text, rule_command, rule_setting, rule_proxy, rule_cluster_state, rule_strategy,
	rule_window_start, rule_window_length, rule_etc_hosts, rule_url;

/* The kind of file that systemd-networkd reads: .network, .netdev, .link. */
bool rule_is_network_unit(const char *name);

/* The number of the first line of `text` that no systemd file may hold, or 0. */
size_t rule_bad_unit_line(const char *text);

/* Whether the text of a unit has a section of that name. */
bool rule_has_section(const char *text, const char *section);

/* The mode in octal text that rule_permissions accepts. */
unsigned rule_mode(const char *text);

#endif
