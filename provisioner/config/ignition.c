#include "provisioner/config/ignition.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/config/content.h"
#include "provisioner/config/ignition_version.h"
#include "provisioner/config/plan.h"

#define MODE_PLAIN 0777u
#define PLAN_MAX ((size_t)16 << 20)
#define URL_MAX ((size_t)4 << 20)

static void key_flag(struct json *j, const char *key, bool value)
{
	if (value)
		json_key_bool(j, key, true);
}

static void key_given(struct json *j, const char *key, const struct cc_text *value)
{
	if (value->text)
		json_key_text(j, key, value->text);
}

static void key_texts(struct json *j, const char *key, const char *const *texts, size_t n)
{
	if (n == 0)
		return;
	json_key(j, key);
	json_list(j);
	for (size_t i = 0; i < n; i++)
		json_text(j, texts[i]);
	json_list_end(j);
}

static void add_user(struct json *j, const struct plan_user *u)
{
	static const struct cc_user nothing;
	const struct cc_user *v = u->user ? u->user : &nothing;

	json_map(j);
	json_key_text(j, "name", u->name);
	key_given(j, "passwordHash", &v->passwd);
	key_texts(j, "sshAuthorizedKeys", u->keys, u->n_keys);
	key_given(j, "gecos", &v->gecos);
	key_given(j, "homeDir", &v->homedir);
	key_flag(j, "noCreateHome", v->no_create_home);
	key_given(j, "primaryGroup", &v->primary_group);
	key_texts(j, "groups", u->groups, u->n_groups);
	key_flag(j, "noUserGroup", v->no_user_group);
	key_flag(j, "system", v->system);
	key_flag(j, "noLogInit", v->no_log_init);
	key_given(j, "shell", &v->shell);
	json_map_end(j);
}

/* "core" or "500": Ignition takes a name or a number, never both. */
static void add_owner_part(struct json *j, const char *key, const char *part, size_t n)
{
	bool number = strspn(part, "0123456789") >= n;

	if (n == 0)
		return;
	json_key(j, key);
	json_map(j);
	json_key(j, number ? "id" : "name");
	if (number) {
		int64_t id = 0;

		for (size_t i = 0; i < n; i++)
			id = id * 10 + (part[i] - '0');
		json_int(j, id);
	} else {
		json_textn(j, part, n);
	}
	json_map_end(j);
}

static void add_owner(struct json *j, const char *owner)
{
	const char *colon = strchr(owner, ':');
	size_t n = colon ? (size_t)(colon - owner) : strlen(owner);

	add_owner_part(j, "user", owner, n);
	if (colon)
		add_owner_part(j, "group", colon + 1, strlen(colon + 1));
}

static void add_file(struct json *j, const struct plan_file *f)
{
	AUTO(str_done) struct str url = str_init(URL_MAX);

	content_add_data_url(&url, f->data, f->len);
	json_map(j);
	json_key_text(j, "path", f->path);
	/* coreos-cloudinit replaces what is there; Ignition must be told. */
	json_key_bool(j, "overwrite", true);
	json_key_int(j, "mode", f->mode);
	if (f->owner)
		add_owner(j, f->owner);
	json_key(j, "contents");
	json_map(j);
	json_key_text(j, "source", str_text(&url));
	if (f->is_gzip)
		json_key_text(j, "compression", "gzip");
	json_map_end(j);
	json_map_end(j);
	if (!str_ok(&url))
		j->out->err = true;
}

static void add_link(struct json *j, const struct plan_link *l)
{
	json_map(j);
	json_key_text(j, "path", l->path);
	json_key_bool(j, "overwrite", true);
	json_key_text(j, "target", l->target);
	json_map_end(j);
}

static void add_drop_ins(struct json *j, const struct plan_unit *u)
{
	if (u->n_drop_ins == 0)
		return;
	json_key(j, "dropins");
	json_list(j);
	for (size_t i = 0; i < u->n_drop_ins; i++) {
		json_map(j);
		json_key_text(j, "name", u->drop_ins[i].name);
		json_key_text(j, "contents", u->drop_ins[i].text);
		json_map_end(j);
	}
	json_list_end(j);
}

static void add_unit(struct json *j, const struct plan_unit *u)
{
	json_map(j);
	json_key_text(j, "name", u->name);
	if (u->enable != PLAN_LEAVE)
		json_key_bool(j, "enabled", u->enable == PLAN_ENABLE);
	key_flag(j, "mask", u->mask);
	if (u->text)
		json_key_text(j, "contents", u->text);
	add_drop_ins(j, u);
	json_map_end(j);
}

static void add_users(struct json *j, const struct plan *p)
{
	if (p->n_users == 0)
		return;
	json_key(j, "passwd");
	json_map(j);
	json_key(j, "users");
	json_list(j);
	for (size_t i = 0; i < p->n_users; i++)
		add_user(j, &p->users[i]);
	json_list_end(j);
	json_map_end(j);
}

static void add_storage(struct json *j, const struct plan *p)
{
	if (p->n_files + p->n_links == 0)
		return;
	json_key(j, "storage");
	json_map(j);
	if (p->n_files > 0) {
		json_key(j, "files");
		json_list(j);
		for (size_t i = 0; i < p->n_files; i++)
			add_file(j, &p->files[i]);
		json_list_end(j);
	}
	if (p->n_links > 0) {
		json_key(j, "links");
		json_list(j);
		for (size_t i = 0; i < p->n_links; i++)
			add_link(j, &p->links[i]);
		json_list_end(j);
	}
	json_map_end(j);
}

static void add_units(struct json *j, const struct plan *p)
{
	if (p->n_units == 0)
		return;
	json_key(j, "systemd");
	json_map(j);
	json_key(j, "units");
	json_list(j);
	for (size_t i = 0; i < p->n_units; i++)
		add_unit(j, &p->units[i]);
	json_list_end(j);
	json_map_end(j);
}

/* The oldest version that says all of it. */
static unsigned minor_for(const struct plan *p)
{
	for (size_t i = 0; i < p->n_files; i++)
		if (p->files[i].mode > MODE_PLAIN)
			return IGNITION_MINOR_SETUID;
	return IGNITION_MINOR_FLOOR;
}

static void add_config(struct str *out, const struct plan *p)
{
	struct json j = json_init(out);

	str_printf(out, IGNITION_HEAD, minor_for(p));
	j.comma = true;
	add_users(&j, p);
	add_storage(&j, p);
	add_units(&j, p);
	json_map_end(&j);
	str_addc(out, '\n');
}

int ignition_write(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors)
{
	AUTO(arena_free_p) struct arena *a = arena_new(PLAN_MAX);
	struct plan p = {.arena = a, .errors = errors, .kind = kind};
	int rc = plan_make(&p, c);

	if (rc == 0)
		add_config(out, &p);
	return rc == 0 && !str_ok(out) ? -E2BIG : rc;
}
