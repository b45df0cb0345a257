#include "netboot/join/agent.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "netboot/join/api.h"
#include "netboot/join/client.h"
#include "netboot/join/delivery.h"
#include "netboot/join/facts.h"
#include "netboot/join/health.h"
#include "netboot/join/identity.h"
#include "netboot/join/place.h"
#include "netboot/join/registrar.h"
#include "netboot/join/steps.h"
#include "netboot/join/units.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/json.h"
#include "provisioner/base/log.h"
#include "provisioner/base/notify.h"
#include "provisioner/trust/cert.h"

#define JOIN_PATH "/v1/join"
#define RENEW_PATH "/v1/renew"
#define SECRETS_PATH "/v1/secrets"
#define HEARTBEAT_PATH "/v1/heartbeat"
#define REASON_SIZE 256
#define MS 1000

struct agent {
	const struct agent_options *options;
	struct event_base *base;
	struct event *timer, *signals[2];
	struct steps steps;
	struct identity id;
	struct place place;
	struct client *server;
	struct registrar *registrar;
	bool server_knows_us; /* a->server shows our certificate */
	struct health *health;
	char machine_id[FACTS_ID_SIZE], boot_id[FACTS_ID_SIZE];
	bool is_heard;               /* the last heartbeat was answered */
	char ignored[API_NAME_SIZE]; /* the command that we last said we do not know */
	char trouble[STEPS_TASKS]
		    [REASON_SIZE]; /* why it failed last: logged once, not every time */
};

static void pump(struct agent *a);

static uint32_t random32(void)
{
	uint32_t n = 0;

	(void)RAND_bytes((unsigned char *)&n, sizeof(n)); /* without it, retries only spread less */
	return n;
}

static void finish(struct agent *a, enum steps_task task, enum steps_result result)
{
	if (result == STEPS_OK)
		a->trouble[task][0] = '\0';
	steps_done(&a->steps, task, result, clock_mono_ms(), random32());
	pump(a);
}

/* Logs a reason when it is a new one. */
static void fail(
	struct agent *a, enum steps_task task, enum steps_result result, const char *reason)
{
	static const char *const names[] = {[STEPS_JOIN] = "join",
		[STEPS_RENEW] = "renewal",
		[STEPS_SECRETS] = "secrets",
		[STEPS_BEAT] = "heartbeat",
		[STEPS_REGISTER] = "etcd"};
	char *last = a->trouble[task];

	if (strncmp(last, reason, REASON_SIZE - 1) != 0) {
		(void)snprintf(
			last, REASON_SIZE, "%s", reason); /* cut: for people and for comparing */
		log_warn("%s: %s, trying again", names[task], reason);
	}
	finish(a, task, result);
}

static void fail_reply(struct agent *a, enum steps_task task, const struct client_reply *reply)
{
	AUTO(str_done) struct str why = str_init(REASON_SIZE);
	char reason[128], address[IPV4_TEXT_SIZE];

	if (reply->status == 0)
		str_printf(&why, "https://%s:%u: %s", ipv4_text(a->options->env.address, address),
			a->options->env.port, reply->why);
	else
		str_printf(&why, "the provisioner answered %d: %s", reply->status,
			api_read_reason(reply->body, reply->len, reason, sizeof(reason)));
	fail(a, task, steps_result_of(reply->status), str_text(&why));
}

/* The way to the provisioner: over our certificate, or as the stranger that a joining node is (one
 * whose certificate was refused). NULL when OpenSSL refuses. */
static struct client *server(struct agent *a, bool as_node)
{
	struct client_target to = {
		.address = a->options->env.address, .port = a->options->env.port};
	struct err e = {0};

	if (a->server && a->server_knows_us == as_node)
		return a->server;
	client_free(TAKE(a->server));
	if (pin_client_ctx(&a->id.pin, as_node ? a->id.cert : NULL, a->id.key, &to.tls, &e) < 0) {
		log_error("%s", e.msg);
		return NULL;
	}
	a->server = client_new(a->base, &to);
	a->server_knows_us = as_node;
	SSL_CTX_free(to.tls);
	return a->server;
}

/* What we know once there is a certificate, from this start or an earlier one. */
static void be_joined(struct agent *a)
{
	const struct api_joined *j = &a->id.joined;
	char status[256];

	a->steps.has_certificate = true;
	a->steps.has_etcd = j->n_etcd > 0;
	a->steps.etcd_locked = registrar_is_locked(&a->place, j);
	a->steps.heartbeat_ms = (int64_t)j->heartbeat_s * MS;
	if (strcmp(j->node, a->options->env.node) != 0)
		log_warn("this node is %s to the provisioner, not %s", j->node,
			a->options->env.node);
	if (snprintf(status, sizeof(status), "READY=1\nSTATUS=%s in cluster %s", j->node,
		    j->cluster) < (int)sizeof(status))
		notify_send(status);
}

/* Takes over a certificate. 0, or a negative errno with *e: the old one, if any, is still ours. */
static int take_certificate(struct agent *a, const struct client_reply *reply, struct err *e)
{
	struct err why = {0};
	int rc = identity_accept(&a->id, reply->body, reply->len, e);

	if (rc < 0)
		return rc;
	if (identity_save(&a->id, reply->body, reply->len, &why) < 0)
		log_error(
			"cannot save what the provisioner gave us: %s; a restart has to join again",
			why.msg);
	client_free(TAKE(a->server)); /* the next connection shows the new one */
	be_joined(a);
	return 0;
}

/* Whether this step has brought us a certificate; if not, it has failed. */
static bool is_certified(struct agent *a, enum steps_task step, const struct client_reply *reply)
{
	struct err e = {0};

	if (steps_result_of(reply->status) != STEPS_OK)
		fail_reply(a, step, reply);
	else if (take_certificate(a, reply, &e) < 0)
		fail(a, step, STEPS_REFUSED, e.msg);
	else
		return true;
	return false;
}

static void on_joined(void *arg, const struct client_reply *reply)
{
	struct agent *a = arg;

	if (!is_certified(a, STEPS_JOIN, reply))
		return;
	log_info("joined cluster %s as %s", a->id.joined.cluster, a->id.joined.node);
	finish(a, STEPS_JOIN, STEPS_OK);
}

static void start_join(struct agent *a)
{
	AUTO(str_done)
	struct str request = str_init(CERT_PEM_MAX), facts = str_init(API_REQUEST_MAX),
		   body = str_init(API_REQUEST_MAX);
	struct facts_addresses addresses;
	struct json j = json_init(&facts);

	facts_addresses(&addresses);
	facts_write(a->options->root, &addresses, &j);
	struct client *to = server(a, false);
	if (!to || cert_request_pem(a->id.key, a->options->env.node, &request) < 0) {
		fail(a, STEPS_JOIN, STEPS_REFUSED, "cannot make a signing request");
		return;
	}
	struct api_join join = {
		.token = a->options->env.token,
		.request = str_text(&request),
		.node = a->options->env.node,
		.facts = str_ok(&facts) ? str_text(&facts) : "{}",
	};
	api_write_join(&join, &body);
	client_post(to, JOIN_PATH, str_text(&body), body.len, on_joined, a);
}

static void on_renewed(void *arg, const struct client_reply *reply)
{
	struct agent *a = arg;

	if (!is_certified(a, STEPS_RENEW, reply))
		return;
	log_info("the certificate is renewed");
	finish(a, STEPS_RENEW, STEPS_OK);
}

static void start_renew(struct agent *a)
{
	AUTO(str_done)
	struct str request = str_init(CERT_PEM_MAX), body = str_init(API_REQUEST_MAX);
	struct client *to = server(a, true);

	if (!to || cert_request_pem(a->id.key, a->id.joined.node, &request) < 0) {
		fail(a, STEPS_RENEW, STEPS_REFUSED, "cannot make a signing request");
		return;
	}
	api_write_renew(a->id.joined.node, str_text(&request), &body);
	client_post(to, RENEW_PATH, str_text(&body), body.len, on_renewed, a);
}

static void on_secrets(void *arg, const struct client_reply *reply)
{
	AUTO(delivery_done) struct delivery d = {0};
	struct agent *a = arg;
	bool was_there = a->place.version[0] != '\0';
	struct err e = {0};

	if (steps_result_of(reply->status) != STEPS_OK) {
		fail_reply(a, STEPS_SECRETS, reply);
		return;
	}
	if (delivery_read(reply->body, reply->len, &d, &e) < 0 ||
		place_put(&a->place, &d, &e) < 0) {
		fail(a, STEPS_SECRETS, STEPS_REFUSED, e.msg);
		return;
	}
	log_info("the secrets of this node's role are in place: %zu files", d.n);
	if (was_there) /* its role has changed, perhaps, and with it what a join tells */
		steps_renew(&a->steps, clock_mono_ms());
	a->steps.etcd_locked = registrar_is_locked(&a->place, &a->id.joined);
	finish(a, STEPS_SECRETS, STEPS_OK);
}

static void start_secrets(struct agent *a)
{
	AUTO(str_done) struct str body = str_init(API_REQUEST_MAX);
	struct client *to = server(a, true);

	if (!to) {
		fail(a, STEPS_SECRETS, STEPS_REFUSED, "cannot use the certificate");
		return;
	}
	delivery_write_request(a->id.joined.node, a->place.version, &body);
	client_post(to, SECRETS_PATH, str_text(&body), body.len, on_secrets, a);
}

static void obey_one(struct agent *a, const char *command)
{
	if (strcmp(command, API_COMMAND_REGISTER) == 0) {
		log_info("registering again: etcd has started anew");
		steps_register_again(&a->steps, clock_mono_ms());
	} else if (strcmp(command, API_COMMAND_RENEW) == 0) {
		steps_renew(&a->steps, clock_mono_ms());
	} else if (strcmp(a->ignored, command) != 0) { /* else it was said before */
		(void)snprintf(a->ignored, sizeof(a->ignored), "%s", command);
		log_warn("the command \"%s\" is not known here, ignoring", command);
	}
}

static void obey(struct agent *a, const struct client_reply *reply)
{
	struct api_commands commands;
	struct err e = {0};

	if (api_read_commands(reply->body, reply->len, &commands, &e) < 0)
		log_warn("heartbeat: %s, ignoring", e.msg);
	for (size_t i = 0; i < commands.n; i++)
		obey_one(a, commands.name[i]);
	if (commands.secrets[0] && strcmp(commands.secrets, a->place.version) != 0)
		steps_fetch(&a->steps, clock_mono_ms());
}

static void on_beat(void *arg, const struct client_reply *reply)
{
	struct agent *a = arg;
	bool was_heard = a->is_heard;

	a->is_heard = steps_result_of(reply->status) == STEPS_OK;
	if (!a->is_heard) {
		fail_reply(a, STEPS_BEAT, reply);
		return;
	}
	if (!was_heard)
		log_info("the provisioner hears us");
	obey(a, reply);
	finish(a, STEPS_BEAT, STEPS_OK);
}

static void on_health(void *arg, const struct units *units)
{
	AUTO(str_done) struct str body = str_init(API_REQUEST_MAX);
	struct facts_addresses addresses;
	struct facts_vitals vitals;
	struct agent *a = arg;

	facts_addresses(&addresses);
	facts_vitals(a->options->root, &vitals);
	struct api_heartbeat beat = {
		.node = a->id.joined.node,
		.boot_id = a->boot_id,
		.generation = a->options->env.generation,
		.registered = a->steps.registered,
		.secrets = a->place.version,
		.vitals = &vitals,
		.units = units,
		.addresses = &addresses,
	};
	api_write_heartbeat(&beat, &body);
	struct client *to = server(a, true);
	if (!to) {
		fail(a, STEPS_BEAT, STEPS_REFUSED, "cannot use the certificate");
		return;
	}
	client_post(to, HEARTBEAT_PATH, str_text(&body), body.len, on_beat, a);
}

static void start_beat(struct agent *a)
{
	health_ask(a->health);
}

static void on_registered(void *arg, const char *why)
{
	struct agent *a = arg;

	if (why) {
		fail(a, STEPS_REGISTER, STEPS_RETRY, why);
		return;
	}
	log_info("registered in etcd as %s/nodes/%s", a->id.joined.etcd_prefix, a->id.joined.node);
	finish(a, STEPS_REGISTER, STEPS_OK);
}

static void start_register(struct agent *a)
{
	AUTO(str_done) struct str value = str_init(API_REQUEST_MAX);
	const struct api_registration registration = {
		.node = a->id.joined.node,
		.role = a->id.joined.role,
		.boot_id = a->boot_id,
		.machine_id = a->machine_id,
		.address = facts_address_towards(a->options->env.address),
	};

	api_write_registration(&registration, &value);
	registrar_put(a->registrar, &a->id.joined, str_text(&value));
}

static void set_timer(struct agent *a, int64_t wait_ms)
{
	struct timeval wait = {.tv_sec = wait_ms / MS, .tv_usec = wait_ms % MS * 1000};

	if (wait_ms < 0)
		(void)evtimer_del(a->timer);
	else
		(void)evtimer_add(a->timer, &wait);
}

/* Begins everything that is due, then sleeps until the next thing is. */
static void pump(struct agent *a)
{
	static void (*const starts[])(struct agent *) = {[STEPS_JOIN] = start_join,
		[STEPS_RENEW] = start_renew,
		[STEPS_SECRETS] = start_secrets,
		[STEPS_BEAT] = start_beat,
		[STEPS_REGISTER] = start_register};
	enum steps_task task;
	int64_t wait_ms = -1;

	for (;;) {
		switch (steps_next(&a->steps, clock_mono_ms(), &task, &wait_ms)) {
		case STEPS_DO:
			starts[task](a);
			continue;
		case STEPS_WAIT:
			set_timer(a, wait_ms);
			return;
		case STEPS_END:
			(void)event_base_loopbreak(a->base);
			return;
		}
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	pump(arg);
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
	struct agent *a = arg;

	(void)what;
	log_info("ending on signal %d", (int)signal);
	notify_send("STOPPING=1");
	(void)event_base_loopbreak(a->base);
}

static int set_up(struct agent *a)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct err e = {0}, why_not;

	int rc = identity_open(a->options->state, &a->options->env.pin, &a->id, &why_not, &e);
	if (rc < 0) {
		log_error("%s", e.msg);
		return rc;
	}
	if (why_not.msg[0])
		log_warn("what an earlier join left is not used: %s", why_not.msg);
	if (!a->id.cert && !a->steps.has_token) {
		log_error("there is neither a token (SLIPWAY_TOKEN) nor a certificate from an "
			  "earlier join");
		return -EACCES;
	}
	facts_machine_id(a->options->root, a->machine_id);
	facts_boot_id(a->options->root, a->boot_id);
	place_open(&a->place, a->options->root, a->options->state);
	if (a->id.cert && a->place.version[0] && place_say_ready(&a->place, &e) < 0)
		log_error("%s", e.msg);

	a->base = event_base_new();
	assert(a->base);
	a->timer = evtimer_new(a->base, on_timer, a);
	a->health = health_new(a->base, on_health, a);
	a->registrar = registrar_new(a->base, &a->place, on_registered, a);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		a->signals[i] = evsignal_new(a->base, signals[i], on_signal, a);
		assert(a->signals[i]);
		(void)event_add(a->signals[i], NULL);
	}
	if (a->id.cert) {
		log_info("joined cluster %s as %s before", a->id.joined.cluster, a->id.joined.node);
		be_joined(a);
	}
	return 0;
}

static void tear_down(struct agent *a)
{
	client_free(a->server);
	registrar_free(a->registrar);
	health_free(a->health);
	for (size_t i = 0; i < ARRAY_LEN(a->signals); i++)
		if (a->signals[i])
			event_free(a->signals[i]);
	if (a->timer)
		event_free(a->timer);
	if (a->base)
		event_base_free(a->base);
	identity_done(&a->id);
}

int agent_run(const struct agent_options *options)
{
	struct agent *a = xcalloc(1, sizeof(*a));

	a->options = options;
	a->steps.has_token = options->env.token[0] != '\0';
	a->steps.once = options->once;
	int rc = set_up(a);
	if (rc == 0) {
		pump(a);
		(void)event_base_dispatch(a->base);
	}
	tear_down(a);
	free(a);
	return rc;
}
