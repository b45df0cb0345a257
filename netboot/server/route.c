#include "netboot/server/route.h"

#include <stdbool.h>
#include <string.h>

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
	static const char folder[] = "firmware/";
	size_t len = sizeof(folder) - 1;

	*ret_rest = strncmp(name, folder, len) == 0 ? name + len : name;
	if (!**ret_rest || has_hidden_component(*ret_rest))
		return ROUTE_NOWHERE;
	return ROUTE_FIRMWARE;
}
