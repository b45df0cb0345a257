/* serve_http.h - what boot HTTP answers: files of three folders, and questions handed to the provisioner.
 *
 * A file goes out once it is opened, an image once it is verified and it is its node's turn. Whatever lies in the way
 * is a 404; what may pass is a 503 with Retry-After, for 4xx ends a node's tries. */
#ifndef SLIPWAY_SERVER_SERVE_HTTP_H
#define SLIPWAY_SERVER_SERVE_HTTP_H

#include "netboot/http/server.h"

struct asks;
struct hall;
struct ipc;
struct serve_http;
struct verified;

struct serve_http_setup {
	struct event_base *base;
	struct disk *disk;
	struct asks *asks;
	struct ipc *provisioner;
	int http_fd; /* taken */
	int images_dir, firmware_dir, agent_dir;
	struct verified *verified;
	struct hall *hall;
};

/* Keeps all that the setup points to. */
struct serve_http *serve_http_new(const struct serve_http_setup *setup);
void serve_http_free(struct serve_http *s);

/* As http_server_set_tls(). */
void serve_http_set_tls(struct serve_http *s, int fd, SSL_CTX *tls);

struct http_counters serve_http_counters(const struct serve_http *s);

#endif
