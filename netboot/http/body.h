/* body.h - the body of a reply on its way from a file to a client.
 *
 * Goes by sendfile as far as the file is in the page cache; the rest is loaded first, by another process
 * (netboot/disk), so that a slow disk holds up nobody but who asked for it. */
#ifndef SLIPWAY_HTTP_BODY_H
#define SLIPWAY_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "netboot/disk/disk.h"

struct http_body {
	struct disk_file file; /* .fd -1: none */
	bool is_memory;        /* never on a disk */
	uint64_t at;           /* of the next byte to send */
	uint64_t left;         /* to send */
	uint64_t cached;       /* to here the file was found in the page cache */
	uint64_t moved;        /* bytes sent */
	struct disk_job *load;
};

struct http_wire;

#define HTTP_BODY_NONE ((struct http_body){.file = {.fd = -1}})

/* `len` bytes of `file` (whose descriptor is taken) from `first` on. */
void http_body_begin(
	struct http_body *b, struct disk_file file, bool is_memory, uint64_t first, uint64_t len);
void http_body_done(struct http_body *b);

/* Sends what can be sent now. 0 when it is all out, -EAGAIN when the socket is full or the others should have their turn,
 * -EINPROGRESS while it is being loaded (`tell` hears of the end: http_body_loaded()), -EIO when the file has shrunk or
 * can not be read, another errno when the client is gone. */
int http_body_send(struct http_body *b, struct disk *disk, struct http_wire *wire, disk_told *tell,
	void *arg) MUST_USE;

/* 0, or -EIO: it can not be read. */
int http_body_loaded(struct http_body *b, int rc) MUST_USE;

#endif
