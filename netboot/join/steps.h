/* steps.h - what the agent does next, and when.
 *
 * Pure: no clock, no socket. Five tasks: join (a token for a certificate), renew (that certificate for
 * a new one), secrets (the files of the node's role), beat (the heartbeat) and register (a key in etcd).
 * All but the last are said over one connection, one at a time. The shell asks steps_next(), does it, and says with
 * steps_done() how it went; everything else (order, back-off, joining again) is decided here. */
#ifndef SLIPWAY_JOIN_STEPS_H
#define SLIPWAY_JOIN_STEPS_H

#include <stdbool.h>
#include <stdint.h>

enum steps_task { STEPS_JOIN, STEPS_RENEW, STEPS_SECRETS, STEPS_BEAT, STEPS_REGISTER, STEPS_TASKS };

enum steps_result {
	STEPS_OK = 1,
	STEPS_RETRY,        /* nobody there, or "later": back off from 1 s to 30 s */
	STEPS_REFUSED,      /* repeating it will not help soon: once a minute */
	STEPS_UNAUTHORIZED, /* the certificate (beat) or token (join) is not accepted */
};

enum steps_next { STEPS_DO = 1, STEPS_WAIT, STEPS_END };

struct steps {
	/* Set by the shell. */
	bool has_token, has_certificate, has_etcd;
	bool etcd_locked; /* etcd wants a certificate that has not been delivered yet */
	bool once;        /* end after one heartbeat that follows the registration */
	int64_t heartbeat_ms;

	/* Ours. */
	bool registered;
	bool rejected; /* the certificate was refused: join again */
	bool must_renew, must_fetch;
	bool unproven; /* the certificate is new and no heartbeat has been accepted with it */
	bool stale;    /* the heartbeat under way does not say yet that we registered */
	bool ended;
	struct {
		int64_t at_ms; /* not before */
		unsigned failures;
		bool running;
	} task[STEPS_TASKS];
};

/* STEPS_DO: *ret_task begins now (and is noted as running). STEPS_WAIT: nothing before *ret_wait_ms,
 * which is -1 when only a running task can change that. STEPS_END: --once has been fulfilled. */
enum steps_next steps_next(
	struct steps *s, int64_t now_ms, enum steps_task *ret_task, int64_t *ret_wait_ms);

/* `random` spreads retries by a quarter, so that a rack does not knock in step. */
void steps_done(struct steps *s, enum steps_task task, enum steps_result result, int64_t now_ms,
	uint32_t random);

/* etcd may have forgotten us: register once more, now. */
void steps_register_again(struct steps *s, int64_t now_ms);

/* The provisioner wants us to do so, now; nothing changes when it is due or under way already. */
void steps_renew(struct steps *s, int64_t now_ms);
void steps_fetch(struct steps *s, int64_t now_ms);

/* What an HTTP status means: 0 stands for "no answer". */
enum steps_result steps_result_of(int status);

#endif
