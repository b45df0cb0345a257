#include "netboot/server/route.h"

#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"

static bool has_hidden_component(const char *path)
{
	return path[0] == '.' || strstr(path, "/.") != NULL;
}

enum route route_of_http(const char *path, const char **ret_rest)
{
	static const struct {
		const char *prefix;
		enum route route;
	} rows[] = {
		{"/images/", ROUTE_IMAGES},
		{"/firmware/", ROUTE_FIRMWARE},
		{"/agent/", ROUTE_AGENT},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].prefix);

		if (strncmp(path, rows[i].prefix, len) != 0)
			continue;
		*ret_rest = path + len;
		return has_hidden_component(*ret_rest) || !**ret_rest ? ROUTE_NOWHERE
								      : rows[i].route;
	}
	*ret_rest = path;
	return ROUTE_ASK;
}

enum route route_of_tftp(const char *name, const char **ret_rest)
{
	static const char firmware[] = "firmware/", images[] = "images/";
	bool is_image = strncmp(name, images, sizeof(images) - 1) == 0;

	*ret_rest = name;
	if (is_image)
		*ret_rest += sizeof(images) - 1;
	else if (strncmp(name, firmware, sizeof(firmware) - 1) == 0)
		*ret_rest += sizeof(firmware) - 1;
	if (!**ret_rest || has_hidden_component(*ret_rest))
		return ROUTE_NOWHERE;
	return is_image ? ROUTE_IMAGES : ROUTE_FIRMWARE;
}

#define SERIAL_DIGITS 8 /* of a Raspberry Pi */

/* "52-54-00-00-00-01" or with colons, at the start of `s`. */
static bool begins_with_mac(const char *s)
{
	struct mac mac;
	char text[MAC_TEXT_SIZE];

	if (strnlen(s, MAC_TEXT_SIZE - 1) < MAC_TEXT_SIZE - 1)
		return false;
	memcpy(text, s, MAC_TEXT_SIZE - 1);
	text[MAC_TEXT_SIZE - 1] = '\0';
	return mac_parse(text, &mac) == 0;
}

static bool begins_with_serial(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return n == SERIAL_DIGITS && s[n] == '/';
}

bool route_names_node(const char *name)
{
	static const char *const before_mac[] = {"grub.cfg-01-", "pxelinux.cfg/01-"};
	const char *last = path_name(name);

	if (strcmp(last, "grub.cfg") == 0 || begins_with_mac(name) || begins_with_serial(name))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(before_mac); i++) {
		const char *at = strstr(name, before_mac[i]);

		if (at && begins_with_mac(at + strlen(before_mac[i])))
			return true;
	}
	return false;
}
