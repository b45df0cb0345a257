#include "provisioner/config/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/config/content.h"
#include "provisioner/config/keys.h"
#include "provisioner/config/rules.h"

#define MODE_DEFAULT 0644u

/* ---- Nothing twice ---- */

/* A name and the order in which it came: sorting finds repeats in any number of names. */
struct named {
	const struct cc_text *name;
	size_t index;
};

static int named_compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int by_name = strcmp(x->name->text, y->name->text);

	return by_name ? by_name : (x->index > y->index) - (x->index < y->index);
}

typedef const struct cc_text *name_of(const void *items, size_t i);

/* Sorts `n` items by name; the caller frees. */
static struct named *sorted(const void *items, size_t n, name_of *of)
{
	struct named *list = xcalloc(n + 1, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = (struct named){.name = of(items, i), .index = i};
	qsort(list, n, sizeof(*list), named_compare);
	return list;
}

static void refuse_repeats(
	const void *items, size_t n, name_of *of, const char *what, struct err_list *errors)
{
	AUTO(free_p) struct named *list = sorted(items, n, of);

	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i].name->text, list[i - 1].name->text) == 0)
			err_list_add(errors, list[i].name->at,
				"%s \"%s\" is already there, in line %u", what, list[i].name->text,
				list[i - 1].name->at.line);
}

static const struct cc_text *user_name(const void *items, size_t i)
{
	return &((const struct cc_user *)items)[i].name;
}

static const struct cc_text *file_name(const void *items, size_t i)
{
	return &((const struct cc_file *)items)[i].path;
}

static const struct cc_text *unit_name(const void *items, size_t i)
{
	return &((const struct cc_unit *)items)[i].name;
}

static const struct cc_text *drop_in_name(const void *items, size_t i)
{
	return &((const struct cc_dropin *)items)[i].name;
}

/* ---- Files ---- */

static void complain_content(struct cc_file *f, int rc, const char *what, struct err_list *errors)
{
	if (rc == -E2BIG)
		err_list_add(errors, f->content.at, "the content of %s is too large", f->path.text);
	else
		err_list_add(
			errors, f->content.at, "the content of %s is not %s", f->path.text, what);
}

static int decode(struct arena *a, struct cc_file *f, struct err_list *errors)
{
	f->data = f->content;
	if (!f->data.text)
		f->data = (struct cc_text){.text = "", .at = f->path.at};
	if (!f->encoding.text || !strstr(f->encoding.text, "64"))
		return 0;
	int rc = content_decode_base64(a, f->data.text, f->data.len, &f->data.text, &f->data.len);
	if (rc < 0)
		complain_content(f, rc, "base64", errors);
	return rc;
}

/* What is filled in when the file is served must be seen then: neither in base64 nor in gzip. */
static void keep_slots_legible(struct cc_file *f, const char *text, size_t len)
{
	if (!f->encoding.text || !content_is_text(text, len) || !strstr(text, CLOUDCONFIG_SLOT))
		return;
	f->encoding = (struct cc_text){0};
	f->content = f->data = (struct cc_text){.text = text, .len = len, .at = f->content.at};
	f->is_gzip = false;
}

static void check_content(struct arena *a, struct cc_file *f, struct err_list *errors)
{
	const char *text;
	size_t len;

	if (decode(a, f, errors) < 0)
		return;
	text = f->data.text;
	len = f->data.len;
	f->is_gzip = f->encoding.text && f->encoding.text[0] == 'g';
	int rc = f->is_gzip ? content_unpack(a, f->data.text, f->data.len, &text, &len) : 0;
	if (rc == 0)
		keep_slots_legible(f, text, len);
	else
		complain_content(f, rc,
			strstr(f->encoding.text, "64")
				? "a gzip file"
				: "a gzip file (gzip in YAML must be base64: write gzip+base64)",
			errors);
}

static void check_file(struct arena *a, struct cc_file *f, struct err_list *errors)
{
	/* coreos-cloudinit refuses by the beginning of the folder's name: /usr/local and /usrX as well. */
	if (strncmp(f->path.text, "/usr", 4) == 0 && strchr(f->path.text + 1, '/'))
		err_list_add(errors, f->path.at,
			"%s: nothing can be written below /usr, it is read-only; use /opt or /etc",
			f->path.text);
	f->mode = f->permissions.text ? rule_mode(f->permissions.text) : MODE_DEFAULT;
	check_content(a, f, errors);
}

static int path_compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct named *)item)->name->text);
}

/* A path can not be a file and the folder of another file. */
static void refuse_file_as_folder(const struct cloudconfig *c, struct err_list *errors)
{
	AUTO(free_p) struct named *list = sorted(c->files.items, c->files.n, file_name);

	for (size_t i = 0; i < c->files.n; i++) {
		const struct cc_text *path = &c->files.items[i].path;
		AUTO(free_p) char *folder = xstrdup(path->text);

		for (char *end = strrchr(folder, '/'); end != folder; end = strrchr(folder, '/')) {
			*end = '\0';
			const struct named *file =
				bsearch(folder, list, c->files.n, sizeof(*list), path_compare);
			if (file)
				err_list_add(errors, path->at,
					"%s: %s is a file, in line %u, and can not be a folder",
					path->text, folder, file->name->at.line);
		}
	}
}

/* ---- Units ---- */

static bool has_install(const struct cc_unit *u)
{
	if (u->content.text && rule_has_section(u->content.text, "Install"))
		return true;
	for (size_t i = 0; i < u->drop_ins.n; i++)
		if (rule_has_section(u->drop_ins.items[i].content.text, "Install"))
			return true;
	return false;
}

static void check_unit(const struct cc_unit *u, struct err_list *errors)
{
	bool network = rule_is_network_unit(u->name.text);
	bool starts = u->command.text && strcmp(u->command.text, "stop") != 0;

	refuse_repeats(u->drop_ins.items, u->drop_ins.n, drop_in_name, "the drop-in", errors);
	if (!u->content.text && !u->command.text && u->drop_ins.n == 0 && !u->enable && !u->mask &&
		!u->runtime)
		err_list_add(errors, u->name.at,
			"%s: a name alone has no effect; give content, drop_ins, command, enable "
			"or mask",
			u->name.text);
	if (u->mask && (u->content.text || u->drop_ins.n > 0 || u->enable || starts))
		err_list_add(errors, u->name.at,
			"%s is masked: content, drop-ins, enable and command have no effect",
			u->name.text);
	if (network && u->enable)
		err_list_add(errors, u->name.at,
			"%s is read by systemd-networkd: enable has no effect", u->name.text);
	if (network && u->command.text)
		err_list_add(errors, u->command.at,
			"%s is read by systemd-networkd: command has no effect", u->name.text);
	if (!network && u->enable && u->content.text && !has_install(u))
		err_list_add(errors, u->name.at,
			"%s can not be enabled: it has no [Install] section "
			"(WantedBy=multi-user.target)",
			u->name.text);
}

/* Nothing but a command: "stop" early in the list and "restart" at its end is how a CoreOS config
 * resets the network. */
static bool is_only_command(const struct cc_unit *u)
{
	return u->command.text && !u->content.text && !u->enable && !u->mask && !u->runtime &&
	       u->drop_ins.n == 0;
}

static void check_unit_repeats(const struct cloudconfig *c, struct err_list *errors)
{
	AUTO(free_p) struct named *list = sorted(c->units.items, c->units.n, unit_name);

	for (size_t i = 1; i < c->units.n; i++) {
		const struct cc_unit *u = &c->units.items[list[i].index];
		const struct cc_unit *before = &c->units.items[list[i - 1].index];

		if (strcmp(u->name.text, before->name.text) == 0 && !is_only_command(u))
			err_list_add(errors, u->name.at,
				"the unit \"%s\" is already there, in line %u; only a command may "
				"follow it",
				u->name.text, before->name.at.line);
	}
}

static void check_oem(const struct cloudconfig *c, struct err_list *errors)
{
	struct mark at = cloudconfig_section_at(c, CC_OEM);
	const struct keys *table = keys_of_section(CC_OEM);

	if (at.line > 0 && !c->sections[CC_OEM][key_find(table, "id") - table->keys].text)
		err_list_add(errors, at, "coreos.oem has no effect without an id");
}

void check_model(struct arena *a, struct cloudconfig *c, struct err_list *errors)
{
	for (size_t i = 0; i < c->files.n; i++)
		check_file(a, &c->files.items[i], errors);
	for (size_t i = 0; i < c->units.n; i++)
		check_unit(&c->units.items[i], errors);
	refuse_repeats(c->users.items, c->users.n, user_name, "the user", errors);
	refuse_repeats(c->files.items, c->files.n, file_name, "the file", errors);
	refuse_file_as_folder(c, errors);
	check_unit_repeats(c, errors);
	check_oem(c, errors);
	if (!c->manage_etc_hosts.text)
		return;
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.items[i].path.text, "/etc/hosts") == 0)
			err_list_add(errors, c->files.items[i].path.at,
				"manage_etc_hosts in line %u writes /etc/hosts, too",
				c->manage_etc_hosts.at.line);
}
