#include "netboot/http/text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "provisioner/base/mem.h"

const char *http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} rows[] = {
		{200, "OK"},
		{206, "Partial Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			return rows[i].text;
	}
	return NULL;
}

const char *http_type_of(const char *path)
{
	static const struct {
		const char *ending, *type;
	} rows[] = {
		{".efi", "application/efi"},
		{".iso", "application/vnd.efi-iso"},
		{".img", "application/vnd.efi-img"},
		{".ipxe", "text/plain; charset=utf-8"},
		{".txt", "text/plain; charset=utf-8"},
		{".json", "application/json"},
		{".ign", "application/json"},
		{".yaml", "application/yaml"},
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(rows); i++) {
		if (strcasecmp(dot, rows[i].ending) == 0)
			return rows[i].type;
	}
	return "application/octet-stream";
}

bool http_is_token_char(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}
