/* Any text as a file of systemd-networkd: reading it ends, with interfaces or an error; and what is
 * written of them has no line that was not meant to be one. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "provisioner/base/doc.h"
#include "provisioner/config/keyfile.h"
#include "provisioner/config/netplan.h"

#define ARENA_MAX ((size_t)4 << 20)
#define TEXT_MAX ((size_t)64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every line is empty, a [group], or key=value; no byte but printable ASCII. */
static void expect_keyfile(const char *text)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		size_t n = strcspn(text, "\n");

		assert(text[n] == '\n');
		assert(n == 0 || (text[0] == '[' && text[n - 1] == ']') || memchr(text, '=', n));
		for (size_t i = 0; i < n; i++)
			assert(text[i] > ' ' && text[i] < 0x7f);
	}
}

/* YAML that reads back, with all interfaces in it. */
static void expect_netplan(const struct ifaces *all)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	AUTO(str_done) struct str out = str_init(TEXT_MAX);
	struct err_list errors = {0};
	struct doc_node *root;
	struct err e;

	if (netplan_write(all, &out, &errors) < 0)
		return;
	int rc = doc_parse(a, "netplan", str_text(&out), out.len, &doc_limits_default, &root, &e);
	assert(rc == 0 && doc_is_text(doc_get(root, "version"), "2"));
	for (size_t i = 0; i < all->n; i++) {
		static const char *const sections[] = {[IFACE_ETHERNET] = "ethernets",
			[IFACE_BOND] = "bonds",
			[IFACE_VLAN] = "vlans"};
		const struct doc_node *section = doc_get(root, sections[all->list[i].kind]);

		assert(section && doc_get(section, all->list[i].id));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	char *text = arena_strndup(a, (const char *)data, size);
	struct err_list errors = {0};
	struct ifaces all;

	if (!text)
		return 0;
	/* One text before "---", one behind it. */
	char *second = strstr(text, "\n---\n");
	if (second) {
		*second = '\0';
		second += strlen("\n---\n");
	}
	struct cc_unit units[] = {
		{.name = {.text = "1.netdev"}, .content = {.text = text, .len = strlen(text)}},
		{.name = {.text = "2.network"},
			.content = {
				.text = second ? second : "", .len = second ? strlen(second) : 0}}};
	struct cloudconfig c = {.units = {.items = units, .n = 2}};

	int rc = ifaces_read(a, &c, &all, &errors);
	assert(rc != 0 || errors.n == 0);
	if (rc == 0)
		expect_netplan(&all);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		AUTO(str_done) struct str out = str_init(TEXT_MAX);
		int wrote = keyfile_write(&all.list[i], &out, &errors);

		assert(wrote == 0 ? errors.n == 0 : wrote == -E2BIG || errors.n > 0);
		if (wrote != 0)
			break;
		expect_keyfile(str_text(&out));
		str_reset(&out);
		keyfile_write_settings(&all.list[i], &out);
		expect_keyfile(str_text(&out));
	}
	return 0;
}
