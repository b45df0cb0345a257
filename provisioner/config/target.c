#include "provisioner/config/target.h"

#include <string.h>

#include "provisioner/config/keys.h"
#include "provisioner/config/rules.h"

#define MODE_PLAIN 0777u
#define PATH_TEXT_MAX 1024

/* Sets of kinds. */
#define ON(kind) (1u << (kind))
/* Those that are applied to a running system. */
#define RUNNING (ON(CONFIG_COREOS) | ON(CONFIG_FLATCAR) | ON(CONFIG_CLOUD_INIT))

struct target {
	enum config_kind kind;
	const struct cloudconfig *c;
	struct err_list *errors;
};

/* Flatcar's fork no longer turns hyphens into underscores; its validator still does, and says
 * nothing. */
static void refuse_hyphens(const struct target *t)
{
	for (size_t i = 0; i < t->c->hyphened.n; i++)
		err_list_add(t->errors, t->c->hyphened.items[i].at,
			"write %s: Flatcar ignores keys with hyphens in silence",
			t->c->hyphened.items[i].text);
}

static void refuse_dots_in_hostname(const struct target *t)
{
	const struct cc_text *name = &t->c->hostname;

	if (name->text && strchr(name->text, '.'))
		err_list_add(t->errors, name->at,
			"hostname: Flatcar cuts \"%s\" at its first dot; give the short name and "
			"write the long one into /etc/hosts",
			name->text);
}

/* coreos-cloudinit takes the digit and loses it, for Go's os.Chmod has other bits for them. */
static void refuse_special_modes(const struct target *t)
{
	for (size_t i = 0; i < t->c->files.n; i++)
		if (t->c->files.items[i].mode > MODE_PLAIN)
			err_list_add(t->errors, t->c->files.items[i].permissions.at,
				"%s: setuid, setgid and sticky would be lost in silence; set them "
				"in a unit that runs chmod",
				t->c->files.items[i].path.text);
}

static bool is_written(const struct cloudconfig *c, const char *path)
{
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.items[i].path.text, path) == 0)
			return true;
	return false;
}

/* Whether the configuration itself brings the unit that a section sets. */
static bool brings_unit(const struct cloudconfig *c, const char *name)
{
	char path[512];

	for (size_t i = 0; i < c->units.n; i++)
		if (c->units.items[i].content.text &&
			strcmp(c->units.items[i].name.text, name) == 0)
			return true;
	return snprintf(path, sizeof(path), "/etc/systemd/system/%s", name) < (int)sizeof(path) &&
	       is_written(c, path);
}

/* Programs that only CoreOS had: settings for a unit that is not there do nothing. */
static void refuse_settings_of_nothing(const struct target *t)
{
	static const struct {
		enum cc_section section;
		unsigned kinds;
		const char *name, *unit;
	} gone[] = {
		{CC_ETCD, ON(CONFIG_FLATCAR), "etcd", "etcd.service"},
		{CC_ETCD2, ON(CONFIG_FLATCAR), "etcd2", "etcd2.service"},
		{CC_FLEET, ~ON(CONFIG_COREOS), "fleet", "fleet.service"},
		{CC_FLANNEL, ~ON(CONFIG_COREOS), "flannel", "flanneld.service"},
	};

	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		struct mark at = cloudconfig_section_at(t->c, gone[i].section);

		if (at.line > 0 && (gone[i].kinds & ON(t->kind)) &&
			!brings_unit(t->c, gone[i].unit))
			err_list_add(t->errors, at,
				"coreos.%s: CoreOS was the last system that had it; bring %s with "
				"its content under coreos.units",
				gone[i].name, gone[i].unit);
	}
}

/* cloud-init ignores a top-level key that it does not know, without a word. */
static void refuse_sections(const struct target *t)
{
	static const char *const names[CC_SECTIONS] = {[CC_ETCD] = "etcd",
		[CC_ETCD2] = "etcd2",
		[CC_FLEET] = "fleet",
		[CC_FLANNEL] = "flannel",
		[CC_LOCKSMITH] = "locksmith",
		[CC_OEM] = "oem",
		[CC_UPDATE] = "update"};

	for (enum cc_section s = CC_ETCD; s < CC_SECTIONS; s++) {
		struct mark at = cloudconfig_section_at(t->c, s);

		if (at.line > 0)
			err_list_add(t->errors, at,
				"coreos.%s: cloud-init knows nothing of it; write a unit or a file",
				names[s]);
	}
}

static bool is_started(const struct cloudconfig *c, const char *unit)
{
	for (size_t i = 0; i < c->units.n; i++) {
		const struct cc_unit *u = &c->units.items[i];

		if (u->command.text && strcmp(u->name.text, unit) == 0)
			return true;
	}
	return false;
}

/* Enabling counts from the next boot on, and a machine that lives in memory has none. */
static void refuse_enabling_alone(const struct target *t)
{
	for (size_t i = 0; i < t->c->units.n; i++) {
		const struct cc_unit *u = &t->c->units.items[i];

		if (u->enable && !is_started(t->c, u->name.text))
			err_list_add(t->errors, u->name.at,
				"%s: enable starts nothing before the next boot, and a machine "
				"that lives in memory has none; add command: start",
				u->name.text);
	}
}

static void refuse_file_at(const struct target *t, struct mark at, const char *path)
{
	if (is_written(t->c, path))
		err_list_add(t->errors, at,
			"%s is also among write_files: only one of the two would stay", path);
}

/* Units are written after files: the file would be gone. */
static void refuse_files_under_units(const struct target *t)
{
	for (size_t i = 0; i < t->c->units.n; i++) {
		const struct cc_unit *u = &t->c->units.items[i];
		const char *root = u->runtime ? "/run" : "/etc";
		const char *folder = rule_is_network_unit(u->name.text) ? "network" : "system";
		AUTO(str_done) struct str path = str_init(PATH_TEXT_MAX);

		str_printf(&path, "%s/systemd/%s/%s", root, folder, u->name.text);
		if (u->content.text || u->mask)
			refuse_file_at(t, u->name.at, str_text(&path));
		for (size_t k = 0; k < u->drop_ins.n; k++) {
			AUTO(str_done) struct str drop_in = str_init(PATH_TEXT_MAX);

			str_printf(&drop_in, "%s.d/%s", str_text(&path),
				u->drop_ins.items[k].name.text);
			refuse_file_at(t, u->drop_ins.items[k].name.at, str_text(&drop_in));
		}
	}
}

/* Accounts that a system has before it reads anything: what they are is not asked again. */
static bool is_there_before(const char *user)
{
	return strcmp(user, "core") == 0 || strcmp(user, "root") == 0;
}

static void refuse_of_user(
	const struct target *t, const struct cc_user *u, const char *key, bool given)
{
	if (given)
		err_list_add(t->errors, u->name.at,
			"users: %s is there before, and %s would be ignored in silence; a unit may "
			"run usermod",
			u->name.text, key);
}

/* What only making an account can say. coreos-cloudinit takes nothing but password and keys for one that
 * is there; Ignition changes the rest too, but for these four. */
static void refuse_making_users_again(const struct target *t)
{
	for (size_t i = 0; i < t->c->users.n; i++) {
		const struct cc_user *u = &t->c->users.items[i];

		if (!is_there_before(u->name.text))
			continue;
		refuse_of_user(t, u, "no_create_home", u->no_create_home);
		refuse_of_user(t, u, "no_user_group", u->no_user_group);
		refuse_of_user(t, u, "system", u->system);
		refuse_of_user(t, u, "no_log_init", u->no_log_init);
	}
}

static void refuse_changing_users(const struct target *t)
{
	for (size_t i = 0; i < t->c->users.n; i++) {
		const struct cc_user *u = &t->c->users.items[i];

		if (!is_there_before(u->name.text))
			continue;
		refuse_of_user(t, u, "gecos", u->gecos.text);
		refuse_of_user(t, u, "homedir", u->homedir.text);
		refuse_of_user(t, u, "primary_group", u->primary_group.text);
		refuse_of_user(t, u, "groups", u->groups.n > 0);
		refuse_of_user(t, u, "shell", u->shell.text);
	}
}

/* systemd ignores a key or section that it does not know yet, and a file without its only condition
 * configures every interface; one that can not come true configures none. */
static void refuse_young_networkd_keys(const struct target *t)
{
	static const struct {
		const char *text, *why;
	} young[] = {
		{"PermanentMACAddress=",
			"does not know PermanentMACAddress=; match by MACAddress="},
		{"Type=ether", "takes Type=ether for no interface; match by MACAddress= or Name="},
		{"[DHCPv4]", "does not know [DHCPv4]; the section is [DHCP]"},
	};

	for (size_t i = 0; i < t->c->units.n; i++) {
		const struct cc_unit *u = &t->c->units.items[i];

		for (size_t k = 0; u->content.text && k < ARRAY_LEN(young); k++)
			if (rule_is_network_unit(u->name.text) &&
				strstr(u->content.text, young[k].text))
				err_list_add(t->errors, u->content.at,
					"%s: CoreOS' systemd, 241 and older, %s", u->name.text,
					young[k].why);
	}
}

/* ---- Fedora CoreOS ---- */

/* Units of CoreOS and its heirs that Fedora CoreOS has not; to stop or mask one is no mistake. */
static void refuse_units_of_others(const struct target *t)
{
	static const struct {
		const char *unit, *instead;
	} others[] = {
		{"etcd-member.service", "run etcd in a container of a unit with its own content"},
		{"etcd2.service", "run etcd in a container of a unit with its own content"},
		{"etcd.service", "run etcd in a container of a unit with its own content"},
		{"fleet.service", "bring it with its content"},
		{"flanneld.service", "bring it with its content"},
		{"locksmithd.service", "Zincati reboots for updates: coreos.update says when"},
		{"update-engine.service", "Zincati updates: coreos.update says when"},
		{"systemd-networkd.service", "NetworkManager.service has the network"},
	};

	for (size_t i = 0; i < t->c->units.n; i++) {
		const struct cc_unit *u = &t->c->units.items[i];
		bool stops = u->command.text && strcmp(u->command.text, "stop") == 0;

		for (size_t k = 0; k < ARRAY_LEN(others); k++)
			if (strcmp(u->name.text, others[k].unit) == 0 && !u->mask && !stops &&
				!brings_unit(t->c, u->name.text))
				err_list_add(t->errors, u->name.at, "Fedora CoreOS has no %s; %s",
					u->name.text, others[k].instead);
	}
}

static void refuse_places(const struct target *t)
{
	static const char *const writable[] = {"/etc/", "/var/", "/opt/", "/home/", "/root/",
		"/srv/", "/mnt/", "/media/", "/boot/"};

	for (size_t i = 0; i < t->c->files.n; i++) {
		const struct cc_text *path = &t->c->files.items[i].path;
		bool found = false;

		for (size_t k = 0; k < ARRAY_LEN(writable); k++)
			found |= strncmp(path->text, writable[k], strlen(writable[k])) == 0;
		if (!found)
			err_list_add(t->errors, path->at,
				"%s: nothing can be written there, for the root folder of Fedora "
				"CoreOS is read-only; use /etc, /var or /opt",
				path->text);
		else if (strncmp(path->text, "/etc/systemd/network/", 21) == 0 &&
			 !strstr(path->text, ".link"))
			err_list_add(t->errors, path->at,
				"%s: Fedora CoreOS has NetworkManager, which does not read it; "
				"written as a unit it becomes a file of NetworkManager",
				path->text);
	}
}

void target_check(enum config_kind kind, const struct cloudconfig *c, struct err_list *errors)
{
	static const struct {
		void (*check)(const struct target *t);
		unsigned kinds;
	} checks[] = {
		{refuse_hyphens, ~ON(CONFIG_COREOS)},
		{refuse_dots_in_hostname, ON(CONFIG_FLATCAR)},
		{refuse_special_modes, RUNNING},
		{refuse_settings_of_nothing, ~(ON(CONFIG_COREOS) | ON(CONFIG_CLOUD_INIT))},
		{refuse_sections, ON(CONFIG_CLOUD_INIT)},
		{refuse_enabling_alone, RUNNING},
		{refuse_files_under_units, RUNNING},
		{refuse_making_users_again, ~ON(CONFIG_CLOUD_INIT)},
		{refuse_changing_users, ON(CONFIG_COREOS) | ON(CONFIG_FLATCAR)},
		{refuse_young_networkd_keys, ON(CONFIG_COREOS)},
		{refuse_units_of_others, ON(CONFIG_IGNITION_FCOS)},
		{refuse_places, ON(CONFIG_IGNITION_FCOS)},
	};
	struct target t = {.kind = kind, .c = c, .errors = errors};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (checks[i].kinds & ON(kind))
			checks[i].check(&t);
}
