#include "provisioner/config/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/config/keyfile.h"
#include "provisioner/config/rules.h"
#include "provisioner/config/sections.h"

#define MODE_FILE 0644u
#define FILES_OF_SECTIONS 8 /* hostname, hosts, flannel, oem, update: with room to spare */

static const char install[] = "\n[Install]\nWantedBy=multi-user.target\n";

/* Arrays are made once, as long as they can get; so adding never fails. */
static int make_room(struct plan *p, const struct cloudconfig *c)
{
	size_t n_drop_ins = 0;

	for (size_t i = 0; i < c->units.n; i++)
		n_drop_ins += c->units.items[i].drop_ins.n;
	/* A networkd file may become a keyfile and a setting of NetworkManager. */
	size_t n_files = c->files.n + 2 * c->units.n + n_drop_ins + FILES_OF_SECTIONS;
	p->users = arena_alloc(p->arena, c->users.n + 1, sizeof(*p->users));
	p->files = arena_alloc(p->arena, n_files, sizeof(*p->files));
	p->links = arena_alloc(p->arena, c->units.n + CC_SECTIONS, sizeof(*p->links));
	p->units = arena_alloc(p->arena, c->units.n + CC_SECTIONS, sizeof(*p->units));
	return p->users && p->files && p->links && p->units ? 0 : -E2BIG;
}

void plan_add_file(struct plan *p, struct mark at, const char *path, const char *text)
{
	p->files[p->n_files++] = (struct plan_file){.at = at,
		.path = path,
		.data = text ? text : "",
		.len = text ? strlen(text) : 0,
		.mode = MODE_FILE};
}

static void add_link(struct plan *p, struct mark at, const char *path, const char *target)
{
	p->links[p->n_links++] = (struct plan_link){.at = at, .path = path, .target = target};
}

/* ---- Users ---- */

/* Ignition refuses a list with the same text twice. */
static void add_once(const char **list, size_t *n, const struct cc_texts *more)
{
	for (size_t i = 0; i < more->n; i++) {
		size_t j = 0;

		while (j < *n && strcmp(list[j], more->items[i].text) != 0)
			j++;
		if (j == *n)
			list[(*n)++] = more->items[i].text;
	}
}

static int add_user(
	struct plan *p, const char *name, const struct cc_user *u, const struct cc_texts *keys)
{
	static const struct cc_texts none;
	struct plan_user *to = &p->users[p->n_users++];
	const struct cc_texts *own = u ? &u->ssh_authorized_keys : &none,
			      *groups = u ? &u->groups : &none;

	*to = (struct plan_user){.name = name, .user = u};
	to->keys = arena_alloc(p->arena, keys->n + own->n + 1, sizeof(*to->keys));
	to->groups = arena_alloc(p->arena, groups->n + 1, sizeof(*to->groups));
	if (!to->keys || !to->groups)
		return -E2BIG;
	add_once(to->keys, &to->n_keys, keys);
	add_once(to->keys, &to->n_keys, own);
	add_once(to->groups, &to->n_groups, groups);
	return 0;
}

static void refuse_import(struct plan *p, const struct cc_user *u)
{
	const struct cc_text *at = cloudconfig_import_of(u);

	if (at)
		err_list_add(p->errors, at->at,
			"Ignition can not fetch the keys of %s from the net; list them under "
			"ssh_authorized_keys",
			u->name.text);
}

/* Keys at the top level belong to the user core. */
static int plan_users(struct plan *p, const struct cloudconfig *c)
{
	static const struct cc_texts none;
	bool has_core = false;
	int rc = 0;

	for (size_t i = 0; i < c->users.n; i++)
		has_core |= strcmp(c->users.items[i].name.text, "core") == 0;
	if (!has_core && c->ssh_authorized_keys.n > 0)
		rc = add_user(p, "core", NULL, &c->ssh_authorized_keys);
	for (size_t i = 0; i < c->users.n && rc == 0; i++) {
		const struct cc_user *u = &c->users.items[i];
		bool core = strcmp(u->name.text, "core") == 0;

		refuse_import(p, u);
		rc = add_user(p, u->name.text, u, core ? &c->ssh_authorized_keys : &none);
	}
	return rc;
}

/* ---- Files ---- */

/* While Ignition writes, other file systems are mounted there, or will be. */
static const char *const lost[] = {"/run/", "/tmp/", "/dev/", "/proc/", "/sys/", "/var/run/"};

static void plan_files(struct plan *p, const struct cloudconfig *c)
{
	for (size_t i = 0; i < c->files.n; i++) {
		const struct cc_file *f = &c->files.items[i];

		for (size_t k = 0; k < ARRAY_LEN(lost); k++)
			if (strncmp(f->path.text, lost[k], strlen(lost[k])) == 0)
				err_list_add(p->errors, f->path.at,
					"%s: what Ignition writes below %s is lost; use /etc, or a "
					"unit",
					f->path.text, lost[k]);
		p->files[p->n_files++] = (struct plan_file){.at = f->path.at,
			.path = f->path.text,
			.owner = f->owner.text,
			.data = f->data.text,
			.len = f->data.len,
			.mode = f->mode,
			.is_gzip = f->is_gzip};
	}
}

/* ---- Units ---- */

struct plan_unit *plan_unit(struct plan *p, struct mark at, const char *name)
{
	for (size_t i = 0; i < p->n_units; i++)
		if (strcmp(p->units[i].name, name) == 0)
			return &p->units[i];
	struct plan_unit *u = &p->units[p->n_units++];
	*u = (struct plan_unit){.at = at, .name = name, .enable = PLAN_LEAVE};
	return u;
}

/* Room for one more drop-in; false when the arena is full. */
static bool grow_drop_ins(struct plan *p, struct plan_unit *u)
{
	if (u->n_drop_ins < u->cap)
		return true;
	size_t cap = u->cap ? 2 * u->cap : 2;
	struct plan_drop_in *more = arena_alloc(p->arena, cap, sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < u->n_drop_ins; i++)
		more[i] = u->drop_ins[i];
	u->drop_ins = more;
	u->cap = cap;
	return true;
}

int plan_add_drop_in(
	struct plan *p, struct plan_unit *u, struct mark at, const char *name, const char *text)
{
	for (size_t i = 0; i < u->n_drop_ins; i++)
		if (strcmp(u->drop_ins[i].name, name) == 0) {
			err_list_add(p->errors, at, "%s has a drop-in of the name %s already",
				u->name, name);
			return 0;
		}
	if (!text || !grow_drop_ins(p, u))
		return -E2BIG;
	u->drop_ins[u->n_drop_ins++] = (struct plan_drop_in){.name = name, .text = text};
	return 0;
}

/* A unit of the system's own is started at boot by a link: whether the unit has an [Install] section
 * can not be known here. A unit that was written as a file is linked there. */
static int link_wants(struct plan *p, const struct cloudconfig *c, const struct plan_unit *u)
{
	const char *at_sign = strchr(u->name, '@');
	const char *path =
		arena_printf(p->arena, "/etc/systemd/system/multi-user.target.wants/%s", u->name);
	const char *own = arena_printf(p->arena, "/etc/systemd/system/%s", u->name);
	const char *target = arena_printf(p->arena, "/usr/lib/systemd/system/%s", u->name);

	/* foo@bar.service is an instance of foo@.service. */
	if (at_sign)
		target = arena_printf(p->arena, "/usr/lib/systemd/system/%.*s%s",
			(int)(at_sign - u->name) + 1, u->name, strrchr(u->name, '.'));
	if (!path || !own || !target)
		return -E2BIG;
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.items[i].path.text, own) == 0)
			target = own;
	add_link(p, u->at, path, target);
	return 0;
}

static bool has_install(const struct plan_unit *u)
{
	if (rule_has_section(u->text, "Install"))
		return true;
	for (size_t i = 0; i < u->n_drop_ins; i++)
		if (rule_has_section(u->drop_ins[i].text, "Install"))
			return true;
	return false;
}

/* A unit that shall run at boot is enabled, and given what enabling needs. */
static int start_at_boot(struct plan *p, const struct cloudconfig *c, struct plan_unit *u)
{
	u->enable = PLAN_ENABLE;
	if (!u->text)
		return link_wants(p, c, u);
	if (!has_install(u))
		u->text = arena_printf(p->arena, "%s%s", u->text, install);
	return u->text ? 0 : -E2BIG;
}

static int start_units(struct plan *p, const struct cloudconfig *c)
{
	int rc = 0;

	for (size_t i = 0; i < p->n_units && rc == 0; i++)
		if (p->units[i].start)
			rc = start_at_boot(p, c, &p->units[i]);
	return rc;
}

/* What a command leaves behind when the machine boots with all files in place. The last one of a
 * unit counts. */
static void obey_command(struct plan_unit *u, const char *command)
{
	static const struct {
		const char *command;
		bool start, stop;
	} commands[] = {
		{"start", true, false},
		{"restart", true, false},
		{"reload-or-restart", true, false},
		{"stop", false, true},
	};

	/* The others touch only what already runs; at first boot that has read the new files. */
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].command, command) != 0)
			continue;
		u->start = commands[i].start;
		/* An enabled unit that is stopped now comes back at the next boot: this is that boot. */
		if (commands[i].stop && u->enable != PLAN_ENABLE)
			u->enable = PLAN_DISABLE;
	}
}

static int plan_network_unit(struct plan *p, const struct cc_unit *u)
{
	const char *path = arena_printf(p->arena, "/etc/systemd/network/%s", u->name.text);

	if (!path)
		return -E2BIG;
	/* There NetworkManager has the network; udev reads .link files itself. */
	if (p->kind == CONFIG_IGNITION_FCOS && strcmp(strrchr(path, '.'), ".link") != 0)
		return 0;
	if (u->mask)
		add_link(p, u->name.at, path, "/dev/null");
	else if (u->content.text)
		plan_add_file(p, u->name.at, path, u->content.text);
	for (size_t i = 0; i < u->drop_ins.n; i++) {
		const struct cc_dropin *d = &u->drop_ins.items[i];
		const char *drop_in = arena_printf(p->arena, "%s.d/%s", path, d->name.text);

		if (!drop_in)
			return -E2BIG;
		plan_add_file(p, d->name.at, drop_in, d->content.text);
	}
	return 0;
}

/* etcd2 became etcd-member.service: what a config says of the one without bringing it, it means of
 * the other. */
static const char *name_today(
	const struct plan *p, const struct cloudconfig *c, const struct cc_unit *u)
{
	bool etcd2 = p->kind == CONFIG_IGNITION && c->sections[CC_ETCD2] && !u->content.text &&
		     strcmp(u->name.text, "etcd2.service") == 0;

	return etcd2 ? PLAN_ETCD_MEMBER : u->name.text;
}

static int take_unit(struct plan *p, const struct cloudconfig *c, const struct cc_unit *from)
{
	const char *name = name_today(p, c, from);
	int rc = 0;

	if (from->runtime)
		err_list_add(p->errors, from->name.at,
			"%s: Ignition can not write units for this boot only; leave runtime out",
			from->name.text);
	if (rule_is_network_unit(from->name.text))
		return plan_network_unit(p, from);
	struct plan_unit *u = plan_unit(p, from->name.at, name);
	if (from->content.text)
		u->text = from->content.text;
	u->mask |= from->mask;
	for (size_t i = 0; i < from->drop_ins.n && rc == 0; i++)
		rc = plan_add_drop_in(p, u, from->drop_ins.items[i].name.at,
			from->drop_ins.items[i].name.text, from->drop_ins.items[i].content.text);
	if (from->enable)
		u->enable = PLAN_ENABLE;
	if (from->command.text)
		obey_command(u, from->command.text);
	return rc;
}

/* ---- All of it ---- */

static int plan_identity(struct plan *p, const struct cloudconfig *c)
{
	const char *name = c->hostname.text ? c->hostname.text : "";
	const char *line = arena_printf(p->arena, "%s\n", name);
	const char *hosts =
		arena_printf(p->arena, "127.0.0.1 localhost%s%s\n", name[0] ? " " : "", name);

	if (!line || !hosts)
		return -E2BIG;
	if (c->hostname.text)
		plan_add_file(p, c->hostname.at, "/etc/hostname", line);
	if (c->manage_etc_hosts.text)
		plan_add_file(p, c->manage_etc_hosts.at, "/etc/hosts", hosts);
	return 0;
}

struct taken {
	const char *path;
	struct mark at;
};

static int taken_compare(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;
	int by_path = strcmp(x->path, y->path);

	return by_path ? by_path : (x->at.line > y->at.line) - (x->at.line < y->at.line);
}

static struct taken *all_paths(const struct plan *p, size_t *ret_n)
{
	size_t n = p->n_files + p->n_links, k = 0;

	for (size_t i = 0; i < p->n_units; i++)
		n += 1 + p->units[i].n_drop_ins;
	struct taken *all = arena_alloc(p->arena, n + 1, sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < p->n_files; i++)
		all[k++] = (struct taken){.path = p->files[i].path, .at = p->files[i].at};
	for (size_t i = 0; i < p->n_links; i++)
		all[k++] = (struct taken){.path = p->links[i].path, .at = p->links[i].at};
	for (size_t i = 0; i < p->n_units; i++) {
		const struct plan_unit *u = &p->units[i];

		if (u->text)
			all[k++] = (struct taken){
				.path = arena_printf(p->arena, "/etc/systemd/system/%s", u->name),
				.at = u->at};
		for (size_t j = 0; j < u->n_drop_ins; j++)
			all[k++] = (struct taken){
				.path = arena_printf(p->arena, "/etc/systemd/system/%s.d/%s",
					u->name, u->drop_ins[j].name),
				.at = u->at};
	}
	for (size_t i = 0; i < k; i++)
		if (!all[i].path)
			return NULL;
	*ret_n = k;
	return all;
}

/* Ignition refuses two entries for one path, also when one is a file and one a unit. */
static int refuse_conflicts(struct plan *p)
{
	size_t n = 0;
	struct taken *all = all_paths(p, &n);

	if (!all)
		return -E2BIG;
	qsort(all, n, sizeof(*all), taken_compare);
	for (size_t i = 1; i < n; i++)
		if (strcmp(all[i].path, all[i - 1].path) == 0)
			err_list_add(p->errors, all[i].at, "%s is also written because of line %u",
				all[i].path, all[i - 1].at.line);
	return 0;
}

int plan_make(struct plan *p, const struct cloudconfig *c)
{
	size_t before = p->errors->n + p->errors->dropped;
	int rc = make_room(p, c);

	if (rc == 0)
		rc = plan_identity(p, c);
	if (rc == 0)
		rc = plan_users(p, c);
	if (rc < 0)
		return rc;
	plan_files(p, c);
	for (size_t i = 0; i < c->units.n && rc == 0; i++)
		rc = take_unit(p, c, &c->units.items[i]);
	if (rc == 0 && p->kind == CONFIG_IGNITION_FCOS)
		rc = keyfile_plan(p, c);
	if (rc == 0)
		rc = sections_plan(p, c);
	if (rc == 0)
		rc = start_units(p, c);
	if (rc == 0)
		rc = refuse_conflicts(p);
	if (rc == 0 && p->errors->n + p->errors->dropped > before)
		rc = -EINVAL;
	return rc;
}
