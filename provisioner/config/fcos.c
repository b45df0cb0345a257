#include "provisioner/config/fcos.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "provisioner/config/keys.h"

#define ZINCATI "/etc/zincati/config.d/90-slipway.toml"
#define WINDOW_MAX_MIN 1440
#define TEXT_MAX 1024

static const struct cc_text *setting(
	const struct cloudconfig *c, enum cc_section s, const char *key)
{
	static const struct cc_text nothing;
	const struct keys *table = keys_of_section(s);

	return c->sections[s] ? &c->sections[s][key_find(table, key) - table->keys] : &nothing;
}

/* Settings without a successor. */
static void refuse_settings(struct plan *p, const struct cloudconfig *c)
{
	static const struct {
		enum cc_section section;
		const char *name, *key, *instead;
	} gone[] = {
		{CC_UPDATE, "update", "group", "its stream is the one its image came from"},
		{CC_UPDATE, "update", "server", "set updates.cincinnati in a file of Zincati"},
		{CC_LOCKSMITH, "locksmith", "endpoint", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "etcd_cafile", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "etcd_certfile", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "etcd_keyfile", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "etcd_username", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "etcd_password", "Zincati asks no etcd"},
		{CC_LOCKSMITH, "locksmith", "group", "Zincati asks no etcd"},
	};

	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		const struct cc_text *v = setting(c, gone[i].section, gone[i].key);

		if (v->text)
			err_list_add(p->errors, v->at,
				"coreos.%s.%s: Fedora CoreOS has no such setting: %s", gone[i].name,
				gone[i].key, gone[i].instead);
	}
}

static void refuse_sections(struct plan *p, const struct cloudconfig *c)
{
	static const struct {
		enum cc_section section;
		const char *name, *instead;
	} gone[] = {
		{CC_ETCD, "etcd",
			"run etcd in a container: a unit, or a Quadlet file in "
			"/etc/containers/systemd"},
		{CC_ETCD2, "etcd2",
			"run etcd in a container: a unit, or a Quadlet file in "
			"/etc/containers/systemd"},
		{CC_OEM, "oem", "leave it out"},
	};

	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		struct mark at = cloudconfig_section_at(c, gone[i].section);

		if (at.line > 0)
			err_list_add(p->errors, at, "coreos.%s: Fedora CoreOS has no %s; %s",
				gone[i].name, gone[i].name, gone[i].instead);
	}
}

/* ---- Zincati ---- */

/* "1h30m" in minutes; 0 for what has no whole minutes or is longer than a day. */
static unsigned minutes_of(const char *text)
{
	unsigned sum = 0, v = 0;
	bool has_number = false;

	for (; *text; text++) {
		if (isdigit((unsigned char)*text)) {
			v = v * 10 + (unsigned)(*text - '0');
			has_number = true;
			if (v > WINDOW_MAX_MIN)
				return 0;
			continue;
		}
		bool is_minutes = *text == 'm' && (!text[1] || isdigit((unsigned char)text[1]));

		if (!has_number || (*text != 'h' && !is_minutes))
			return 0;
		sum += *text == 'h' ? v * 60 : v;
		v = 0;
		has_number = false;
	}
	return sum <= WINDOW_MAX_MIN && !has_number ? sum : 0;
}

/* locksmith's "Thu 23:00" or "4:5"; rule_window_start has passed. */
static void add_window(struct str *out, const char *start, unsigned minutes)
{
	bool has_day = isalpha((unsigned char)start[0]);
	const char *time = has_day ? start + 4 : start, *colon = strchr(time, ':');
	unsigned hour = 0, minute = 0;

	for (const char *p = time; p < colon; p++)
		hour = hour * 10 + (unsigned)(*p - '0');
	for (const char *p = colon + 1; *p; p++)
		minute = minute * 10 + (unsigned)(*p - '0');
	/* Zincati's clock is UTC unless told otherwise; locksmith's was the machine's. */
	str_add(out, "strategy = \"periodic\"\n\n[updates.periodic]\ntime_zone = \"localtime\"\n\n"
		     "[[updates.periodic.window]]\n");
	if (has_day)
		str_printf(out, "days = [\"%c%c%c\"]\n", toupper((unsigned char)start[0]),
			tolower((unsigned char)start[1]), tolower((unsigned char)start[2]));
	else
		str_add(out,
			"days = [\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\", \"Sat\", \"Sun\"]\n");
	str_printf(out, "start_time = \"%02u:%02u\"\nlength_minutes = %u\n", hour, minute, minutes);
}

static void add_strategy(struct plan *p, const struct cloudconfig *c, struct str *out)
{
	const struct cc_text *strategy = setting(c, CC_UPDATE, "reboot_strategy");
	const struct cc_text *start = setting(c, CC_LOCKSMITH, "window_start");
	const struct cc_text *length = setting(c, CC_LOCKSMITH, "window_length");
	unsigned minutes = length->text ? minutes_of(length->text) : 0;
	bool reboots = strategy->text && strcmp(strategy->text, "reboot") == 0;

	str_add(out, "[updates]\n");
	if (strategy->text && strcmp(strategy->text, "etcd-lock") == 0)
		err_list_add(p->errors, strategy->at,
			"coreos.update.reboot_strategy: Fedora CoreOS locks by FleetLock and not "
			"by "
			"etcd; write a file below /etc/zincati/config.d");
	if (start->text || length->text) {
		struct mark at = start->text ? start->at : length->at;

		if (!reboots || !start->text || !length->text)
			err_list_add(p->errors, at,
				"coreos.locksmith: a window has a start and a length, and "
				"coreos.update.reboot_strategy: reboot beside it");
		else if (minutes == 0)
			err_list_add(p->errors, length->at,
				"coreos.locksmith.window_length: Zincati wants whole hours and "
				"minutes, a day at most");
		else
			add_window(out, start->text, minutes);
	} else if (reboots) {
		str_add(out, "strategy = \"immediate\"\n");
	} else {
		str_add(out, "enabled = false\n");
	}
}

static int plan_zincati(struct plan *p, const struct cloudconfig *c)
{
	AUTO(str_done) struct str out = str_init(TEXT_MAX);
	struct mark at = cloudconfig_section_at(c, CC_UPDATE);
	const struct cc_text *strategy = setting(c, CC_UPDATE, "reboot_strategy");

	if (at.line == 0)
		at = cloudconfig_section_at(c, CC_LOCKSMITH);
	if (!strategy->text && !setting(c, CC_LOCKSMITH, "window_start")->text &&
		!setting(c, CC_LOCKSMITH, "window_length")->text)
		return 0;
	add_strategy(p, c, &out);
	const char *text = arena_strdup(p->arena, str_text(&out));
	if (!text)
		return -E2BIG;
	plan_add_file(p, at, ZINCATI, text);
	return 0;
}

int fcos_plan(struct plan *p, const struct cloudconfig *c)
{
	refuse_sections(p, c);
	refuse_settings(p, c);
	return plan_zincati(p, c);
}
