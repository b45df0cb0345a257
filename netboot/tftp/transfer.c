#include "netboot/tftp/transfer.h"

#include <assert.h>

#define TIMEOUT_FIRST_MS 1000 /* before the path has been measured */
#define TIMEOUT_LEAST_MS 100
#define TIMEOUT_MOST_MS 8000
#define DOUBLINGS_MAX 8
#define SILENCE_MAX_MS 30000 /* some gateways write to flash while they receive */
#define ASKED_TIMEOUTS_MAX 5

#define NO_BLOCK UINT64_MAX

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int64_t clamp_ms(int64_t v, int64_t least, int64_t most)
{
	if (v < least)
		return least;
	return v > most ? most : v;
}

/* RFC 2347: the OACK names only what was asked for; RFC 2348, 7440: never more of it. */
static struct tftp_options grant(const struct tftp_options *asked, uint32_t blksize_max)
{
	struct tftp_options o = *asked;

	if (o.blksize)
		o.blksize = min_u32(o.blksize, blksize_max);
	if (o.windowsize) {
		uint32_t blksize = o.blksize ? o.blksize : TFTP_BLKSIZE_DEFAULT;
		uint32_t room = TFTP_WINDOW_BYTES_MAX / blksize;

		o.windowsize =
			min_u32(o.windowsize, min_u32(TFTP_WINDOW_BLOCKS_MAX, room ? room : 1));
	}
	return o;
}

uint16_t tftp_wire_block(const struct tftp_transfer *t, uint64_t block)
{
	/* tftp-hpa's rollover=1 leaves 0 out: ... 65534, 65535, 1, 2 ... */
	if (t->granted.rollover == 1 && block > 0)
		return (uint16_t)((block - 1) % UINT16_MAX + 1);
	return (uint16_t)block;
}

uint32_t tftp_block_len(const struct tftp_transfer *t, uint64_t block)
{
	assert(block >= 1 && block <= t->last);
	return block < t->last ? t->blksize : (uint32_t)(t->file_size % t->blksize);
}

uint64_t tftp_bytes_acked(const struct tftp_transfer *t)
{
	return min_u64(t->acked * t->blksize, t->file_size);
}

static int64_t timeout_asked_ms(const struct tftp_transfer *t)
{
	return (int64_t)t->granted.timeout_s * 1000;
}

/* How long to wait for an answer: twice as long each time. A client that named a timeout gets it;
 * otherwise the first wait follows the measured round trip (RFC 1123 4.2.3.1: adaptive). */
static int64_t patience_ms(const struct tftp_transfer *t)
{
	int64_t first = TIMEOUT_FIRST_MS, most = TIMEOUT_MOST_MS;

	if (t->granted.timeout_s) {
		first = timeout_asked_ms(t);
		most = first > most ? first : most;
	} else if (t->rtt_ms >= 0) {
		first = clamp_ms(2 * t->rtt_ms + 4 * t->rtt_dev_ms, TIMEOUT_LEAST_MS, first);
	}
	return clamp_ms(
		first << (t->tries < DOUBLINGS_MAX ? t->tries : DOUBLINGS_MAX), first, most);
}

static int64_t silence_max_ms(const struct tftp_transfer *t)
{
	int64_t asked = ASKED_TIMEOUTS_MAX * timeout_asked_ms(t);

	return asked > SILENCE_MAX_MS ? asked : SILENCE_MAX_MS;
}

static bool is_out_of_patience(const struct tftp_transfer *t, int64_t now_ms)
{
	return now_ms - t->progress_ms >= silence_max_ms(t);
}

static void measure(struct tftp_transfer *t, int64_t now_ms)
{
	int64_t took = now_ms - t->sent_ms;

	if (t->repeated || t->held_from)
		return;
	if (t->rtt_ms < 0) {
		t->rtt_ms = took;
		t->rtt_dev_ms = took / 2;
		return;
	}
	int64_t off = took > t->rtt_ms ? took - t->rtt_ms : t->rtt_ms - took;
	t->rtt_dev_ms = (3 * t->rtt_dev_ms + off + 3) / 4;
	t->rtt_ms = (7 * t->rtt_ms + took + 7) / 8;
}

static void send_oack(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret)
{
	*ret = (struct tftp_send){.oack = true};
	t->sent_ms = now_ms;
	t->deadline_ms = now_ms + patience_ms(t);
}

/* Sends from `first` to the end of the window. */
static void send_from(
	struct tftp_transfer *t, uint64_t first, int64_t now_ms, struct tftp_send *ret)
{
	uint64_t to = min_u64(t->acked + t->windowsize, t->last);

	*ret = (struct tftp_send){.first = first, .n = (uint32_t)(to + 1 - first)};
	t->sent = to;
	t->sent_ms = now_ms;
	t->deadline_ms = now_ms + patience_ms(t);
}

/* What the window now holds and has not been sent. */
static void send_on(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret)
{
	send_from(t, t->sent + 1, now_ms, ret);
}

static void send_again(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret)
{
	t->repeated = true;
	t->repeat_from = t->acked + t->windowsize + 1;
	t->sent_before = t->sent;
	send_from(t, t->acked + 1, now_ms, ret);
	t->retries += ret->n;
}

void tftp_transfer_init(struct tftp_transfer *t, const struct tftp_options *asked,
	uint64_t file_size, uint32_t blksize_max, int64_t now_ms, struct tftp_send *ret_send)
{
	struct tftp_options granted = grant(asked, blksize_max);
	uint32_t blksize = granted.blksize ? granted.blksize : TFTP_BLKSIZE_DEFAULT;

	assert(blksize_max >= TFTP_BLKSIZE_MIN);
	*t = (struct tftp_transfer){
		.granted = granted,
		.file_size = file_size,
		.blksize = blksize,
		.windowsize = granted.windowsize ? granted.windowsize : 1,
		.last = file_size / blksize + 1,
		.oack_unanswered = tftp_options_any(&granted),
		.heard_ms = now_ms,
		.progress_ms = now_ms,
		.rtt_ms = -1,
	};
	if (t->oack_unanswered)
		send_oack(t, now_ms, ret_send);
	else
		send_on(t, now_ms, ret_send);
}

/* The block that a wire number means: the one among acked..sent that bears it. */
static uint64_t unwrap(const struct tftp_transfer *t, uint16_t number)
{
	for (uint64_t b = t->sent + 1; b-- > t->acked;) {
		if (tftp_wire_block(t, b) == number)
			return b;
	}
	return NO_BLOCK;
}

static void made_progress(struct tftp_transfer *t, int64_t now_ms)
{
	if (t->acked == t->sent)
		measure(t, now_ms);
	t->progress_ms = now_ms;
	t->tries = 0;
	t->repeated = false;
}

static void take_oack_answer(
	struct tftp_transfer *t, uint16_t number, int64_t now_ms, struct tftp_send *ret)
{
	if (number != 0)
		return;
	t->oack_unanswered = false;
	made_progress(t, now_ms);
	send_on(t, now_ms, ret);
}

/* A repeated ACK. With windows it says that the first block of this one is missing; or that the
 * network or the client has doubled it, so it is believed once until a window has arrived. */
static void take_repeated_ack(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret)
{
	if (t->windowsize == 1 || t->acked < t->repeat_from)
		return;
	send_again(t, now_ms, ret);
	t->in_doubt = true;
}

/* An ACK of less than was sent reports a gap, unless it answers blocks that the client has got
 * twice: it then says what the client had before they came. */
static void take_short_ack(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret)
{
	bool is_echo = t->in_doubt || t->acked == t->sent_before;

	t->in_doubt = false;
	if (is_echo)
		send_on(t, now_ms, ret);
	else
		send_again(t, now_ms, ret);
}

static enum tftp_state take_ack(
	struct tftp_transfer *t, uint16_t number, int64_t now_ms, struct tftp_send *ret)
{
	uint64_t block = unwrap(t, number);

	if (t->oack_unanswered) {
		take_oack_answer(t, number, now_ms, ret);
		return TFTP_RUNNING;
	}
	if (block == NO_BLOCK)
		return TFTP_RUNNING;
	if (block == t->acked) {
		if (!t->held_from)
			take_repeated_ack(t, now_ms, ret);
		return TFTP_RUNNING;
	}
	t->acked = block;
	made_progress(t, now_ms);
	if (block == t->last)
		return TFTP_FINISHED;
	if (t->held_from)
		return TFTP_RUNNING;
	if (block < t->sent) {
		take_short_ack(t, now_ms, ret);
		return TFTP_RUNNING;
	}
	t->in_doubt = false;
	send_on(t, now_ms, ret);
	return TFTP_RUNNING;
}

enum tftp_state tftp_transfer_packet(struct tftp_transfer *t, const void *data, size_t len,
	int64_t now_ms, struct tftp_send *ret_send)
{
	enum tftp_opcode opcode;
	uint16_t value;

	*ret_send = (struct tftp_send){0};
	if (!tftp_reply_decode(data, len, &opcode, &value))
		return TFTP_RUNNING;
	t->heard = true;
	t->heard_ms = now_ms;
	return opcode == TFTP_ERROR ? TFTP_STOPPED : take_ack(t, value, now_ms, ret_send);
}

void tftp_transfer_hold(struct tftp_transfer *t, const struct tftp_send *todo)
{
	assert(todo->n > 0);
	t->held_from = todo->first;
	t->deadline_ms = t->heard_ms + silence_max_ms(t);
}

void tftp_transfer_asked_again(struct tftp_transfer *t, int64_t now_ms)
{
	if (t->held_from)
		t->heard_ms = now_ms;
}

void tftp_transfer_resume(struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret_send)
{
	uint64_t first = t->held_from > t->acked ? t->held_from : t->acked + 1;

	assert(t->held_from > 0);
	t->held_from = 0;
	t->progress_ms = now_ms;
	send_from(t, first, now_ms, ret_send);
}

static enum tftp_state held_timeout(struct tftp_transfer *t, int64_t now_ms)
{
	t->deadline_ms = t->heard_ms + silence_max_ms(t);
	return now_ms < t->deadline_ms ? TFTP_RUNNING : TFTP_TIMED_OUT;
}

enum tftp_state tftp_transfer_timeout(
	struct tftp_transfer *t, int64_t now_ms, struct tftp_send *ret_send)
{
	*ret_send = (struct tftp_send){0};
	if (t->held_from)
		return held_timeout(t, now_ms);
	t->tries++;
	if (is_out_of_patience(t, now_ms)) {
		bool is_all_sent = t->heard && !t->oack_unanswered && t->sent == t->last;

		return is_all_sent ? TFTP_UNCONFIRMED : TFTP_TIMED_OUT;
	}
	if (t->oack_unanswered) {
		t->repeated = true;
		t->retries++;
		send_oack(t, now_ms, ret_send);
	} else {
		send_again(t, now_ms, ret_send);
		t->in_doubt = true; /* perhaps only the ACK was lost */
	}
	return TFTP_RUNNING;
}
