#include "provisioner/config/iface_values.h"

#include <net/if.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/config/ifaces.h"

#define MTU_MIN 68 /* RFC 791: every link carries 68 bytes */
#define MTU_MAX 65535
#define VLAN_MAX 4094

bool iface_is_name(const char *text)
{
	return text[0] && strlen(text) < IFNAMSIZ && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0 && parse_is_plain(text, "_.-");
}

bool iface_is_name_or_pattern(const char *text)
{
	char plain[IFNAMSIZ] = "";
	size_t n = strlen(text);

	if (n == 0 || n >= sizeof(plain))
		return false;
	for (size_t i = 0; i <= n; i++)
		plain[i] = (char)(text[i] == '*' ? 'x' : text[i]);
	return iface_is_name(plain);
}

bool iface_is_address(const char *text)
{
	return iface_family(text) != 0 && !strchr(text, '/');
}

bool iface_is_network(const char *text)
{
	return iface_family(text) != 0 && strchr(text, '/');
}

bool iface_is_number(const char *text)
{
	uint32_t v;

	return parse_u32(text, 0, UINT32_MAX, &v) == 0;
}

bool iface_is_mtu(const char *text)
{
	uint32_t v;

	return parse_u32(text, MTU_MIN, MTU_MAX, &v) == 0;
}

bool iface_is_vlan_id(const char *text)
{
	uint32_t v;

	return parse_u32(text, 1, VLAN_MAX, &v) == 0;
}

bool iface_is_domain(const char *text)
{
	if (strcmp(text, "~.") == 0)
		return true;
	return parse_is_hostname(text + (text[0] == '~'));
}
