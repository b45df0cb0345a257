#include "provisioner/config/rules.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/base/parse.h"

#define UNIT_NAME_MAX 255
#define UNIT_LINE_MAX 2047 /* what Ignition's parser of units takes */
#define SETTING_MAX 1900   /* so that its line in a drop-in stays below that */
#define USER_NAME_MAX 32   /* as useradd has it */

static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

/* The part of `text` behind `prefix`, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n > m && strcmp(text + n - m, suffix) == 0;
}

static bool is_hostname(const char *text)
{
	return parse_is_hostname(text) && strlen(text) <= HOST_NAME_MAX &&
	       strcmp(text, "localhost") != 0;
}

/* useradd's portable names: a letter or underscore, then those, digits and hyphens. */
static bool is_user(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > USER_NAME_MAX || (!islower((unsigned char)text[0]) && text[0] != '_'))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!strchr(letters, text[i]) && !strchr(digits, text[i]) && !strchr("_-", text[i]))
			return false;
	return true;
}

/* crypt(5): $id$..., or a text that no password matches. A plain password is a mistake. */
static bool is_hash(const char *text)
{
	if (strcmp(text, "*") == 0 || strcmp(text, "!") == 0)
		return true;
	return text[0] == '$' && strchr(text + 1, '$') && !strpbrk(text, ": ") &&
	       parse_is_printable(text);
}

static const char *const key_types[] = {"ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com", "ssh-ed25519-cert-v01@openssh.com",
	"ssh-rsa-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com"};

/* "TYPE AAAA...": every key blob begins with the length of its type, below 65536, in base64. */
static bool is_key_at(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(key_types); i++) {
		const char *blob = after(text, key_types[i]);

		if (blob && blob[0] == ' ')
			return after(blob + strspn(blob, " "), "AAAA") != NULL;
	}
	return false;
}

/* sshd(8), AUTHORIZED_KEYS: options may stand before the type, blanks inside them only in quotes. */
static bool is_ssh_key(const char *text)
{
	bool quoted = false;

	if (!parse_is_printable(text))
		return false;
	if (is_key_at(text))
		return true;
	for (; *text && (quoted || *text != ' '); text++)
		quoted ^= *text == '"';
	return *text == ' ' && is_key_at(text + strspn(text, " "));
}

/* Absolute, and the only way to write that path: no empty, "." or ".." part, no slash at the end. */
static bool is_path(const char *text)
{
	if (text[0] != '/' || !parse_is_printable(text))
		return false;
	while (*text) {
		size_t n = strcspn(++text, "/");

		if (n == 0 || (n == 1 && text[0] == '.') ||
			(n == 2 && text[0] == '.' && text[1] == '.'))
			return false;
		text += n;
	}
	return true;
}

static bool is_owner_part(const char *text, size_t n)
{
	char part[USER_NAME_MAX + 1];

	if (n == 0 || n > USER_NAME_MAX)
		return false;
	memcpy(part, text, n);
	part[n] = '\0';
	return is_user(part) || strspn(part, digits) == n;
}

static bool is_owner(const char *text)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return is_owner_part(text, strlen(text));
	return is_owner_part(text, (size_t)(colon - text)) &&
	       is_owner_part(colon + 1, strlen(colon + 1));
}

unsigned rule_mode(const char *text)
{
	unsigned mode = 0;

	for (; *text; text++)
		mode = mode * 8 + (unsigned)(*text - '0');
	return mode;
}

/* coreos-cloudinit wants 0?[0-7]{3,4}. Who loses setuid, setgid and sticky is target.h's. */
static bool is_permissions(const char *text)
{
	size_t n = strspn(text, "01234567");

	return text[n] == '\0' && n >= 3 && n <= (text[0] == '0' ? 5 : 4);
}

bool rule_is_network_unit(const char *name)
{
	return has_suffix(name, ".network") || has_suffix(name, ".netdev") ||
	       has_suffix(name, ".link");
}

static const char *const unit_suffixes[] = {".service", ".device", ".mount", ".automount", ".swap",
	".target", ".path", ".timer", ".snapshot", ".slice", ".scope", ".socket", ".network",
	".netdev", ".link"};

/* systemd.unit(5): letters, digits and ":-_.\@". */
static bool is_unit_name(const char *text)
{
	return strlen(text) <= UNIT_NAME_MAX && text[0] != '.' && parse_is_plain(text, ":-_.\\@");
}

static bool is_unit(const char *text)
{
	if (!is_unit_name(text))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(unit_suffixes); i++)
		if (has_suffix(text, unit_suffixes[i]))
			return true;
	return false;
}

static bool is_drop_in(const char *text)
{
	return is_unit_name(text) && has_suffix(text, ".conf");
}

/* One line of a systemd file, without its indentation: a section, a comment, KEY=VALUE. */
static bool is_unit_line(const char *line, size_t n, bool in_section)
{
	while (n > 0 && strchr(" \t", line[n - 1]))
		n--;
	if (n == 0 || line[0] == '#' || line[0] == ';')
		return true;
	if (line[0] == '[')
		return n > 2 && memchr(line, ']', n) == line + n - 1;
	return in_section && line[0] != '=' && memchr(line, '=', n);
}

static bool has_control_byte(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return true;
	return false;
}

size_t rule_bad_unit_line(const char *text)
{
	bool in_section = false, continued = false;

	for (size_t number = 1; *text; number++) {
		size_t n = strcspn(text, "\n"), indent = strspn(text, " \t");
		const char *line = text + (indent < n ? indent : n);
		size_t len = n - (size_t)(line - text);
		bool comment = len > 0 && (line[0] == '#' || line[0] == ';');

		if (n > UNIT_LINE_MAX || has_control_byte(line, len))
			return number;
		/* Comments inside a continued value: Ignition and older systemd take them for a part of it. */
		if (continued ? comment : !is_unit_line(line, len, in_section))
			return number;
		in_section |= len > 0 && line[0] == '[';
		continued = !comment && len > 0 && line[len - 1] == '\\';
		text += n + (text[n] == '\n');
	}
	return 0;
}

static bool is_unit_text(const char *text)
{
	return rule_bad_unit_line(text) == 0;
}

bool rule_has_section(const char *text, const char *section)
{
	size_t want = strlen(section);

	while (*text) {
		text += strspn(text, " \t");
		if (text[0] == '[' && strncmp(text + 1, section, want) == 0 &&
			text[want + 1] == ']')
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/* A setting becomes Environment="NAME=VALUE" in a unit, where coreos-cloudinit escapes nothing. */
static bool is_setting(const char *text)
{
	return parse_is_line(text, SETTING_MAX) && !strpbrk(text, "\"\\");
}

/* A setting that a Go program takes for an URL with a host. */
static bool is_url(const char *text)
{
	const char *rest = after(text, "http://");

	if (!rest)
		rest = after(text, "https://");
	return rest && rest[0] && rest[0] != '/' && is_setting(text) && !strchr(text, ' ');
}

/* Skips a number with leading zeros; false when it is none or above `max`. */
static bool skip_number(const char **text, unsigned max)
{
	unsigned v = 0;
	size_t n = strspn(*text, digits);

	for (size_t i = 0; i < n && v <= max; i++)
		v = v * 10 + (unsigned)((*text)[i] - '0');
	*text += n;
	return n > 0 && v <= max;
}

/* "Thu 23:00" or "23:00" (locksmith's REBOOT_WINDOW_START). */
static bool is_window_start(const char *text)
{
	static const char days[] = "sun mon tue wed thu fri sat";
	char day[4] = "";

	for (size_t i = 0; i < 3 && isalpha((unsigned char)text[i]); i++)
		day[i] = (char)tolower((unsigned char)text[i]);
	if (day[0]) {
		const char *hit = strlen(day) == 3 ? strstr(days, day) : NULL;

		if (!hit || (hit - days) % 4 != 0 || text[3] != ' ')
			return false;
		text += 4;
	}
	return skip_number(&text, 23) && *text++ == ':' && skip_number(&text, 59) && *text == '\0';
}

/* A Go duration: "1h30m", "90m", "1.5h". */
static bool is_window_length(const char *text)
{
	static const char *const units[] = {"h", "ms", "m", "s", "us", "ns"};

	if (!*text)
		return false;
	while (*text) {
		size_t n = strspn(text, digits), i = 0;
		const char *rest = NULL;

		if (text[n] == '.')
			n += 1 + strspn(text + n + 1, digits);
		for (; i < ARRAY_LEN(units) && !rest; i++)
			rest = after(text + n, units[i]);
		if (n == 0 || !isdigit((unsigned char)text[0]) || !rest)
			return false;
		text = rest;
	}
	return true;
}

static const char *const encodings[] = {
	"base64", "b64", "gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64", NULL};
static const char *const commands[] = {"start", "stop", "restart", "reload", "try-restart",
	"reload-or-restart", "reload-or-try-restart", NULL};
static const char *const proxies[] = {"on", "off", "readonly", NULL};
static const char *const cluster_states[] = {"new", "existing", NULL};
static const char *const strategies[] = {"etcd-lock", "reboot", "off", NULL};
static const char *const etc_hosts[] = {"localhost", NULL};

const struct rule rule_hostname = {.holds = is_hostname,
	.expected =
		"a host name (lower-case letters, digits and inner hyphens; 64 bytes at most; not "
		"localhost)"};
const struct rule rule_ssh_key = {.holds = is_ssh_key,
	.expected = "a public SSH key in one line, like \"ssh-ed25519 AAAA... name\""};
const struct rule rule_user = {.holds = is_user,
	.expected = "a user or group name (lower-case letters, digits, _ and -; 32 at most)"};
const struct rule rule_hash = {.holds = is_hash,
	.expected = "a password hash like $6$salt$..., made with: openssl passwd -6"};
const struct rule rule_one_line = {.holds = parse_is_printable, .expected = "a text of one line"};
const struct rule rule_path = {.holds = is_path,
	.expected = "an absolute path in its shortest form (/etc/motd; no //, . or .. in it)"};
const struct rule rule_owner = {
	.holds = is_owner, .expected = "an owner like \"core:core\" or \"500:500\""};
const struct rule rule_permissions = {.holds = is_permissions,
	.expected = "a file mode: three or four octal digits like \"0644\""};
const struct rule rule_encoding = {.choices = encodings};
const struct rule rule_unit = {.holds = is_unit,
	.expected = "a unit's name: letters, digits and :-_.\\@ with a suffix like .service, "
		    ".timer or .network"};
const struct rule rule_drop_in = {.holds = is_drop_in,
	.expected = "a drop-in's name: letters, digits and :-_.\\@ with the suffix .conf"};
const struct rule rule_unit_text = {.holds = is_unit_text,
	.expected =
		"a systemd file: [Section] lines with KEY=VALUE lines below them (2047 bytes at "
		"most; no comment inside a continued value)"};
const struct rule rule_command = {.choices = commands};
const struct rule rule_setting = {.holds = is_setting,
	.expected =
		"a value of one line, 1900 bytes at most, without \" and \\ (it goes into a unit's "
		"Environment= as it is)"};
const struct rule rule_url = {
	.holds = is_url, .expected = "an address like \"http://10.0.0.1/v2/keys/discovery/TOKEN\""};
const struct rule rule_proxy = {.choices = proxies};
const struct rule rule_cluster_state = {.choices = cluster_states};
const struct rule rule_strategy = {.choices = strategies};
const struct rule rule_window_start = {
	.holds = is_window_start, .expected = "a time of the day like \"23:00\" or \"Thu 23:00\""};
const struct rule rule_window_length = {
	.holds = is_window_length, .expected = "a duration like \"1h30m\""};
const struct rule rule_etc_hosts = {.choices = etc_hosts};
