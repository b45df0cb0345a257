#include "provisioner/config/cloudinit.h"

#include <errno.h>
#include <string.h>

#include "provisioner/config/rules.h"
#include "provisioner/config/yaml.h"

#define ITEM 4 /* the indent of a key in a list's item: "  - key" */
#define LABEL_MAX 64

/* ---- Keys and values ---- */

static void add_text_key(
	struct str *out, size_t indent, const char *key, const char *text, size_t len)
{
	str_printf(out, "%*s%s: ", (int)indent, "", key);
	yaml_add_text(out, text, len, indent);
}

/* A key of an item, if it was given. */
static void add_given(struct str *out, const char *key, const struct cc_text *value)
{
	if (value->text)
		add_text_key(out, ITEM, key, value->text, value->len);
}

static void add_flag(struct str *out, const char *key, bool value)
{
	if (value)
		str_printf(out, "%*s%s: true\n", ITEM, "", key);
}

static void add_list(struct str *out, size_t indent, const char *key, const struct cc_texts *list)
{
	if (list->n == 0)
		return;
	str_printf(out, "%*s%s:\n", (int)indent, "", key);
	for (size_t i = 0; i < list->n; i++) {
		str_printf(out, "%*s  - ", (int)indent, "");
		yaml_add_text(out, list->items[i].text, list->items[i].len, indent + 2);
	}
}

/* ---- Names and users ---- */

static void add_hostname(struct str *out, const struct cloudconfig *c)
{
	const char *name = c->hostname.text;

	if (name) {
		add_text_key(out, 0, "hostname", name, strcspn(name, "."));
		if (strchr(name, '.'))
			add_text_key(out, 0, "fqdn", name, strlen(name));
		str_add(out, "preserve_hostname: false\n");
	}
	if (c->manage_etc_hosts.text)
		str_add(out, "manage_etc_hosts: localhost\n");
}

static void add_user(struct str *out, const struct cc_user *u)
{
	str_add(out, "  - name: ");
	yaml_add_text(out, u->name.text, u->name.len, ITEM);
	add_given(out, "gecos", &u->gecos);
	add_given(out, "homedir", &u->homedir);
	add_given(out, "primary_group", &u->primary_group);
	add_list(out, ITEM, "groups", &u->groups);
	add_flag(out, "no_create_home", u->no_create_home);
	add_flag(out, "no_user_group", u->no_user_group);
	add_flag(out, "no_log_init", u->no_log_init);
	add_flag(out, "system", u->system);
	add_given(out, "shell", &u->shell);
	add_given(out, "passwd", &u->passwd);
	/* cloud-init locks an account's password even when it is given one. */
	if (u->passwd.text && u->passwd.text[0] == '$')
		str_printf(out, "%*slock_passwd: false\n", ITEM, "");
	add_list(out, ITEM, "ssh_authorized_keys", &u->ssh_authorized_keys);
}

static void add_users(struct str *out, const struct cloudconfig *c, struct err_list *errors)
{
	add_list(out, 0, "ssh_authorized_keys", &c->ssh_authorized_keys);
	if (c->users.n == 0)
		return;
	/* Without the word, the system's own user would not be made. */
	str_add(out, "users:\n  - default\n");
	for (size_t i = 0; i < c->users.n; i++) {
		const struct cc_text *import = cloudconfig_import_of(&c->users.items[i]);

		if (import)
			err_list_add(errors, import->at,
				"cloud-init would need a program that is not there to fetch the "
				"keys "
				"of %s; list them under ssh_authorized_keys",
				c->users.items[i].name.text);
		add_user(out, &c->users.items[i]);
	}
}

/* ---- Files ---- */

/* Files are written before users are made, unless they wait. */
static bool is_owner_made_later(const char *owner)
{
	return owner && strcmp(owner, "root") != 0 && strcmp(owner, "root:root") != 0 &&
	       owner[strspn(owner, "0123456789:")] != '\0';
}

static void add_file(struct str *out, const struct cc_file *f)
{
	bool is_base64 = f->encoding.text && strstr(f->encoding.text, "64");

	str_add(out, "  - path: ");
	yaml_add_text(out, f->path.text, f->path.len, ITEM);
	add_given(out, "owner", &f->owner);
	add_given(out, "permissions", &f->permissions);
	if (is_base64)
		str_printf(out, "%*sencoding: %s\n", ITEM, "", f->is_gzip ? "gz+b64" : "b64");
	if (is_owner_made_later(f->owner.text))
		add_flag(out, "defer", true);
	add_text_key(out, ITEM, "content", f->content.text ? f->content.text : "", f->content.len);
}

static void add_unit_file(
	struct str *out, const struct cc_unit *u, const char *drop_in, const char *text)
{
	const char *folder = rule_is_network_unit(u->name.text) ? "network" : "system";

	str_printf(out, "  - path: %s/systemd/%s/%s", u->runtime ? "/run" : "/etc", folder,
		u->name.text);
	str_printf(out, drop_in ? ".d/%s\n" : "\n", drop_in);
	add_text_key(out, ITEM, "content", text, strlen(text));
}

/* networkd's own files are in the network-config; udev's are files here, too. */
static bool has_file(const struct cc_unit *u)
{
	const char *suffix = strrchr(u->name.text, '.');

	return !rule_is_network_unit(u->name.text) || strcmp(suffix, ".link") == 0;
}

static bool is_started(const struct cloudconfig *c, const struct cc_unit *u)
{
	static const char *const starts[] = {"start", "restart", "reload-or-restart"};
	bool started = false;

	for (size_t i = 0; i < c->units.n; i++) {
		const struct cc_unit *other = &c->units.items[i];

		for (size_t k = 0; other->command.text && k < ARRAY_LEN(starts); k++)
			started |= strcmp(other->name.text, u->name.text) == 0 &&
				   strcmp(other->command.text, starts[k]) == 0;
	}
	return started;
}

static bool has_install(const struct cc_unit *u)
{
	bool has = u->content.text && rule_has_section(u->content.text, "Install");

	for (size_t i = 0; i < u->drop_ins.n; i++)
		has |= rule_has_section(u->drop_ins.items[i].content.text, "Install");
	return has;
}

/* cloud-init runs its commands once; what coreos-cloudinit starts at every boot must be enabled here,
 * and a unit of the configuration's own gets what that takes. */
static bool wants_install(const struct cloudconfig *c, const struct cc_unit *u)
{
	return u->content.text && !u->runtime && is_started(c, u) && !has_install(u);
}

static void add_unit_files(struct str *out, const struct cloudconfig *c, const struct cc_unit *u)
{
	if (u->content.text)
		add_unit_file(out, u, NULL, u->content.text);
	for (size_t i = 0; i < u->drop_ins.n; i++)
		add_unit_file(
			out, u, u->drop_ins.items[i].name.text, u->drop_ins.items[i].content.text);
	if (wants_install(c, u))
		add_unit_file(out, u, "90-slipway-install.conf",
			"[Install]\nWantedBy=multi-user.target\n");
}

static void add_files(struct str *out, const struct cloudconfig *c)
{
	static const char head[] = "write_files:\n";

	str_add(out, head);
	size_t begin = out->len;
	for (size_t i = 0; i < c->files.n; i++)
		add_file(out, &c->files.items[i]);
	for (size_t i = 0; i < c->units.n; i++)
		if (has_file(&c->units.items[i]))
			add_unit_files(out, c, &c->units.items[i]);
	if (out->len == begin && str_ok(out)) { /* no file at all */
		out->len -= strlen(head);
		out->s[out->len] = '\0';
	}
}

/* ---- Commands ---- */

static void add_command(struct str *out, const char *verb, const char *unit)
{
	str_printf(out, "  - [systemctl, %s", verb);
	if (unit)
		str_printf(out, ", '%s'", unit);
	str_add(out, "]\n");
}

static bool is_enabled(const struct cloudconfig *c, size_t i)
{
	const struct cc_unit *u = &c->units.items[i];

	/* A second entry of the same unit is only a command. */
	for (size_t k = 0; k < i; k++)
		if (strcmp(c->units.items[k].name.text, u->name.text) == 0)
			return false;
	return u->enable || (is_started(c, u) && !u->runtime && !u->mask);
}

static void add_commands(struct str *out, const struct cloudconfig *c)
{
	bool any = false;

	for (size_t i = 0; i < c->units.n; i++)
		any |= !rule_is_network_unit(c->units.items[i].name.text);
	if (!any)
		return;
	str_add(out, "runcmd:\n");
	for (size_t i = 0; i < c->units.n; i++)
		if (c->units.items[i].mask && !rule_is_network_unit(c->units.items[i].name.text))
			add_command(out, c->units.items[i].runtime ? "mask, --runtime" : "mask",
				c->units.items[i].name.text);
	add_command(out, "daemon-reload", NULL);
	for (size_t i = 0; i < c->units.n; i++)
		if (is_enabled(c, i))
			add_command(out, "enable", c->units.items[i].name.text);
	for (size_t i = 0; i < c->units.n; i++)
		if (c->units.items[i].command.text)
			add_command(
				out, c->units.items[i].command.text, c->units.items[i].name.text);
}

int cloudinit_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors)
{
	size_t before = errors->n + errors->dropped;
	(void)kind; /* there is one */

	str_add(out, "#cloud-config\n");
	add_hostname(out, c);
	add_users(out, c, errors);
	add_files(out, c);
	add_commands(out, c);
	if (!str_ok(out))
		return -E2BIG;
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}
