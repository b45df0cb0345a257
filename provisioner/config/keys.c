#include "provisioner/config/keys.h"

#include <ctype.h>
#include <string.h>

#define KEY(key, kind, struct_name, member, ...)                                                  \
	{                                                                                         \
		.name = (key), .type = KEY_##kind, .field = offsetof(struct struct_name, member), \
		__VA_ARGS__                                                                       \
	}
#define REFUSED(key, why)                                            \
	{                                                            \
		.name = (key), .type = KEY_REFUSED, .refused = (why) \
	}
#define TABLE(rows, bytes)                                            \
	{                                                             \
		.keys = (rows), .n = ARRAY_LEN(rows), .size = (bytes) \
	}

static const struct key user_keys[] = {
	KEY("name", TEXT, cc_user, name, .rule = &rule_user, .required = true),
	KEY("passwd", TEXT, cc_user, passwd, .rule = &rule_hash),
	KEY("gecos", TEXT, cc_user, gecos, .rule = &rule_one_line),
	KEY("homedir", TEXT, cc_user, homedir, .rule = &rule_path),
	KEY("no_create_home", FLAG, cc_user, no_create_home),
	KEY("primary_group", TEXT, cc_user, primary_group, .rule = &rule_user),
	KEY("groups", TEXTS, cc_user, groups, .rule = &rule_user),
	KEY("no_user_group", FLAG, cc_user, no_user_group),
	KEY("system", FLAG, cc_user, system),
	KEY("no_log_init", FLAG, cc_user, no_log_init),
	KEY("shell", TEXT, cc_user, shell, .rule = &rule_path),
	KEY("ssh_authorized_keys", TEXTS, cc_user, ssh_authorized_keys, .rule = &rule_ssh_key),
	KEY("coreos_ssh_import_github", TEXT, cc_user, coreos_ssh_import_github,
		.rule = &rule_one_line),
	KEY("coreos_ssh_import_github_users", TEXTS, cc_user, coreos_ssh_import_github_users,
		.rule = &rule_one_line),
	KEY("coreos_ssh_import_url", TEXT, cc_user, coreos_ssh_import_url, .rule = &rule_one_line),
	REFUSED("inactive", "coreos-cloudinit never implemented it"),
	REFUSED("lock_passwd", "a user without passwd can not log in by password anyway"),
	REFUSED("sudo", "put the user into the group sudo, or write a file below /etc/sudoers.d"),
	REFUSED("uid", "coreos-cloudinit takes no user id"),
	REFUSED("selinux_user", "coreos-cloudinit never implemented it"),
	REFUSED("ssh_import_id", "list the keys under ssh_authorized_keys"),
};
static const struct keys user_table = TABLE(user_keys, sizeof(struct cc_user));

static const struct key file_keys[] = {
	KEY("path", TEXT, cc_file, path, .rule = &rule_path, .required = true),
	KEY("owner", TEXT, cc_file, owner, .rule = &rule_owner),
	KEY("permissions", TEXT, cc_file, permissions, .rule = &rule_permissions),
	KEY("encoding", TEXT, cc_file, encoding, .rule = &rule_encoding),
	KEY("content", BYTES, cc_file, content),
	REFUSED("append", "coreos-cloudinit writes whole files only"),
	REFUSED("defer", "coreos-cloudinit writes files after the users are made anyway"),
};
static const struct keys file_table = TABLE(file_keys, sizeof(struct cc_file));

static const struct key drop_in_keys[] = {
	KEY("name", TEXT, cc_dropin, name, .rule = &rule_drop_in, .required = true),
	KEY("content", TEXT, cc_dropin, content, .rule = &rule_unit_text, .required = true),
};
static const struct keys drop_in_table = TABLE(drop_in_keys, sizeof(struct cc_dropin));

static const struct key unit_keys[] = {
	KEY("name", TEXT, cc_unit, name, .rule = &rule_unit, .required = true),
	KEY("command", TEXT, cc_unit, command, .rule = &rule_command),
	KEY("enable", FLAG, cc_unit, enable),
	KEY("mask", FLAG, cc_unit, mask),
	KEY("runtime", FLAG, cc_unit, runtime),
	KEY("content", TEXT, cc_unit, content, .rule = &rule_unit_text),
	KEY("drop_ins", MAPS, cc_unit, drop_ins, .sub = &drop_in_table),
	REFUSED("contents", "cloud-config calls it content; contents is Ignition's word"),
	REFUSED("dropins", "cloud-config calls it drop_ins; dropins is Ignition's word"),
	REFUSED("enabled", "cloud-config calls it enable; enabled is Ignition's word"),
};
static const struct keys unit_table = TABLE(unit_keys, sizeof(struct cc_unit));

/* Settings: the index of a row is the index of its value. */
#define TEXT_SETTING(key)                                              \
	{                                                              \
		.name = (key), .type = KEY_TEXT, .rule = &rule_setting \
	}
#define INT_SETTING(key)                       \
	{                                      \
		.name = (key), .type = KEY_INT \
	}
#define FLOAT_SETTING(key)                       \
	{                                        \
		.name = (key), .type = KEY_FLOAT \
	}
#define BOOL_SETTING(key)                       \
	{                                       \
		.name = (key), .type = KEY_BOOL \
	}
#define RULED_SETTING(key, its_rule)                                \
	{                                                           \
		.name = (key), .type = KEY_TEXT, .rule = (its_rule) \
	}
#define SETTINGS(rows, variables)                                                     \
	{                                                                             \
		.keys = (rows), .n = ARRAY_LEN(rows), .size = sizeof(struct cc_text), \
		.prefix = (variables)                                                 \
	}

static const char of_etcd2[] = "etcd 0.4 has no such option: put it under coreos.etcd2";
#define OF_ETCD2(key)                                                   \
	{                                                               \
		.name = (key), .type = KEY_REFUSED, .refused = of_etcd2 \
	}

static const struct key etcd_keys[] = {TEXT_SETTING("addr"), TEXT_SETTING("bind_addr"),
	TEXT_SETTING("ca_file"), TEXT_SETTING("cert_file"), INT_SETTING("cluster_active_size"),
	FLOAT_SETTING("cluster_remove_delay"), FLOAT_SETTING("cluster_sync_interval"),
	TEXT_SETTING("cors"), TEXT_SETTING("data_dir"), RULED_SETTING("discovery", &rule_url),
	TEXT_SETTING("graphite_host"), FLOAT_SETTING("http_read_timeout"),
	FLOAT_SETTING("http_write_timeout"), TEXT_SETTING("key_file"),
	INT_SETTING("max_result_buffer"), INT_SETTING("max_retry_attempts"), TEXT_SETTING("name"),
	TEXT_SETTING("peer_addr"), TEXT_SETTING("peer_bind_addr"), TEXT_SETTING("peer_ca_file"),
	TEXT_SETTING("peer_cert_file"), INT_SETTING("peer_election_timeout"),
	INT_SETTING("peer_heartbeat_interval"), TEXT_SETTING("peer_key_file"),
	TEXT_SETTING("peers"), TEXT_SETTING("peers_file"), FLOAT_SETTING("retry_interval"),
	BOOL_SETTING("snapshot"),
	{.name = "snapshot_count", .type = KEY_INT, .env = "ETCD_SNAPSHOTCOUNT"},
	TEXT_SETTING("trace"), BOOL_SETTING("verbose"), BOOL_SETTING("very_verbose"),
	BOOL_SETTING("very_very_verbose"), OF_ETCD2("advertise_client_urls"),
	OF_ETCD2("discovery_fallback"), OF_ETCD2("discovery_srv"), OF_ETCD2("discovery_proxy"),
	OF_ETCD2("election_timeout"), OF_ETCD2("force_new_cluster"), OF_ETCD2("heartbeat_interval"),
	OF_ETCD2("initial_advertise_peer_urls"), OF_ETCD2("initial_cluster"),
	OF_ETCD2("initial_cluster_state"), OF_ETCD2("initial_cluster_token"),
	OF_ETCD2("listen_client_urls"), OF_ETCD2("listen_peer_urls"), OF_ETCD2("max_snapshots"),
	OF_ETCD2("max_wals"), OF_ETCD2("proxy")};

static const struct key etcd2_keys[] = {TEXT_SETTING("advertise_client_urls"),
	TEXT_SETTING("ca_file"), TEXT_SETTING("cert_file"), BOOL_SETTING("client_cert_auth"),
	TEXT_SETTING("cors"), TEXT_SETTING("data_dir"), BOOL_SETTING("debug"),
	RULED_SETTING("discovery", &rule_url), TEXT_SETTING("discovery_fallback"),
	TEXT_SETTING("discovery_srv"), TEXT_SETTING("discovery_proxy"),
	INT_SETTING("election_timeout"), BOOL_SETTING("enable_pprof"),
	BOOL_SETTING("force_new_cluster"), INT_SETTING("heartbeat_interval"),
	TEXT_SETTING("initial_advertise_peer_urls"), TEXT_SETTING("initial_cluster"),
	RULED_SETTING("initial_cluster_state", &rule_cluster_state),
	TEXT_SETTING("initial_cluster_token"), TEXT_SETTING("key_file"),
	TEXT_SETTING("listen_client_urls"), TEXT_SETTING("listen_peer_urls"),
	TEXT_SETTING("log_package_levels"), INT_SETTING("max_snapshots"), INT_SETTING("max_wals"),
	TEXT_SETTING("name"), TEXT_SETTING("peer_ca_file"), TEXT_SETTING("peer_cert_file"),
	BOOL_SETTING("peer_client_cert_auth"), TEXT_SETTING("peer_key_file"),
	TEXT_SETTING("peer_trusted_ca_file"), RULED_SETTING("proxy", &rule_proxy),
	INT_SETTING("proxy_dial_timeout"), INT_SETTING("proxy_failure_wait"),
	INT_SETTING("proxy_read_timeout"), INT_SETTING("proxy_refresh_interval"),
	INT_SETTING("proxy_write_timeout"), INT_SETTING("snapshot_count"),
	BOOL_SETTING("strict_reconfig_check"), TEXT_SETTING("trusted_ca_file"),
	TEXT_SETTING("wal_dir")};

static const struct key fleet_keys[] = {TEXT_SETTING("agent_ttl"),
	TEXT_SETTING("authorized_keys_file"), BOOL_SETTING("disable_engine"),
	FLOAT_SETTING("engine_reconcile_interval"), TEXT_SETTING("etcd_cafile"),
	TEXT_SETTING("etcd_certfile"), TEXT_SETTING("etcd_keyfile"),
	TEXT_SETTING("etcd_key_prefix"), FLOAT_SETTING("etcd_request_timeout"),
	TEXT_SETTING("etcd_servers"), TEXT_SETTING("etcd_username"), TEXT_SETTING("etcd_password"),
	TEXT_SETTING("metadata"), TEXT_SETTING("public_ip"), INT_SETTING("token_limit"),
	INT_SETTING("verbosity"), BOOL_SETTING("verify_units")};

static const struct key flannel_keys[] = {TEXT_SETTING("etcd_endpoints"),
	TEXT_SETTING("etcd_cafile"), TEXT_SETTING("etcd_certfile"), TEXT_SETTING("etcd_keyfile"),
	TEXT_SETTING("etcd_prefix"), TEXT_SETTING("etcd_username"), TEXT_SETTING("etcd_password"),
	{.name = "interface", .type = KEY_TEXT, .rule = &rule_setting, .env = "FLANNELD_IFACE"},
	TEXT_SETTING("ip_masq"), TEXT_SETTING("public_ip"), TEXT_SETTING("subnet_file")};

static const struct key locksmith_keys[] = {TEXT_SETTING("endpoint"), TEXT_SETTING("etcd_cafile"),
	TEXT_SETTING("etcd_certfile"), TEXT_SETTING("etcd_keyfile"), TEXT_SETTING("etcd_username"),
	TEXT_SETTING("etcd_password"), TEXT_SETTING("group"),
	{.name = "window_start",
		.type = KEY_TEXT,
		.rule = &rule_window_start,
		.env = "REBOOT_WINDOW_START"},
	{.name = "window_length",
		.type = KEY_TEXT,
		.rule = &rule_window_length,
		.env = "REBOOT_WINDOW_LENGTH"}};

static const struct key oem_keys[] = {TEXT_SETTING("id"), TEXT_SETTING("version_id"),
	TEXT_SETTING("name"), TEXT_SETTING("home_url"), TEXT_SETTING("bug_report_url")};

static const struct key update_keys[] = {TEXT_SETTING("group"),
	RULED_SETTING("reboot_strategy", &rule_strategy), TEXT_SETTING("server")};

static const struct keys sections[CC_SECTIONS] = {
	[CC_ETCD] = SETTINGS(etcd_keys, "ETCD_"),
	[CC_ETCD2] = SETTINGS(etcd2_keys, "ETCD_"),
	[CC_FLEET] = SETTINGS(fleet_keys, "FLEET_"),
	[CC_FLANNEL] = SETTINGS(flannel_keys, "FLANNELD_"),
	[CC_LOCKSMITH] = SETTINGS(locksmith_keys, "LOCKSMITHD_"),
	[CC_OEM] = SETTINGS(oem_keys, ""),
	[CC_UPDATE] = SETTINGS(update_keys, ""),
};

#define SECTION(key, which)                                                                     \
	{                                                                                       \
		.name = (key), .type = KEY_SECTION,                                             \
		.field = offsetof(struct cloudconfig, sections[which]), .sub = &sections[which] \
	}

static const char at_top[] = "it belongs to the top level, not below coreos";

static const struct key coreos_keys[] = {
	SECTION("etcd", CC_ETCD),
	SECTION("etcd2", CC_ETCD2),
	SECTION("fleet", CC_FLEET),
	SECTION("flannel", CC_FLANNEL),
	SECTION("locksmith", CC_LOCKSMITH),
	SECTION("oem", CC_OEM),
	SECTION("update", CC_UPDATE),
	KEY("units", MAPS, cloudconfig, units, .sub = &unit_table),
	REFUSED("write_files", at_top),
	REFUSED("users", at_top),
	REFUSED("hostname", at_top),
	REFUSED("ssh_authorized_keys", at_top),
};
static const struct keys coreos_table = TABLE(coreos_keys, sizeof(struct cloudconfig));

static const char use_unit[] = "coreos-cloudinit does not know it; write a unit under coreos.units";

static const struct key root_keys[] = {
	KEY("hostname", TEXT, cloudconfig, hostname, .rule = &rule_hostname),
	KEY("manage_etc_hosts", TEXT, cloudconfig, manage_etc_hosts, .rule = &rule_etc_hosts),
	KEY("ssh_authorized_keys", TEXTS, cloudconfig, ssh_authorized_keys, .rule = &rule_ssh_key),
	KEY("users", MAPS, cloudconfig, users, .sub = &user_table),
	KEY("write_files", MAPS, cloudconfig, files, .sub = &file_table),
	{.name = "coreos", .type = KEY_MAP, .sub = &coreos_table},
	REFUSED("runcmd", use_unit),
	REFUSED("bootcmd", use_unit),
	REFUSED("mounts", use_unit),
	REFUSED("ntp", "coreos-cloudinit does not know it; write /etc/systemd/timesyncd.conf"),
	REFUSED("timezone",
		"coreos-cloudinit does not know it; write a unit that runs timedatectl"),
	REFUSED("packages", "CoreOS has no packages; run a container or fetch a program"),
	REFUSED("groups", "coreos-cloudinit makes no groups but users' own"),
};
const struct keys keys_root = TABLE(root_keys, sizeof(struct cloudconfig));

const struct keys *keys_of_section(enum cc_section s)
{
	return &sections[s];
}

const struct key *key_find(const struct keys *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->keys[i].name, name) == 0)
			return &s->keys[i];
	return NULL;
}

void key_add_env(struct str *out, const struct keys *s, const struct key *k)
{
	if (k->env) {
		str_add(out, k->env);
		return;
	}
	str_add(out, s->prefix);
	for (const char *p = k->name; *p; p++)
		str_addc(out, (char)toupper((unsigned char)*p));
}
