#include "netboot/join/facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "netboot/join/devices.h"
#include "netboot/join/peek.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/parse.h"

#define FILE_MAX 8192
#define TEXT_SIZE 256
#define DISCARD_PORT 9 /* RFC 863: any would do */

static unsigned prefix_len(const struct sockaddr *mask)
{
	const struct sockaddr_in *v4 = (const void *)mask;
	const struct sockaddr_in6 *v6 = (const void *)mask;
	const uint8_t *p =
		mask->sa_family == AF_INET ? (const uint8_t *)&v4->sin_addr : v6->sin6_addr.s6_addr;
	size_t len = mask->sa_family == AF_INET ? sizeof(v4->sin_addr) : sizeof(v6->sin6_addr);
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += (unsigned)__builtin_popcount(p[i]);
	return bits;
}

static void add_address(struct facts_addresses *to, const struct ifaddrs *a)
{
	const struct sockaddr_in *v4 = (const void *)a->ifa_addr;
	const struct sockaddr_in6 *v6 = (const void *)a->ifa_addr;
	bool is_v6 = a->ifa_addr->sa_family == AF_INET6;
	struct facts_address *slot = &to->list[to->n];
	char text[INET6_ADDRSTRLEN];

	if (is_v6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return;
	if (!inet_ntop(a->ifa_addr->sa_family, is_v6 ? (const void *)&v6->sin6_addr : &v4->sin_addr,
		    text, sizeof(text)))
		return;
	if (snprintf(slot->text, sizeof(slot->text), "%s/%u", text, prefix_len(a->ifa_netmask)) >=
			(int)sizeof(slot->text) ||
		snprintf(slot->interface, sizeof(slot->interface), "%s", a->ifa_name) >=
			(int)sizeof(slot->interface))
		return;
	to->n++;
}

void facts_addresses(struct facts_addresses *ret)
{
	struct ifaddrs *all = NULL;

	*ret = (struct facts_addresses){0};
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a && ret->n < FACTS_ADDRESSES_MAX; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_netmask && !(a->ifa_flags & IFF_LOOPBACK) &&
			(a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
			add_address(ret, a);
	freeifaddrs(all);
}

uint32_t facts_address_towards(uint32_t server)
{
	struct sockaddr_in to = ipv4_sockaddr(server, DISCARD_PORT), from = {0};
	socklen_t len = sizeof(from);
	AUTO(close_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* connect() of a datagram socket asks the routing table and nobody else. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
		getsockname(fd, (struct sockaddr *)&from, &len) < 0)
		return 0;
	return ntohl(from.sin_addr.s_addr);
}

static void write_file(struct json *j, int root, const char *key, const char *path)
{
	char text[TEXT_SIZE];

	if (peek_text(root, text, sizeof(text), "%s", path) > 0)
		json_key_text(j, key, text);
}

/* The first line of `text` that begins with `key` and then `sep`; *ret_len is what stands behind it. */
static const char *find_line(const char *text, const char *key, char sep, size_t *ret_len)
{
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		size_t len = strlen(key);

		if (strncmp(p, key, len) != 0)
			continue;
		const char *at = p + len + strspn(p + len, " \t");
		if (*at != sep)
			continue;
		at += 1 + strspn(at + 1, " \t");
		*ret_len = strcspn(at, "\n");
		return at;
	}
	return NULL;
}

/* os-release(5): shell quoting around a value, backslashes within. */
static void write_os_value(struct json *j, const char *text, const char *key, const char *name)
{
	AUTO(str_done) struct str value = str_init(TEXT_SIZE);
	size_t len = 0;
	const char *p = find_line(text, key, '=', &len);

	if (!p)
		return;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\\' && i + 1 < len)
			str_addc(&value, p[++i]);
		else if (p[i] != '"' && p[i] != '\'')
			str_addc(&value, p[i]);
	}
	json_key_text(j, name, str_text(&value));
}

static void write_os(struct json *j, int root)
{
	char text[FILE_MAX];

	if (peek_text(root, text, sizeof(text), "etc/os-release") == 0)
		(void)peek_text(root, text, sizeof(text), "usr/lib/os-release");
	json_key(j, "os");
	json_map(j);
	write_os_value(j, text, "PRETTY_NAME", "name");
	write_os_value(j, text, "ID", "id");
	write_os_value(j, text, "VERSION_ID", "version");
	json_map_end(j);
}

/* "0-3,8,10-11" counts 7. */
static int64_t count_ranges(const char *text)
{
	int64_t count = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");
		char part[32], *dash;
		uint32_t first, last;

		if (len >= sizeof(part))
			return 0;
		memcpy(part, p, len);
		part[len] = '\0';
		dash = strchr(part, '-');
		if (dash)
			*dash = '\0';
		if (parse_u32(part, 0, 1U << 20, &first) < 0 ||
			parse_u32(dash ? dash + 1 : part, first, 1U << 20, &last) < 0)
			return 0;
		count += (int64_t)last - first + 1;
		p += len + (p[len] == ',');
	}
	return count;
}

static void write_cpu(struct json *j, int root)
{
	char text[FILE_MAX];
	size_t len = 0;

	json_key(j, "cpu");
	json_map(j);
	(void)peek_text(root, text, sizeof(text), "proc/cpuinfo");
	const char *model = find_line(text, "model name", ':', &len);
	if (model) {
		json_key(j, "model");
		json_textn(j, model, len);
	}
	(void)peek_text(root, text, sizeof(text), "sys/devices/system/cpu/online");
	int64_t count = count_ranges(text);
	if (count > 0)
		json_key_int(j, "count", count);
	json_map_end(j);
}

/* A line of /proc/meminfo in KiB, or -1. */
static int64_t memory_kib(int root, const char *key)
{
	char text[FILE_MAX], number[32];
	int64_t kib = -1;
	size_t len = 0;

	(void)peek_text(root, text, sizeof(text), "proc/meminfo");
	const char *p = find_line(text, key, ':', &len);
	len = p ? strcspn(p, " \n") : 0;
	if (len == 0 || len >= sizeof(number))
		return -1;
	memcpy(number, p, len);
	number[len] = '\0';
	return parse_i64(number, 0, INT64_MAX, &kib) < 0 ? -1 : kib;
}

static void write_dmi(struct json *j, int root)
{
	static const char *const rows[][2] = {
		{"vendor", "sys/class/dmi/id/sys_vendor"},
		{"product", "sys/class/dmi/id/product_name"},
		{"serial", "sys/class/dmi/id/product_serial"},
		{"uuid", "sys/class/dmi/id/product_uuid"},
		{"asset_tag", "sys/class/dmi/id/chassis_asset_tag"},
		{"bios_version", "sys/class/dmi/id/bios_version"},
	};

	json_key(j, "dmi");
	json_map(j);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		write_file(j, root, rows[i][0], rows[i][1]);
	json_map_end(j);
}

void facts_write(int root, const struct facts_addresses *addresses, struct json *out)
{
	int64_t kib = memory_kib(root, "MemTotal");
	struct utsname uts;

	json_map(out);
	write_file(out, root, "hostname", "proc/sys/kernel/hostname");
	write_file(out, root, "kernel", "proc/sys/kernel/osrelease");
	if (uname(&uts) == 0)
		json_key_text(out, "architecture", uts.machine);
	write_file(out, root, "machine_id", "etc/machine-id");
	write_file(out, root, "boot_id", "proc/sys/kernel/random/boot_id");
	write_os(out, root);
	write_cpu(out, root);
	if (kib >= 0)
		json_key_int(out, "memory_mib", kib / 1024);
	write_dmi(out, root);
	json_key(out, "nics");
	devices_write_nics(root, addresses, out);
	json_key(out, "disks");
	devices_write_disks(root, out);
	json_map_end(out);
}

/* JSON's number grammar without sign and exponent (RFC 8259 section 6). */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	return whole > 0 && (whole == 1 || text[0] != '0') && part > 0 &&
	       text[whole + 1 + part] == '\0';
}

void facts_vitals(int root, struct facts_vitals *ret)
{
	char text[TEXT_SIZE];
	int64_t uptime = 0;

	*ret = (struct facts_vitals){
		.load = "0", .memory_free_kib = memory_kib(root, "MemAvailable")};
	(void)peek_text(root, text, sizeof(text), "proc/uptime");
	text[strcspn(text, ".")] = '\0';
	if (parse_i64(text, 0, INT64_MAX, &uptime) == 0)
		ret->uptime_s = uptime;
	(void)peek_text(root, text, sizeof(text), "proc/loadavg");
	text[strcspn(text, " ")] = '\0';
	if (is_decimal(text) && strlen(text) < sizeof(ret->load))
		memcpy(ret->load, text, strlen(text) + 1);
}

static void read_id(int root, const char *path, char ret[static FACTS_ID_SIZE])
{
	char text[TEXT_SIZE];
	size_t len = peek_text(root, text, sizeof(text), "%s", path);

	ret[0] = '\0';
	if (len > 0 && len < FACTS_ID_SIZE && strspn(text, "0123456789abcdefABCDEF-") == len)
		memcpy(ret, text, len + 1);
}

void facts_machine_id(int root, char ret[static FACTS_ID_SIZE])
{
	read_id(root, "etc/machine-id", ret);
}

void facts_boot_id(int root, char ret[static FACTS_ID_SIZE])
{
	read_id(root, "proc/sys/kernel/random/boot_id", ret);
}
