#include "netboot/join/devices.h"

#include <string.h>

#include "netboot/join/facts.h"
#include "netboot/join/peek.h"
#include "provisioner/base/addr.h"

#define NICS_MAX 64
#define DISKS_MAX 256
#define TEXT_SIZE 256
#define SECTOR 512
#define NET_ADDR_PERM 0 /* linux/netdevice.h: the address is the hardware's own */
#define NET "sys/class/net/"
#define BLOCK "sys/block/"

/* A text under `key`, left out when the kernel has none. */
static void write_peek(struct json *j, int root, const char *key, const char *folder,
	const char *name, const char *file)
{
	char text[TEXT_SIZE];

	if (peek_text(root, text, sizeof(text), "%s%s/%s", folder, name, file) > 0)
		json_key_text(j, key, text);
}

static void write_mac(struct json *j, const char *key, const char *text)
{
	struct mac mac;

	json_key(j, key);
	if (mac_parse(text, &mac) == 0)
		json_text(j, text);
	else
		json_none(j);
}

static void write_macs(struct json *j, int root, const char *name)
{
	char address[TEXT_SIZE], permanent[TEXT_SIZE];
	int64_t type = -1;

	(void)peek_text(root, address, sizeof(address), NET "%s/address", name);
	write_mac(j, "address", address);
	if (peek_text(root, permanent, sizeof(permanent), NET "%s/bonding_slave/perm_hwaddr",
		    name) > 0)
		write_mac(j, "permanent", permanent);
	else if (peek_number(root, &type, NET "%s/addr_assign_type", name) && type == NET_ADDR_PERM)
		write_mac(j, "permanent", address);
	else
		write_mac(j, "permanent", "");
}

/* sysfs refuses to read carrier and speed of a NIC that is down. */
static void write_link(struct json *j, int root, const char *name)
{
	int64_t carrier = 0, speed = 0;

	json_key(j, "carrier");
	if (peek_number(root, &carrier, NET "%s/carrier", name))
		json_bool(j, carrier != 0);
	else
		json_none(j);
	json_key(j, "speed_mbit");
	if (peek_number(root, &speed, NET "%s/speed", name) && speed > 0)
		json_int(j, speed);
	else
		json_none(j);
}

static void write_bond(struct json *j, int root, const char *name)
{
	static const struct {
		const char *key, *file;
	} bond[] = {{"mode", "bonding/mode"}, {"mii", "bonding/mii_status"},
		{"members", "bonding/slaves"}, {"active", "bonding/active_slave"},
		{"partner", "bonding/ad_partner_mac"}},
	  member[] = {{"state", "bonding_slave/state"}, {"mii", "bonding_slave/mii_status"},
		  {"aggregator", "bonding_slave/ad_aggregator_id"},
		  {"failures", "bonding_slave/link_failure_count"}};

	if (peek_exists(root, NET "%s/bonding", name)) {
		json_key(j, "bond");
		json_map(j);
		for (size_t i = 0; i < ARRAY_LEN(bond); i++)
			write_peek(j, root, bond[i].key, NET, name, bond[i].file);
		json_map_end(j);
	}
	if (peek_exists(root, NET "%s/bonding_slave", name)) {
		json_key(j, "member");
		json_map(j);
		for (size_t i = 0; i < ARRAY_LEN(member); i++)
			write_peek(j, root, member[i].key, NET, name, member[i].file);
		json_map_end(j);
	}
}

static void write_addresses(
	struct json *j, const struct facts_addresses *addresses, const char *name)
{
	json_key(j, "addresses");
	json_list(j);
	for (size_t i = 0; i < addresses->n; i++)
		if (strcmp(addresses->list[i].interface, name) == 0)
			json_text(j, addresses->list[i].text);
	json_list_end(j);
}

static void write_nic(
	struct json *j, int root, const struct facts_addresses *addresses, const char *name)
{
	char link[TEXT_SIZE];

	json_map(j);
	json_key_text(j, "name", name);
	write_macs(j, root, name);
	write_link(j, root, name);
	peek_link(root, link, sizeof(link), NET "%s/master", name);
	if (link[0])
		json_key_text(j, "master", link);
	peek_link(root, link, sizeof(link), NET "%s/device/driver", name);
	if (link[0])
		json_key_text(j, "driver", link);
	write_bond(j, root, name);
	write_addresses(j, addresses, name);
	json_map_end(j);
}

void devices_write_nics(int root, const struct facts_addresses *addresses, struct json *out)
{
	char **names = NULL;
	size_t n = peek_names(root, "sys/class/net", NICS_MAX, &names);

	json_list(out);
	for (size_t i = 0; i < n; i++)
		if (peek_exists(root, NET "%s/device", names[i]) ||
			peek_exists(root, NET "%s/bonding", names[i]))
			write_nic(out, root, addresses, names[i]);
	json_list_end(out);
	peek_names_free(names, n);
}

/* SCSI's vital product data page 0x80 (SPC-4 7.8.15): four bytes of header, then the serial. */
static size_t scsi_serial(int root, const char *name, char *buf, size_t size)
{
	size_t len = peek_text(root, buf, size, BLOCK "%s/device/vpd_pg80", name), at = 4;

	while (at < len && (buf[at] == ' ' || buf[at] == '\0'))
		at++;
	if (at >= len)
		return 0;
	memmove(buf, buf + at, len - at + 1);
	return len - at;
}

static void write_serial(struct json *j, int root, const char *name)
{
	static const char *const files[] = {"serial", "device/serial"}; /* virtio, nvme */
	char text[TEXT_SIZE];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && len == 0; i++)
		len = peek_text(root, text, sizeof(text), BLOCK "%s/%s", name, files[i]);
	if (len == 0)
		len = scsi_serial(root, name, text, sizeof(text));
	if (len > 0)
		json_key_text(j, "serial", text);
}

static void write_disk(struct json *j, int root, const char *name)
{
	int64_t sectors = 0, rotates = 0;

	json_map(j);
	json_key_text(j, "name", name);
	if (peek_number(root, &sectors, BLOCK "%s/size", name) && sectors >= 0 &&
		sectors <= INT64_MAX / SECTOR)
		json_key_int(j, "bytes", sectors * SECTOR);
	write_peek(j, root, "model", BLOCK, name, "device/model");
	write_peek(j, root, "wwid", BLOCK, name, "device/wwid");
	write_serial(j, root, name);
	if (peek_number(root, &rotates, BLOCK "%s/queue/rotational", name))
		json_key_bool(j, "rotates", rotates != 0);
	json_map_end(j);
}

static bool is_disk(int root, const char *name)
{
	/* CD drives and floppies have hardware below them, too. */
	return strncmp(name, "sr", 2) != 0 && strncmp(name, "fd", 2) != 0 &&
	       peek_exists(root, BLOCK "%s/device", name);
}

void devices_write_disks(int root, struct json *out)
{
	char **names = NULL;
	size_t n = peek_names(root, "sys/block", DISKS_MAX, &names);

	json_list(out);
	for (size_t i = 0; i < n; i++)
		if (is_disk(root, names[i]))
			write_disk(out, root, names[i]);
	json_list_end(out);
	peek_names_free(names, n);
}
