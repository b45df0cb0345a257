/* A client that answers as the input says: whatever it does, what is to be sent lies inside the file
 * and the window, and silence ends the transfer.
 *
 * 8 bytes: blksize (2), windowsize (1), flags (1), file size (4); then steps of two bytes: what the
 * client does, and with which block. Before it a disk may give what it was asked for (bit 6); after it, it may have to be asked (bit 7). */
#include <assert.h>

#include "netboot/tftp/transfer.h"
#include "provisioner/base/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMEOUTS_MAX 16
#define RESUME 0x40
#define HOLD 0x80

enum step { ACK_SENT, ACK_OLD, ACK_INSIDE, ACK_ANY, SILENCE, ERROR, GARBAGE, N_STEPS };

static void check(const struct tftp_transfer *t, const struct tftp_send *todo)
{
	assert(t->acked <= t->sent && t->sent <= t->acked + t->windowsize && t->sent <= t->last);
	assert(t->windowsize >= 1 && t->windowsize <= TFTP_WINDOW_BLOCKS_MAX);
	assert(t->windowsize == 1 || (uint64_t)t->windowsize * t->blksize <= TFTP_WINDOW_BYTES_MAX);
	assert(tftp_bytes_acked(t) <= t->file_size);
	assert(!(todo->oack && todo->n));
	assert(!(t->held_from && (todo->oack || todo->n)));
	if (todo->n == 0)
		return;
	assert(todo->n <= t->windowsize && todo->first > t->acked);
	assert(todo->first + todo->n - 1 == t->sent);
	for (uint64_t b = todo->first; b <= t->sent; b++)
		assert(tftp_block_len(t, b) <= t->blksize &&
			(b == t->last || tftp_block_len(t, b) == t->blksize));
	assert((t->last - 1) * t->blksize + tftp_block_len(t, t->last) == t->file_size);
}

static enum tftp_state take_ack(
	struct tftp_transfer *t, uint64_t block, int64_t now_ms, struct tftp_send *todo)
{
	uint16_t number = tftp_wire_block(t, block);
	const uint8_t packet[] = {0, TFTP_ACK, (uint8_t)(number >> 8), (uint8_t)number};

	return tftp_transfer_packet(t, packet, sizeof(packet), now_ms, todo);
}

static enum tftp_state take_step(
	struct tftp_transfer *t, unsigned step, unsigned v, int64_t *now_ms, struct tftp_send *todo)
{
	static const uint8_t error[] = {0, TFTP_ERROR, 0, 8, 0};

	*now_ms += 1 + v;
	switch ((enum step)(step % N_STEPS)) {
	case ACK_SENT:
		return take_ack(t, t->sent, *now_ms, todo);
	case ACK_OLD:
		return take_ack(t, t->acked - (t->acked < v ? t->acked : v), *now_ms, todo);
	case ACK_INSIDE:
		return take_ack(t, t->acked + v % (t->windowsize + 1), *now_ms, todo);
	case ACK_ANY:
		return take_ack(t, t->acked + v * 521, *now_ms, todo);
	case SILENCE:
		*now_ms = t->deadline_ms;
		return tftp_transfer_timeout(t, *now_ms, todo);
	case ERROR:
		return tftp_transfer_packet(t, error, sizeof(error), *now_ms, todo);
	case GARBAGE:
	case N_STEPS:
		break;
	}
	return tftp_transfer_packet(t, error, v % sizeof(error), *now_ms, todo);
}

static void begin(struct tftp_transfer *t, struct rd *r, struct tftp_send *todo)
{
	struct tftp_options asked = {.blksize = rd_be16(r), .windowsize = rd_u8(r)};
	unsigned flags = rd_u8(r);
	uint64_t file_size = rd_be32(r);

	if (asked.blksize < TFTP_BLKSIZE_MIN || asked.blksize > TFTP_BLKSIZE_MAX)
		asked.blksize = 0;
	asked.has_tsize = flags & 1;
	asked.has_rollover = flags & 2;
	asked.rollover = (flags & 6) == 6;
	asked.timeout_s = flags & 8 ? flags : 0;
	if (flags & 16)
		file_size <<= 16;
	tftp_transfer_init(t, &asked, file_size, flags & 32 ? 1468 : TFTP_BLKSIZE_MAX, 0, todo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct tftp_transfer t;
	struct tftp_send todo;
	enum tftp_state state = TFTP_RUNNING;
	int64_t now_ms = 0;

	begin(&t, &r, &todo);
	check(&t, &todo);
	while (state == TFTP_RUNNING && r.left >= 2) {
		unsigned step = rd_u8(&r);

		if (t.held_from && (step & RESUME)) {
			tftp_transfer_resume(&t, now_ms, &todo);
			check(&t, &todo);
		}
		state = take_step(&t, step, rd_u8(&r), &now_ms, &todo);
		check(&t, &todo);
		if (state == TFTP_RUNNING && todo.n && (step & HOLD))
			tftp_transfer_hold(&t, &todo);
	}
	for (int i = 0; state == TFTP_RUNNING; i++) {
		assert(i < TIMEOUTS_MAX);
		now_ms = now_ms > t.deadline_ms ? now_ms : t.deadline_ms;
		state = tftp_transfer_timeout(&t, now_ms, &todo);
		check(&t, &todo);
		assert(state != TFTP_RUNNING || t.deadline_ms > now_ms);
	}
	return 0;
}
