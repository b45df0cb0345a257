#include "provisioner/config/sections.h"

#include <errno.h>
#include <string.h>

#include "provisioner/config/fcos.h"
#include "provisioner/config/keys.h"

#define TEXT_MAX ((size_t)1 << 16)

static const struct cc_text *setting(
	const struct cloudconfig *c, enum cc_section s, const char *key)
{
	const struct keys *table = keys_of_section(s);

	return &c->sections[s][key_find(table, key) - table->keys];
}

/* One line per setting: `before` VARIABLE=value `after`. NULL when it does not fit. */
static const char *settings_text(struct plan *p, const struct cloudconfig *c, enum cc_section s,
	const char *head, const char *before, const char *after)
{
	const struct keys *table = keys_of_section(s);
	AUTO(str_done) struct str out = str_init(TEXT_MAX);

	str_add(&out, head);
	for (size_t i = 0; i < table->n; i++) {
		if (!c->sections[s][i].text)
			continue;
		str_add(&out, before);
		key_add_env(&out, table, &table->keys[i]);
		str_printf(&out, "=%s%s\n", c->sections[s][i].text, after);
	}
	return str_ok(&out) ? arena_strdup(p->arena, str_text(&out)) : NULL;
}

static int environment(struct plan *p, const struct cloudconfig *c, enum cc_section s,
	const char *unit, const char *drop_in)
{
	struct mark at = cloudconfig_section_at(c, s);

	return plan_add_drop_in(p, plan_unit(p, at, unit), at, drop_in,
		settings_text(p, c, s, "[Service]\n", "Environment=\"", "\""));
}

/* What etcd 2 could do and its successors can not. */
static const struct {
	const char *key, *instead;
} gone[] = {
	{"ca_file", "use trusted_ca_file and client_cert_auth"},
	{"peer_ca_file", "use peer_trusted_ca_file and peer_client_cert_auth"},
	{"proxy_dial_timeout", "there is no proxy mode any more"},
	{"proxy_failure_wait", "there is no proxy mode any more"},
	{"proxy_read_timeout", "there is no proxy mode any more"},
	{"proxy_refresh_interval", "there is no proxy mode any more"},
	{"proxy_write_timeout", "there is no proxy mode any more"},
};

static int plan_etcd2(struct plan *p, const struct cloudconfig *c)
{
	const struct cc_text *proxy = setting(c, CC_ETCD2, "proxy");

	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (setting(c, CC_ETCD2, gone[i].key)->text)
			err_list_add(p->errors, setting(c, CC_ETCD2, gone[i].key)->at,
				"coreos.etcd2.%s: etcd-member has no such setting: %s", gone[i].key,
				gone[i].instead);
	if (proxy->text && strcmp(proxy->text, "off") != 0)
		err_list_add(p->errors, proxy->at,
			"coreos.etcd2.proxy: etcd-member has no proxy mode; let clients ask the "
			"members, or run \"etcd gateway\"");
	plan_unit(p, cloudconfig_section_at(c, CC_ETCD2), PLAN_ETCD_MEMBER)->start = true;
	return environment(p, c, CC_ETCD2, PLAN_ETCD_MEMBER, "20-clct-etcd-member.conf");
}

static int plan_flannel(struct plan *p, const struct cloudconfig *c)
{
	struct mark at = cloudconfig_section_at(c, CC_FLANNEL);
	struct plan_unit *u = plan_unit(p, at, "flanneld.service");
	const char *options = settings_text(p, c, CC_FLANNEL, "", "", "");

	if (!options)
		return -E2BIG;
	plan_add_file(p, at, "/etc/flannel/options.env", options);
	return plan_add_drop_in(p, u, at, "20-cloudinit.conf",
		"[Service]\n"
		"ExecStartPre=/usr/bin/mkdir -p /run/flannel\n"
		"ExecStartPre=/usr/bin/ln -sf /etc/flannel/options.env /run/flannel/options.env\n");
}

/* os-release(5) for the OEM; the last three are quoted, as coreos-cloudinit does. */
static int plan_oem(struct plan *p, const struct cloudconfig *c)
{
	static const struct {
		const char *key, *variable, *quote;
	} lines[] = {{"id", "ID", ""}, {"version_id", "VERSION_ID", ""}, {"name", "NAME", "\""},
		{"home_url", "HOME_URL", "\""}, {"bug_report_url", "BUG_REPORT_URL", "\""}};
	AUTO(str_done) struct str out = str_init(TEXT_MAX);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const char *value = setting(c, CC_OEM, lines[i].key)->text;

		str_printf(&out, "%s=%s%s%s\n", lines[i].variable, lines[i].quote,
			value ? value : "", lines[i].quote);
	}
	const char *text = str_ok(&out) ? arena_strdup(p->arena, str_text(&out)) : NULL;
	if (!text)
		return -E2BIG;
	plan_add_file(p, cloudconfig_section_at(c, CC_OEM), "/etc/oem-release", text);
	return 0;
}

static int plan_update(struct plan *p, const struct cloudconfig *c)
{
	const char *text = settings_text(p, c, CC_UPDATE, "", "", "");

	if (!text)
		return -E2BIG;
	plan_add_file(p, cloudconfig_section_at(c, CC_UPDATE), "/etc/flatcar/update.conf", text);
	return 0;
}

static bool is_set(const struct cloudconfig *c, enum cc_section s)
{
	return cloudconfig_section_at(c, s).line > 0;
}

/* What sets programs that a configuration may bring along. */
static int plan_era(struct plan *p, const struct cloudconfig *c)
{
	int rc = 0;

	if (is_set(c, CC_FLEET))
		rc = environment(p, c, CC_FLEET, "fleet.service", "20-cloudinit.conf");
	if (rc == 0 && is_set(c, CC_FLANNEL))
		rc = plan_flannel(p, c);
	return rc;
}

static int plan_flatcar(struct plan *p, const struct cloudconfig *c)
{
	int rc = 0;

	if (is_set(c, CC_ETCD))
		err_list_add(p->errors, cloudconfig_section_at(c, CC_ETCD),
			"coreos.etcd is for etcd 0.4, which no system with Ignition has; use "
			"coreos.etcd2");
	if (is_set(c, CC_ETCD2))
		rc = plan_etcd2(p, c);
	if (rc == 0 && is_set(c, CC_LOCKSMITH))
		rc = environment(p, c, CC_LOCKSMITH, "locksmithd.service", "20-cloudinit.conf");
	if (rc == 0 && is_set(c, CC_OEM))
		rc = plan_oem(p, c);
	if (rc == 0 && is_set(c, CC_UPDATE))
		rc = plan_update(p, c);
	return rc;
}

int sections_plan(struct plan *p, const struct cloudconfig *c)
{
	int rc = plan_era(p, c);

	if (rc < 0)
		return rc;
	return p->kind == CONFIG_IGNITION_FCOS ? fcos_plan(p, c) : plan_flatcar(p, c);
}
