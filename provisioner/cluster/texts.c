#include "provisioner/cluster/texts.h"

#include <stddef.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/mem.h"
#include "provisioner/base/parse.h"

#define TEXT_MAX 4096

static bool is_file_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 128 && text[0] != '/' && text[0] != '.' && !strstr(text, "..") &&
	       text[len - 1] != '/' && parse_is_plain(text, "._-/+");
}

/* By an address: a name would need a name server, and UEFI without one refuses the offer. */
static bool is_url(const char *text)
{
	static const char *const schemes[] = {"http://", "https://"};
	char host[IPV4_TEXT_SIZE] = "";
	uint32_t address;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t skip = strlen(schemes[i]), len = strcspn(text + skip, ":/");

		if (strncmp(text, schemes[i], skip) != 0 || len >= sizeof(host))
			continue;
		memcpy(host, text + skip, len);
		return ipv4_parse(host, &address) == 0 && text[skip + len] != '\0';
	}
	return false;
}

static bool is_boot_file(const char *text)
{
	return is_file_name(text) ||
	       (strlen(text) < 128 && parse_is_plain(text, "._-/+:~%?=&") && is_url(text));
}

static bool is_interface(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 16 && parse_is_plain(text, "._-@") && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool is_etcd_key(const char *text)
{
	size_t len = strlen(text);

	return len > 1 && len < 512 && text[0] == '/' && text[len - 1] != '/' &&
	       parse_is_plain(text, "._-/");
}

static bool is_line(const char *text)
{
	return parse_is_line(text, TEXT_MAX);
}

/* As it stands in front of an image's name: lower case, no scheme. */
static bool is_registry(const char *text)
{
	size_t host = strcspn(text, ":/"), len = strlen(text), port = 0;

	if (host == 0 || len > 200 || text[len - 1] == '/' || text[len - 1] == ':' ||
		strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || strstr(text, "//"))
		return false;
	if (text[host] == ':')
		port = 1 + strspn(text + host + 1, "0123456789");
	return (text[host + port] == '\0' || text[host + port] == '/') &&
	       parse_is_plain(text, "._-/:") && !strchr(text + host + port, ':');
}

static bool is_path(const char *text)
{
	size_t len = strlen(text);

	return len > 1 && len < 256 && text[0] == '/' && !strstr(text, "..") &&
	       parse_is_plain(text, "._-/+");
}

/* What useradd takes (shadow's good_name, without its upper case). */
static bool is_user(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 32 && ((text[0] >= 'a' && text[0] <= 'z') || text[0] == '_') &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* crypt(5): a password in clear is what people write here by mistake. */
static bool is_passwd(const char *text)
{
	return text[0] == '$' && strlen(text) < 512 && strchr(text + 1, '$') &&
	       parse_is_plain(text, "$./,=");
}

/* sshd(8), AUTHORIZED_KEYS FILE FORMAT: options may stand before the type. In base64 every such key
 * begins with the length of its type's name, three bytes of zero. */
static bool is_ssh_key(const char *text)
{
	static const char *const types[] = {"ssh-", "ecdsa-sha2-", "sk-"};

	if (!is_line(text))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *at = strstr(text, types[i]);
		const char *blank = at ? strchr(at, ' ') : NULL;

		if (blank && strncmp(blank, " AAAA", 5) == 0)
			return true;
	}
	return false;
}

static bool is_kernel_arg(const char *text)
{
	return is_line(text) && parse_is_kernel_arg(text);
}

static bool is_timezone(const char *text)
{
	return is_file_name(text) && strlen(text) < 64;
}

/* locksmithd's "Sun 04:00", the day optional. */
static bool is_window(const char *text)
{
	static const char *const days[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};
	static const char digits[] = "0123456789";

	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		if (strncmp(text, days[i], 4) == 0) {
			text += 4;
			break;
		}
	return strlen(text) == 5 && strspn(text, digits) == 2 && text[2] == ':' &&
	       strspn(text + 3, digits) == 2 && strncmp(text, "23", 2) <= 0 && text[3] <= '5';
}

#define LABEL "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#define HOSTNAME LABEL "(\\." LABEL ")*"
#define FILE_NAME "[A-Za-z0-9_+-][A-Za-z0-9._/+-]*"
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define QUAD OCTET "(\\." OCTET "){3}"

/* What is legal for each kind of text: in C, and nearly so as a regular expression. */
static const struct {
	enum schema_type type;
	bool (*is_legal)(const char *text);
	const char *pattern;
} rules[] = {
	{SCHEMA_LABEL, parse_is_label, "^" LABEL "$"},
	{SCHEMA_HOSTNAME, parse_is_hostname, "^" HOSTNAME "$"},
	{SCHEMA_HOST, parse_is_host, "^" HOSTNAME "$"},
	{SCHEMA_TEXT, is_line, NULL},
	{SCHEMA_FILE_NAME, is_file_name, "^" FILE_NAME "$"},
	{SCHEMA_BOOT_FILE, is_boot_file, "^(https?://" QUAD "[:/].*|" FILE_NAME ")$"},
	{SCHEMA_PATH, is_path, "^/[A-Za-z0-9._/+-]+$"},
	{SCHEMA_INTERFACE, is_interface, "^[A-Za-z0-9._@-]{1,15}$"},
	{SCHEMA_ETCD_KEY, is_etcd_key, "^/[A-Za-z0-9._/-]*[A-Za-z0-9._-]$"},
	{SCHEMA_REGISTRY, is_registry, "^[a-z0-9._-]+(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9._-])?$"},
	{SCHEMA_USER, is_user, "^[a-z_][a-z0-9_-]{0,31}$"},
	{SCHEMA_PASSWD, is_passwd, "^\\$[A-Za-z0-9]*\\$[A-Za-z0-9$./,=]*$"},
	{SCHEMA_SSH_KEY, is_ssh_key, "(ssh-|ecdsa-sha2-|sk-)[^ ]* AAAA"},
	{SCHEMA_KERNEL_ARG, is_kernel_arg, "^[^ \"'\\\\#][^ \"'\\\\]*$"},
	{SCHEMA_TIMEZONE, is_timezone, "^" FILE_NAME "$"},
	{SCHEMA_WINDOW, is_window,
		"^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01][0-9]|2[0-3]):[0-5][0-9]$"},
	{SCHEMA_ADDRESS, NULL, "^" QUAD "$"},
	{SCHEMA_NET, NULL, "^" QUAD "/([1-9]|[12][0-9]|3[0-2])$"},
	{SCHEMA_RANGE, NULL, "^" QUAD "-" QUAD "$"},
	{SCHEMA_IMAGE, NULL, "^[A-Za-z0-9_+-][A-Za-z0-9._+-]*/[A-Za-z0-9._+-]+$"},
	{SCHEMA_MAC_LIST, NULL,
		"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}$"},
	{SCHEMA_UUID, NULL, "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"},
	{SCHEMA_DURATION, NULL, "^[0-9]+(ms|s|m|h|d)$"},
};

bool text_is_legal(enum schema_type type, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type && rules[i].is_legal)
			return rules[i].is_legal(text);
	return false;
}

const char *text_pattern(enum schema_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return rules[i].pattern;
	return NULL;
}
