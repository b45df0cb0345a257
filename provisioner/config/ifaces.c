#include "provisioner/config/ifaces.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/config/iface_keys.h"
#include "provisioner/config/networkd.h"
#include "provisioner/config/rules.h"

#define IFACES_MAX 64

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

struct reading {
	struct arena *arena;
	struct err_list *errors;
	struct networkd_file *files;
	size_t n_files;
	struct ifaces *links;
};

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static const char *stem_of(struct arena *a, const char *file_name)
{
	return arena_strndup(a, file_name, (size_t)(strrchr(file_name, '.') - file_name));
}

bool iface_is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

int iface_family(const char *address)
{
	char host[INET6_ADDRSTRLEN + 1];
	uint8_t bytes[16];
	size_t n = strcspn(address, "/");
	int family = memchr(address, ':', n) ? 6 : 4;
	unsigned len = 0;

	if (n >= sizeof(host))
		return 0;
	memcpy(host, address, n);
	host[n] = '\0';
	if (inet_pton(family == 6 ? AF_INET6 : AF_INET, host, bytes) != 1)
		return 0;
	if (!address[n])
		return family;
	const char *digits = address + n + 1;
	size_t n_digits = strspn(digits, "0123456789");
	if (n_digits == 0 || n_digits > 3 || digits[n_digits])
		return 0;
	for (; *digits; digits++)
		len = len * 10 + (unsigned)(*digits - '0');
	return len <= (family == 6 ? 128 : 32) ? family : 0;
}

/* ---- Files ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct networkd_file *)a)->name, ((const struct networkd_file *)b)->name);
}

static int read_file(struct reading *r, const struct cc_unit *u)
{
	struct networkd_file *f = &r->files[r->n_files++];
	int rc = 0;

	*f = (struct networkd_file){.name = u->name.text, .at = u->name.at};
	if (u->content.text)
		rc = networkd_parse(r->arena, &u->content, f, r->errors);
	for (size_t i = 0; i < u->drop_ins.n && rc == 0; i++)
		rc = networkd_parse(r->arena, &u->drop_ins.items[i].content, f, r->errors);
	return rc;
}

static int read_files(struct reading *r, const struct cloudconfig *c)
{
	r->files = arena_alloc(r->arena, c->units.n + 1, sizeof(*r->files));
	if (!r->files)
		return -E2BIG;
	for (size_t i = 0; i < c->units.n; i++) {
		const struct cc_unit *u = &c->units.items[i];

		if (!rule_is_network_unit(u->name.text) || u->mask ||
			has_suffix(u->name.text, ".link"))
			continue;
		/* What is wrong is in `errors`; the other files may have more to tell. */
		if (read_file(r, u) == -E2BIG)
			return -E2BIG;
	}
	/* networkd takes them in this order: the first that matches an interface wins. */
	qsort(r->files, r->n_files, sizeof(*r->files), by_name);
	return 0;
}

/* ---- Links ---- */

static struct iface *new_link(struct reading *r, const struct networkd_file *f)
{
	if (r->links->n == IFACES_MAX) {
		err_list_add(r->errors, f->at, "more than %d interfaces", IFACES_MAX);
		return NULL;
	}
	struct iface *l = &r->links->list[r->links->n++];
	*l = (struct iface){.kind = IFACE_ETHERNET, .at = f->at};
	return l;
}

static struct iface *virtual_link(const struct ifaces *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].kind != IFACE_ETHERNET && strcmp(all->list[i].name, name) == 0)
			return &all->list[i];
	return NULL;
}

static int take_netdev(struct reading *r, const struct networkd_file *f)
{
	struct iface *l = new_link(r, f);

	if (!l)
		return -EINVAL;
	l->kind = 0; /* until the file says which */
	iface_keys_apply(r->arena, f, l, r->errors);
	if (!l->name || iface_is_pattern(l->name) || !l->kind) {
		err_list_add(r->errors, f->at, "%s: [NetDev] must say Name= and Kind=", f->name);
		r->links->n--;
		return -EINVAL;
	}
	if (virtual_link(&(struct ifaces){r->links->list, r->links->n - 1}, l->name))
		err_list_add(
			r->errors, f->at, "%s: another file makes %s already", f->name, l->name);
	l->id = l->name;
	return 0;
}

/* Whether both files mean the same interface: networkd would never read the second. */
static bool is_same_interface(const struct iface *a, const struct iface *b)
{
	bool same_name = a->name && b->name && strcmp(a->name, b->name) == 0;
	bool same_mac = a->mac && b->mac && strcmp(a->mac, b->mac) == 0;

	return same_name || same_mac || (a->is_any && b->is_any);
}

/* A .network of a bond or VLAN adds to the link that its .netdev made. */
static int take_network(struct reading *r, const struct networkd_file *f)
{
	struct iface found = {.kind = IFACE_ETHERNET, .at = f->at}, *l;

	iface_keys_match(r->arena, f, &found, r->errors);
	found.is_any = found.is_any && !found.name && !found.mac;
	if (!found.name && !found.mac && !found.is_any) {
		err_list_add(r->errors, f->at,
			"%s: [Match] must say Name=, PermanentMACAddress= or Type=ether", f->name);
		return -EINVAL;
	}
	struct iface *made = found.name ? virtual_link(r->links, found.name) : NULL;
	for (size_t i = 0; i < r->links->n; i++) {
		struct iface *other = &r->links->list[i];

		if (is_same_interface(other, &found) && (other != made || made->configured))
			err_list_add(r->errors, f->at,
				"%s: another file configures this interface already", f->name);
	}
	if (!made) {
		/* The name goes into other systems' files, where a backslash is more than that. */
		if (strspn(f->name, plain) != strlen(f->name))
			err_list_add(r->errors, f->at,
				"%s: only letters, digits and _ . - have a place in the name of a "
				"networkd file that is translated",
				f->name);
		l = new_link(r, f);
		if (!l)
			return -EINVAL;
		*l = found;
		l->id = stem_of(r->arena, f->name);
	} else {
		l = made;
	}
	l->configured = true;
	iface_keys_apply(r->arena, f, l, r->errors);
	return l->id ? 0 : -E2BIG;
}

/* ---- What they are to each other ---- */

static void resolve_bond(struct reading *r, struct iface *l)
{
	struct iface *bond = l->bond_name ? virtual_link(r->links, l->bond_name) : NULL;

	if (!l->bond_name)
		return;
	if (!bond || bond->kind != IFACE_BOND)
		err_list_add(r->errors, l->at, "%s: there is no .netdev of a bond %s", l->id,
			l->bond_name);
	else if (l->addresses.n + l->gateways.n + l->dns.n + l->n_routes > 0 || l->dhcp)
		err_list_add(r->errors, l->at,
			"%s: a member of a bond has no addresses and routes of its own", l->id);
	else
		l->bond = bond;
}

static void resolve_vlans(struct reading *r, struct iface *l)
{
	for (size_t i = 0; i < l->vlans.n; i++) {
		struct iface *vlan = virtual_link(r->links, l->vlans.items[i]);

		if (!vlan || vlan->kind != IFACE_VLAN)
			err_list_add(r->errors, l->at, "%s: there is no .netdev of a VLAN %s",
				l->id, l->vlans.items[i]);
		else if (vlan->parent || vlan == l)
			err_list_add(r->errors, l->at, "%s: the VLAN %s has a link already", l->id,
				vlan->name);
		else
			vlan->parent = l;
	}
}

static void resolve(struct reading *r)
{
	for (size_t i = 0; i < r->links->n; i++) {
		resolve_bond(r, &r->links->list[i]);
		resolve_vlans(r, &r->links->list[i]);
	}
	for (size_t i = 0; i < r->links->n; i++) {
		const struct iface *l = &r->links->list[i];

		if (l->kind == IFACE_VLAN && (!l->parent || !l->vlan_id))
			err_list_add(r->errors, l->at,
				"%s: a VLAN needs Id= in its .netdev and VLAN= in the .network of "
				"its link",
				l->id);
		if (l->kind == IFACE_BOND && !l->bond_settings[IFACE_BOND_MODE])
			err_list_add(r->errors, l->at, "%s: [Bond] must say Mode=", l->id);
	}
}

int ifaces_read(
	struct arena *a, const struct cloudconfig *c, struct ifaces *ret, struct err_list *errors)
{
	struct reading r = {.arena = a, .errors = errors, .links = ret};
	size_t before = errors->n + errors->dropped;
	int rc = read_files(&r, c);

	size_t room = r.n_files < IFACES_MAX ? r.n_files + 1 : IFACES_MAX;
	*ret = (struct ifaces){.list = arena_alloc(a, room, sizeof(*ret->list))};
	if (rc < 0 || !ret->list)
		return -E2BIG;
	for (size_t i = 0; i < r.n_files && rc != -E2BIG; i++)
		if (has_suffix(r.files[i].name, ".netdev"))
			rc = take_netdev(&r, &r.files[i]);
	for (size_t i = 0; i < r.n_files && rc != -E2BIG; i++)
		if (has_suffix(r.files[i].name, ".network"))
			rc = take_network(&r, &r.files[i]);
	if (rc == -E2BIG || arena_is_full(a))
		return -E2BIG;
	if (errors->n + errors->dropped == before)
		resolve(&r);
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}
