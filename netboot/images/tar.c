#include "netboot/images/tar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SIZE_LIMIT ((uint64_t)1 << 50)
#define OCTAL_SIZE_MAX (((uint64_t)1 << 33) - 1) /* what eleven octal digits hold */

/* Where each field of the header stands. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345
};
enum { NAME_LEN = 100, SIZE_LEN = 12, CHECKSUM_LEN = 8, PREFIX_LEN = 155 };

static const struct {
	char flag;
	enum tar_type type;
	const char *what;
} types[] = {
	{'0', TAR_FILE, NULL},
	{'\0', TAR_FILE, NULL}, /* before 1988 */
	{'5', TAR_FOLDER, NULL},
	{'x', TAR_PAX, NULL},
	{'g', TAR_PAX_GLOBAL, NULL},
	{'1', TAR_OTHER, "a hard link"},
	{'2', TAR_OTHER, "a symbolic link"},
	{'3', TAR_OTHER, "a character device"},
	{'4', TAR_OTHER, "a block device"},
	{'6', TAR_OTHER, "a FIFO"},
	{'S', TAR_OTHER, "a sparse file"},
	{'L', TAR_OTHER, "a name of GNU's own kind"},
	{'K', TAR_OTHER, "a link of GNU's own kind"},
};

/* Blanks, octal digits, then blanks and NULs to the end of the field. */
static int read_octal(const uint8_t *field, size_t len, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < len && field[i] == ' ')
		i++;
	if (i == len || field[i] < '0' || field[i] > '7')
		return -EBADMSG;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(field[i] - '0');
	for (; i < len; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return -EBADMSG;
	*ret = v;
	return 0;
}

/* GNU tar and pax write sizes above 8 GiB as big-endian bytes behind a 0x80. */
static int read_size(const uint8_t *field, uint64_t *ret)
{
	uint64_t v = 0;

	if (field[0] != 0x80)
		return read_octal(field, SIZE_LEN, ret);
	for (size_t i = 1; i < SIZE_LEN; i++) {
		if (v > SIZE_LIMIT)
			return -EBADMSG;
		v = v << 8 | field[i];
	}
	*ret = v;
	return 0;
}

/* The sum of all bytes, with blanks in the place of the sum. */
static uint64_t checksum(const uint8_t *block)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= AT_CHECKSUM && i < AT_CHECKSUM + CHECKSUM_LEN ? ' ' : block[i];
	return sum;
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

static void read_name(const uint8_t *block, char ret[static TAR_NAME_SIZE])
{
	const char *name = (const char *)block + AT_NAME;
	const char *prefix = (const char *)block + AT_PREFIX;
	/* Only POSIX's own magic has the prefix; GNU keeps times there. */
	bool has_prefix = memcmp(block + AT_MAGIC, "ustar\0", 6) == 0 && prefix[0];

	(void)snprintf(ret, TAR_NAME_SIZE, "%.*s%s%.*s", has_prefix ? PREFIX_LEN : 0, prefix,
		has_prefix ? "/" : "", NAME_LEN, name); /* it fits */
}

int tar_read(const uint8_t block[static TAR_BLOCK], struct tar_entry *ret)
{
	struct tar_entry entry = {.type = TAR_OTHER, .what = "something unknown"};
	uint64_t sum;

	if (is_zero(block)) {
		*ret = (struct tar_entry){.type = TAR_END};
		return 0;
	}
	if (read_octal(block + AT_CHECKSUM, CHECKSUM_LEN, &sum) < 0 || sum != checksum(block) ||
		read_size(block + AT_SIZE, &entry.size) < 0 || entry.size > SIZE_LIMIT)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].flag == (char)block[AT_TYPE]) {
			entry.type = types[i].type;
			entry.what = types[i].what;
		}
	}
	read_name(block, entry.name);
	*ret = entry;
	return 0;
}

static int apply_record(const char *key, const char *value, size_t len, struct tar_entry *entry)
{
	static const char size_key[] = "size=", path_key[] = "path=";

	if (strncmp(key, path_key, sizeof(path_key) - 1) == 0) {
		if (len == 0 || len >= sizeof(entry->name) || memchr(value, '\0', len))
			return -EBADMSG;
		memcpy(entry->name, value, len);
		entry->name[len] = '\0';
	} else if (strncmp(key, size_key, sizeof(size_key) - 1) == 0) {
		uint64_t v = 0;

		for (size_t i = 0; i < len; i++) {
			if (value[i] < '0' || value[i] > '9' || v > SIZE_LIMIT)
				return -EBADMSG;
			v = v * 10 + (uint64_t)(value[i] - '0');
		}
		if (len == 0 || v > SIZE_LIMIT)
			return -EBADMSG;
		entry->size = v;
	}
	return 0;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts all of it. */
int tar_read_pax(const char *records, size_t len, struct tar_entry *entry)
{
	while (len > 0 && records[0] != '\0') {
		size_t n = 0, digits = 0;

		while (digits < len && digits < 6 && records[digits] >= '0' &&
			records[digits] <= '9')
			n = n * 10 + (size_t)(records[digits++] - '0');
		if (digits == 0 || digits == len || records[digits] != ' ' || n > len ||
			n < digits + 3 || records[n - 1] != '\n')
			return -EBADMSG;
		const char *key = records + digits + 1;
		const char *equals = memchr(key, '=', n - digits - 2);
		if (!equals)
			return -EBADMSG;
		int rc = apply_record(
			key, equals + 1, (size_t)(records + n - 1 - (equals + 1)), entry);
		if (rc < 0)
			return rc;
		records += n;
		len -= n;
	}
	return 0;
}

static void put_octal(uint8_t *block, size_t at, size_t len, uint64_t value)
{
	for (size_t i = len - 1; i-- > 0; value >>= 3)
		block[at + i] = (uint8_t)('0' + (value & 7));
}

int tar_write(const char *name, uint64_t size, int64_t mtime_s, uint8_t ret[static TAR_BLOCK])
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_LEN)
		return -ENAMETOOLONG;
	if (size > OCTAL_SIZE_MAX)
		return -EFBIG;
	memset(ret, 0, TAR_BLOCK);
	memcpy(ret + AT_NAME, name, len);
	put_octal(ret, AT_MODE, 8, 0644);
	put_octal(ret, AT_UID, 8, 0);
	put_octal(ret, AT_GID, 8, 0);
	put_octal(ret, AT_SIZE, SIZE_LEN, size);
	put_octal(ret, AT_MTIME, SIZE_LEN, mtime_s > 0 ? (uint64_t)mtime_s : 0);
	ret[AT_TYPE] = '0';
	memcpy(ret + AT_MAGIC,
		"ustar\0"
		"00",
		8);
	put_octal(ret, AT_CHECKSUM, 7, checksum(ret));
	ret[AT_CHECKSUM + 7] = ' ';
	return 0;
}
