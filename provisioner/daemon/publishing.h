/* publishing.h - which generation is served, and how another one comes to be.
 *
 * What was published is served from the archive, whatever has become of cluster.yaml since; a new one is rendered by the
 * builder when somebody asks for it, one at a time, while the loop goes on. One that wants other sockets than this
 * server has waits for its restart. */
#ifndef SLIPWAY_DAEMON_PUBLISHING_H
#define SLIPWAY_DAEMON_PUBLISHING_H

#include <stdbool.h>

#include "provisioner/generation/publish.h"

struct event_base;
struct publishing;

struct publishing_setup {
	int builder_fd; /* taken */
	const char *state_dir;
	const char *listening;      /* as the supervisor said; borrowed */
	const char *ca_fingerprint; /* borrowed */
	/* Everything is to point at `g` from here on: nobody may use the one before when this returns. */
	void (*serve)(void *arg, struct generation *g);
	int64_t (*number_above)(void *arg); /* as in publish_order */
	void (*on_lost)(void *arg);         /* the builder is gone */
	void *arg;
};

struct publishing *publishing_new(struct event_base *base, const struct publishing_setup *setup);

/* With the generation that is served. */
void publishing_free(struct publishing *p);

/* Serves what is published. -ENOENT: nothing is, that this server could serve; or a negative errno with *e filled. */
int publishing_open(struct publishing *p, struct err *e) MUST_USE;

/* Publishes and serves it before this returns, for a server that has nothing to do yet. The outcome's rc; errors are in
 * *ret. */
int publishing_wait(struct publishing *p, const struct publish_wish *wish,
	struct publish_outcome *ret) MUST_USE;

/* The same while the loop goes on: `done` is called when it is served, or nothing has changed. -EALREADY: one is being
 * built. */
typedef void publishing_done(void *arg, const struct publish_outcome *outcome);
int publishing_order(struct publishing *p, const struct publish_wish *wish, publishing_done *done,
	void *arg) MUST_USE;

/* The same to make nodes of these machines, ENROLL_BATCH_MAX at most: publish_enroll(). */
struct enroll_candidate;
int publishing_enroll(struct publishing *p, const struct enroll_candidate *list, size_t n,
	publishing_done *done, void *arg) MUST_USE;

/* Machines that were being enrolled when the last server was killed are nodes, with their files, or are not:
 * publish_enroll_settle(). For a server that has nothing to do yet. */
void publishing_settle(struct publishing *p);
bool publishing_is_settled(const struct publishing *p);

/* The archive, for readers; NULL before anything was published. */
struct archive *publishing_archive(const struct publishing *p);

/* The newest published one; its number is above that of the one served when it waits for a restart. */
int publishing_last(const struct publishing *p, struct archive_generation *ret) MUST_USE;

#endif
