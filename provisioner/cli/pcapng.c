#include "provisioner/cli/pcapng.h"

#include <string.h>

enum block {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_RESOLUTION = 9,
	PACKET_FLAGS = 2,
	PACKET_LOST = 4,
	STATISTICS_RECEIVED = 4,
	STATISTICS_LOST = 5
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define LINK_ETHERNET 1
#define SNAPLEN 2048
#define NANOSECONDS 9 /* 10 to the power of -9 */
#define FLAG_INBOUND 1
#define FLAG_OUTBOUND 2
#define LENGTH_SIZE 4

static void be64(struct wr *w, uint64_t v)
{
	wr_be32(w, (uint32_t)(v >> 32));
	wr_be32(w, (uint32_t)v);
}

static void pad(struct wr *w, size_t len)
{
	wr_fill(w, 0, (4 - len % 4) % 4);
}

static void option(struct wr *w, uint16_t code, const void *data, size_t len)
{
	wr_be16(w, code);
	wr_be16(w, (uint16_t)len);
	wr_bytes(w, data, len);
	pad(w, len);
}

static void option_u64(struct wr *w, uint16_t code, uint64_t v)
{
	wr_be16(w, code);
	wr_be16(w, sizeof(v));
	be64(w, v);
}

/* Gives where the block begins. Its length is written once it is known. */
static size_t begin(struct wr *w, uint32_t type)
{
	size_t at = w->len;

	wr_be32(w, type);
	wr_be32(w, 0);
	return at;
}

static void end(struct wr *w, size_t at)
{
	wr_be16(w, OPTION_END);
	wr_be16(w, 0);
	size_t len = w->len - at + LENGTH_SIZE;
	wr_be32(w, (uint32_t)len);
	if (!wr_ok(w))
		return;
	wr_patch_be16(w, at + 4, (uint16_t)(len >> 16));
	wr_patch_be16(w, at + 6, (uint16_t)len);
}

/* An interface's times are counted in the resolution that it names. */
static void timestamp(struct wr *w, int64_t wall_us)
{
	be64(w, (uint64_t)wall_us * 1000);
}

void pcapng_begin(struct wr *w, const char *application, const char *interface)
{
	static const uint8_t resolution = NANOSECONDS;
	size_t at = begin(w, BLOCK_SECTION);

	wr_be32(w, BYTE_ORDER_MAGIC);
	wr_be16(w, 1); /* version 1.0 */
	wr_be16(w, 0);
	be64(w, UINT64_MAX); /* how long the section is, is not known yet */
	option(w, SECTION_APPLICATION, application, strlen(application));
	end(w, at);

	at = begin(w, BLOCK_INTERFACE);
	wr_be16(w, LINK_ETHERNET);
	wr_be16(w, 0);
	wr_be32(w, SNAPLEN);
	option(w, INTERFACE_NAME, interface, strlen(interface));
	option(w, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	end(w, at);
}

void pcapng_add(struct wr *w, const struct pcapng_packet *p)
{
	size_t at = begin(w, BLOCK_PACKET);

	wr_be32(w, 0); /* the first interface */
	timestamp(w, p->wall_us);
	wr_be32(w, (uint32_t)p->len);
	wr_be32(w, (uint32_t)p->len);
	wr_bytes(w, p->bytes, p->len);
	pad(w, p->len);
	if (p->comment[0])
		option(w, OPTION_COMMENT, p->comment, strlen(p->comment));
	wr_be16(w, PACKET_FLAGS);
	wr_be16(w, 4);
	wr_be32(w, p->is_outbound ? FLAG_OUTBOUND : FLAG_INBOUND);
	if (p->n_lost > 0)
		option_u64(w, PACKET_LOST, p->n_lost);
	end(w, at);
}

void pcapng_end(struct wr *w, int64_t wall_us, uint64_t n_packets, uint64_t n_lost)
{
	size_t at = begin(w, BLOCK_STATISTICS);

	wr_be32(w, 0);
	timestamp(w, wall_us);
	option_u64(w, STATISTICS_RECEIVED, n_packets + n_lost);
	option_u64(w, STATISTICS_LOST, n_lost);
	end(w, at);
}
