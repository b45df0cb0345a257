/* codec2.h - the keys API of etcd 2: what is said to it to make a key that is absent, and what it answers. Pure.
 *
 * PUT of a form with prevExist=false makes the key, or fails with 412; then a GET tells what is there. Answers are as
 * hostile as those of codec.h. Private to etcd/. */
#ifndef SLIPWAY_ETCD_CODEC2_H
#define SLIPWAY_ETCD_CODEC2_H

#include <stdbool.h>
#include <stddef.h>

#include "provisioner/base/arena.h"
#include "provisioner/base/err.h"
#include "provisioner/base/str.h"
#include "provisioner/etcd/client.h"

/* What codec_read_version() gives for etcd 2. */
#define CODEC2_PATH "/v2/keys"

/* Adds CODEC2_PATH and the key, which begins with a slash, and the question behind it. */
void codec2_path(struct str *out, const char *key, bool reads);
void codec2_form(struct str *out, const void *value, size_t len);

/* Of the PUT. 0, ret_reply->created; -EEXIST: it is there. Of the GET (`reads`). 0, ret_reply->kvs has it, in the arena;
 * -ENOENT. Or as codec_read_error(). */
int codec2_read(struct arena *a, bool reads, unsigned status, const char *json, size_t len,
	struct etcd_reply *ret_reply, struct err *e) MUST_USE;

#endif
