#include "netboot/http/body.h"

#include <errno.h>
#include <fcntl.h>

#include "netboot/http/wire.h"

#define SEND_CHUNK ((size_t)4 << 20) /* then the others have their turn */
#define LOAD_CHUNK ((size_t)4 << 20) /* a disk's time is better used in one go */

void http_body_begin(
	struct http_body *b, struct disk_file file, bool is_memory, uint64_t first, uint64_t len)
{
	*b = (struct http_body){
		.file = file, .is_memory = is_memory, .at = first, .left = len, .cached = first};
	/* sendfile() would read ahead, and wait for a disk that has much to do. */
	if (!is_memory && len > 0)
		(void)posix_fadvise(file.fd, 0, 0, POSIX_FADV_RANDOM);
}

void http_body_done(struct http_body *b)
{
	disk_forget(b->load);
	close_p(&b->file.fd);
	*b = HTTP_BODY_NONE;
}

static size_t least(uint64_t left, size_t most)
{
	return left < most ? (size_t)left : most;
}

/* How much of it can be sent without waiting for a disk; 0: it is being loaded. */
static size_t sendable(
	struct http_body *b, size_t want, struct disk *disk, disk_told *tell, void *arg)
{
	if (b->is_memory)
		return want;
	if (b->cached <= b->at)
		b->cached = b->at + disk_ready(disk, &b->file, b->at,
					    least(b->left, DISK_PIECE - b->at % DISK_PIECE));
	if (b->cached <= b->at)
		b->load = disk_load(disk, b->file.fd, b->at, least(b->left, LOAD_CHUNK), tell, arg);
	return least(b->cached - b->at, want);
}

int http_body_send(
	struct http_body *b, struct disk *disk, struct http_wire *wire, disk_told *tell, void *arg)
{
	size_t budget = SEND_CHUNK;

	if (b->load)
		return -EINPROGRESS;
	while (b->left > 0 && budget > 0) {
		size_t want = sendable(b, least(b->left, budget), disk, tell, arg);

		if (want == 0)
			return b->load ? -EINPROGRESS : -EIO;
		ssize_t n = http_wire_send_file(wire, b->file.fd, b->at, want);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		b->at += (uint64_t)n;
		b->moved += (uint64_t)n;
		b->left -= (uint64_t)n;
		budget -= (size_t)n;
		/* The socket is full, as far as can be told: asking costs a call. */
		if (!wire->ssl && (size_t)n < want)
			break;
	}
	return b->left > 0 ? -EAGAIN : 0;
}

int http_body_loaded(struct http_body *b, int rc)
{
	b->load = NULL;
	b->cached = b->at + least(b->left, LOAD_CHUNK);
	return rc < 0 ? -EIO : 0;
}
