/* dhcpd_host - runs the DHCP server as `slipway serve` would, for the wire tests.
 *
 * The parent plays supervisor and provisioner: opens the sockets, sends settings and nodes, and prints
 * what the server tells, one line each. The child is the server itself.
 *
 *   dhcpd_host INTERFACE LEASE_DIR KEY=VALUE...   (the folder must be the user nobody's)
 *     server=10.77.0.1/24 pool=10.77.0.100-10.77.0.199 router=10.77.0.1 dns=10.77.0.1 domain=lab.internal
 *     lease=SECONDS netboot-lease=SECONDS port=80 enroll=ask|open|closed ra=yes|no
 *     authoritative=yes|no rapid-commit=yes|no
 *     subnet=10.78.0.0/24,10.78.0.100-10.78.0.199[,ROUTER]   a network behind a relay; the rest as above
 *     cluster=FILE   all of that as a cluster.yaml says it; what stands before it is forgotten
 *     probe=MS quarantine=SECONDS watch=yes|no limit=PER_SECOND   off unless told
 *     log=LEVEL      the server's, "debug" unless told   tell=no   print no exchanges (thousands in a benchmark)
 *     node=NAME,ADDRESS(- for the pool),MAC[/MAC...][,BOOT_FILE]
 *
 * "READY PID" is printed when the server has said HELLO and got its settings. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dhcpd/msg.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/arena.h"
#include "provisioner/base/files.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/tell.h"
#include "provisioner/daemon/worker.h"
#include "provisioner/messages/messages.h"

#define WORDS_BEFORE 2 /* slipway worker */
#define HOST_NODES_MAX 64

struct host {
	struct ipc *dhcpd;
	struct event_base *base;
	struct message_dhcp_settings settings;
	struct message_network networks[MESSAGE_NETWORKS_MAX];
	struct message_node nodes[HOST_NODES_MAX];
	uint32_t n_nodes;
	const char *log_level;
	bool is_quiet;
	pid_t child;
};

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "dhcpd_host: %s: %s\n", what, why);
	exit(2);
}

static uint32_t address_of(const char *text)
{
	uint32_t address = 0;

	if (strcmp(text, "-") != 0 && ipv4_parse(text, &address) < 0)
		die(text, "no address");
	return address;
}

static uint32_t number_of(const char *text)
{
	uint32_t v = 0;

	if (parse_u32(text, 0, UINT32_MAX, &v) < 0)
		die(text, "no number");
	return v;
}

static void take_node(struct host *h, char *text)
{
	struct message_node *n = &h->nodes[h->n_nodes++];
	char *name = strsep(&text, ","), *address = strsep(&text, ","), *macs = strsep(&text, ","),
	     *mac;

	if (!name || !address || !macs || h->n_nodes > HOST_NODES_MAX - 1)
		die("node", "NAME,ADDRESS,MAC[/MAC...][,BOOT_FILE]");
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	n->address = address_of(address);
	while ((mac = strsep(&macs, "/")) && n->n_macs < MESSAGE_NODE_MACS_MAX)
		if (mac_parse(mac, &n->macs[n->n_macs++]) < 0)
			die(mac, "no MAC");
	(void)snprintf(n->boot_file, sizeof(n->boot_file), "%s", text ? text : "");
}

static void take_pool(struct message_network *n, char *text)
{
	char *first = strsep(&text, "-");

	n->pool_first = address_of(first);
	n->pool_last = address_of(text ? text : first);
}

static void take_subnet(struct host *h, char *text)
{
	struct message_network *n = &h->networks[h->settings.n_networks];
	char *net = strsep(&text, ","), *pool = strsep(&text, ",");

	if (h->settings.n_networks == MESSAGE_NETWORKS_MAX || !pool ||
		ipv4_net_parse(net, &n->net) < 0)
		die("subnet", "NET,FIRST-LAST[,ROUTER]");
	struct ipv4_net of = n->net;
	*n = h->networks[0];
	n->net = of;
	n->router = text ? address_of(text) : 0;
	take_pool(n, pool);
	h->settings.n_networks++;
}

/* As the provisioner tells it. The arena goes with the process. */
static void take_cluster(struct host *h, const char *path)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct err_list errors = {0};
	struct cluster *c = NULL;
	char *text = NULL;
	size_t len;

	if (file_read(AT_FDCWD, path, (size_t)1 << 16, &text, &len) < 0)
		die(path, "cannot be read");
	if (cluster_load(a, path, text, len, &c, &errors) < 0) {
		err_list_print(&errors, stderr);
		die(path, "is wrong");
	}
	if (c->n_nodes > HOST_NODES_MAX)
		die(path, "too many nodes");
	tell_settings(c, &h->settings);
	for (uint32_t i = 0; i < h->settings.n_networks; i++)
		tell_network(c, i, &h->networks[i]);
	h->n_nodes = c->n_nodes;
	for (uint32_t i = 0; i < c->n_nodes; i++)
		tell_node(&c->nodes[i], &h->nodes[i]);
}

static uint8_t enroll_of(const char *text)
{
	if (strcmp(text, "closed") == 0)
		return ENROLL_CLOSED;
	return strcmp(text, "open") == 0 ? ENROLL_OPEN : ENROLL_ASK;
}

static void take_argument(struct host *h, char *text)
{
	char *key = strsep(&text, "=");
	struct message_dhcp_settings *s = &h->settings;
	struct message_network *n = &h->networks[0];

	if (!text)
		die(key, "KEY=VALUE");
	if (strcmp(key, "server") == 0 && ipv4_net_parse(text, &s->server) == 0)
		n->net = s->server;
	else if (strcmp(key, "pool") == 0)
		take_pool(n, text);
	else if (strcmp(key, "subnet") == 0)
		take_subnet(h, text);
	else if (strcmp(key, "cluster") == 0)
		take_cluster(h, text);
	else if (strcmp(key, "router") == 0)
		n->router = address_of(text);
	else if (strcmp(key, "dns") == 0)
		n->dns[0] = address_of(text);
	else if (strcmp(key, "domain") == 0)
		(void)snprintf(n->domain, sizeof(n->domain), "%s", text);
	else if (strcmp(key, "lease") == 0)
		n->lease_s = number_of(text);
	else if (strcmp(key, "netboot-lease") == 0)
		n->netboot_lease_s = number_of(text);
	else if (strcmp(key, "port") == 0)
		s->http_port = (uint16_t)number_of(text);
	else if (strcmp(key, "enroll") == 0)
		s->enroll = enroll_of(text);
	else if (strcmp(key, "authoritative") == 0)
		s->is_authoritative = strcmp(text, "yes") == 0;
	else if (strcmp(key, "rapid-commit") == 0)
		s->rapid_commit = strcmp(text, "yes") == 0;
	else if (strcmp(key, "ra") == 0)
		s->router_advertisements = strcmp(text, "yes") == 0;
	else if (strcmp(key, "probe") == 0)
		s->guard.probe_ms = number_of(text);
	else if (strcmp(key, "limit") == 0)
		s->guard.limit_per_s = number_of(text);
	else if (strcmp(key, "watch") == 0)
		s->guard.watch_others = strcmp(text, "yes") == 0;
	else if (strcmp(key, "quarantine") == 0)
		s->guard.quarantine_s = number_of(text);
	else if (strcmp(key, "log") == 0)
		h->log_level = text;
	else if (strcmp(key, "tell") == 0)
		h->is_quiet = strcmp(text, "no") == 0;
	else if (strcmp(key, "node") == 0)
		take_node(h, text);
	else
		die(key, "not known");
}

static int open_port(const char *interface, uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	struct sockaddr_in any = ipv4_sockaddr(0, port);

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			(socklen_t)strlen(interface)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		die("socket", strerror(errno));
	return fd;
}

static void on_hello(void *arg, const void *payload, int fd)
{
	struct host *h = arg;
	struct message_nodes n = {.n_nodes = h->n_nodes};

	(void)payload, (void)fd;
	(void)ipc_send(h->dhcpd, MESSAGE_DHCP_SETTINGS, &h->settings, sizeof(h->settings), -1);
	for (uint32_t i = 0; i < h->settings.n_networks; i++)
		(void)ipc_send(
			h->dhcpd, MESSAGE_NETWORK, &h->networks[i], sizeof(h->networks[i]), -1);
	(void)ipc_send(h->dhcpd, MESSAGE_NODES_BEGIN, &n, sizeof(n), -1);
	for (uint32_t i = 0; i < h->n_nodes; i++)
		(void)ipc_send(h->dhcpd, MESSAGE_NODE, &h->nodes[i], sizeof(h->nodes[i]), -1);
	(void)ipc_send(h->dhcpd, MESSAGE_NODES_END, &n, sizeof(n), -1);
	(void)printf("READY %d\n", (int)h->child);
}

static void on_exchange(void *arg, const void *payload, int fd)
{
	const struct host *h = arg;
	struct message_exchange x;
	char mac[MAC_TEXT_SIZE], address[IPV4_TEXT_SIZE], name[256];

	(void)fd;
	memcpy(&x, payload, sizeof(x));
	if (h->is_quiet)
		return;
	(void)printf("EXCHANGE %s %s mac=%s address=%s stage=%u arch=%u lease=%u uuid=%u file=%s "
		     "host=%s note=%s\n",
		dhcp_type_name(x.request), x.reply ? dhcp_type_name(x.reply) : "-",
		mac_text(&x.mac, mac), ipv4_text(x.address, address), x.stage, x.arch, x.lease_s,
		x.has_uuid, x.boot_file,
		log_safe(name, sizeof(name), x.hostname, strnlen(x.hostname, sizeof(x.hostname))),
		x.note);
}

static void on_rival(void *arg, const void *payload, int fd)
{
	struct message_rival m;
	char mac[MAC_TEXT_SIZE], client[MAC_TEXT_SIZE], address[IPV4_TEXT_SIZE],
		offered[IPV4_TEXT_SIZE];

	(void)arg, (void)fd;
	memcpy(&m, payload, sizeof(m));
	(void)printf("RIVAL %s address=%s mac=%s offered=%s client=%s\n",
		m.reply ? dhcp_type_name(m.reply) : "-", ipv4_text(m.address, address),
		mac_text(&m.mac, mac), ipv4_text(m.offered, offered), mac_text(&m.client, client));
}

static void on_counter(void *arg, const void *payload, int fd)
{
	struct message_counter c;

	(void)arg, (void)fd;
	memcpy(&c, payload, sizeof(c));
	(void)printf("COUNTER %s %llu\n", c.name, (unsigned long long)c.value);
}

static const struct ipc_kind kinds[] = {
	{.type = MESSAGE_HELLO, .size = sizeof(struct message_hello), .handle = on_hello},
	{.type = MESSAGE_EXCHANGE,
		.size = sizeof(struct message_exchange),
		.handle = on_exchange,
		.is_list = true},
	{.type = MESSAGE_RIVAL, .size = sizeof(struct message_rival), .handle = on_rival},
	{.type = MESSAGE_COUNTER, .size = sizeof(struct message_counter), .handle = on_counter},
};

/* The real program, started as the supervisor does: build/MODE/slipway-dhcpd, two folders above our own. */
static int serve(char *interface, char *lease_dir, const char *log_level, int fd)
{
	const int fds[] = {
		fd, open_port(interface, DHCP_SERVER_PORT), open_port(interface, PXE_PORT)};
	char *words[WORDS_BEFORE + N_WORKER_WORDS + 1] = {xstrdup("slipway"), xstrdup("worker"),
		[WORDS_BEFORE + WORKER_WORD_NAME] = xstrdup("dhcpd"),
		[WORDS_BEFORE + WORKER_WORD_INTERFACE] = interface,
		[WORDS_BEFORE + WORKER_WORD_STATE] = lease_dir,
		[WORDS_BEFORE + WORKER_WORD_CONFIG] = xstrdup("cluster.yaml"),
		[WORDS_BEFORE + WORKER_WORD_USER] = xstrdup("nobody"),
		[WORDS_BEFORE + WORKER_WORD_LEVEL] = xstrdup(log_level),
		[WORDS_BEFORE + WORKER_WORD_TFTP] = xstrdup(worker_tftp_word(WORKER_TFTP_PORTS)),
		[WORDS_BEFORE + WORKER_WORD_ADDRESS] = xstrdup("10.77.0.1"),
		[WORDS_BEFORE + WORKER_WORD_LISTENING] = xstrdup("-"),
		[WORDS_BEFORE + WORKER_WORD_PUBLISHES] = xstrdup("-")};
	char path[4096] = "";
	int high[ARRAY_LEN(fds)];

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		die("/proc/self/exe", strerror(errno));
	for (int i = 0; i < 3; i++)
		*strrchr(path, '/') = '\0';
	(void)strncat(path, "/slipway-dhcpd", sizeof(path) - strlen(path) - 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			die("dup2", strerror(errno));
	(void)execv(path, words);
	die(path, strerror(errno));
	return 1;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)fd, (void)what;
	(void)kill(h->child, SIGTERM);
	(void)event_base_loopbreak(h->base);
}

int main(int argc, char **argv)
{
	struct host h = {.log_level = "debug",
		.settings = {.n_networks = 1,
			.http_port = 80,
			.enroll = ENROLL_ASK,
			.is_authoritative = 1},
		.networks = {{.lease_s = 3600, .netboot_lease_s = 60}}};
	int pair[2], status = 0;

	if (argc < 3)
		die("usage", "INTERFACE LEASE_DIR KEY=VALUE...");
	for (int i = 3; i < argc; i++)
		take_argument(&h, argv[i]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		die("socketpair", strerror(errno));
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	h.child = fork();
	if (h.child == 0) {
		(void)close(pair[0]);
		return serve(argv[1], argv[2], h.log_level, pair[1]);
	}
	(void)close(pair[1]);
	h.base = event_base_new();
	h.dhcpd = ipc_new(h.base, pair[0], "dhcpd", kinds, ARRAY_LEN(kinds), &h);
	struct event *term = event_new(h.base, SIGTERM, EV_SIGNAL, on_end, &h);
	(void)event_add(term, NULL);
	(void)event_base_dispatch(h.base); /* until the server is gone, or we are told to go */
	(void)waitpid(h.child, &status, 0);
	event_free(term);
	ipc_free(h.dhcpd);
	event_base_free(h.base);
	(void)printf("END %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
