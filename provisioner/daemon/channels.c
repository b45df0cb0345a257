#include "provisioner/daemon/channels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/api/admin.h"
#include "provisioner/api/leases.h"
#include "provisioner/api/trace.h"
#include "provisioner/base/clock.h"
#include "provisioner/base/files.h"
#include "provisioner/base/human.h"
#include "provisioner/base/ipc.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/answers.h"
#include "provisioner/daemon/enrolling.h"
#include "provisioner/daemon/images.h"
#include "provisioner/daemon/tell.h"
#include "provisioner/generation/answer.h"
#include "provisioner/generation/generation.h"
#include "provisioner/messages/messages.h"
#include "provisioner/nodes/nodes.h"
#include "provisioner/nodes/observe.h"
#include "provisioner/nodes/rivals.h"
#include "provisioner/store/store.h"

#define IMAGE_FOLDER_SIZE 300

struct channels {
	struct nodes *nodes;
	struct store *store;
	struct admin *admin;
	struct enrolling *enrolling;
	const struct generation *generation;
	struct ipc *dhcpd, *netboot, *verifier;
	struct image_states images;
	struct answers answers;
	int boot_tls; /* memfd, or -1 */
};

static const struct message_image *find_image(
	const void *arg, const char *distro, const char *version)
{
	const struct channels *c = arg;

	return image_states_find(&c->images, distro, version);
}

/* --- what they are told ------------------------------------------------------------------------- */

/* As many at a time as a message holds: it costs the same with one node in it. */
static void tell_nodes(struct channels *c, const struct cluster *cluster)
{
	struct message_node nodes[IPC_PAYLOAD_MAX / sizeof(struct message_node)];
	size_t n = 0;

	for (uint32_t i = 0; i < cluster->n_nodes; i++) {
		tell_node(&cluster->nodes[i], &nodes[n++]);
		if (n < ARRAY_LEN(nodes) && i + 1 < cluster->n_nodes)
			continue;
		(void)ipc_send(c->dhcpd, MESSAGE_NODE, nodes, n * sizeof(nodes[0]), -1);
		n = 0;
	}
}

static void tell_dhcpd(struct channels *c)
{
	const struct cluster *cluster = c->generation->cluster;
	struct message_nodes count = {.n_nodes = cluster->n_nodes};
	struct message_dhcp_settings settings;
	struct message_network network;

	tell_settings(cluster, &settings);
	(void)ipc_send(c->dhcpd, MESSAGE_DHCP_SETTINGS, &settings, sizeof(settings), -1);
	for (uint32_t i = 0; i < settings.n_networks; i++) {
		tell_network(cluster, i, &network);
		(void)ipc_send(c->dhcpd, MESSAGE_NETWORK, &network, sizeof(network), -1);
	}
	(void)ipc_send(c->dhcpd, MESSAGE_NODES_BEGIN, &count, sizeof(count), -1);
	tell_nodes(c, cluster);
	/* A table that lost a message on the way is refused by its count; dhcpd says HELLO and gets it again. */
	(void)ipc_send(c->dhcpd, MESSAGE_NODES_END, &count, sizeof(count), -1);
}

/* It tells about all images, and looks at the one that nodes boot before the others. */
static void tell_verifier(struct channels *c)
{
	const struct cluster_image *image = &c->generation->cluster->settings->image;
	struct message_images_tell m = {.first = ""};

	(void)snprintf(m.first, sizeof(m.first), "%s/%s", image->distro, image->version);
	(void)ipc_send(c->verifier, MESSAGE_IMAGES_TELL, &m, sizeof(m), -1);
}

/* Beyond the table a kernel is a file like any: its node may find its place taken for a moment. */
static void list_kernels(const struct generation *g, struct message_netboot_settings *m)
{
	for (size_t i = 0; i < g->n_images && m->n_kernels < MESSAGE_KERNELS_MAX; i++)
		(void)snprintf(m->kernels[m->n_kernels++], MESSAGE_KERNEL_SIZE, "%s/%s/%s",
			g->images[i].distro, g->images[i].version, g->images[i].kernel);
}

static void tell_netboot(struct channels *c)
{
	struct message_netboot_settings m = {.transfers = c->generation->cluster->http.transfers};

	list_kernels(c->generation, &m);
	(void)ipc_send(c->netboot, MESSAGE_NETBOOT_SETTINGS, &m, sizeof(m), -1);
	if (c->boot_tls >= 0)
		(void)ipc_send(c->netboot, MESSAGE_NETBOOT_TLS, &(struct message_netboot_tls){0},
			sizeof(struct message_netboot_tls), c->boot_tls);
}

void channels_set_boot_tls(struct channels *c, int fd)
{
	close_p(&c->boot_tls);
	c->boot_tls = fd;
}

/* --- what they say ------------------------------------------------------------------------------ */

static void on_dhcpd_hello(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;

	(void)payload, (void)fd;
	tell_dhcpd(c);
	leases_on_hello(c->admin->leases);
	tracing_on_hello(c->admin->tracing);
}

static void on_netboot_hello(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;

	(void)payload, (void)fd; /* files it asks for as it needs them */
	hall_reset(&c->admin->hall);
	tell_netboot(c);
}

static void on_exchange(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	struct message_exchange x;

	(void)fd;
	memcpy(&x, payload, sizeof(x));
	IPC_TEXT(x.node);
	IPC_TEXT(x.boot_file);
	IPC_TEXT(x.hostname);
	IPC_TEXT(x.note);
	IPC_TEXT(x.quirks);
	if (mac_is_unicast(&x.mac))
		observe_exchange(c->nodes, &x, clock_wall_ms());
}

static void on_rival(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	struct message_rival m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	rivals_see(&c->admin->rivals, c->nodes, &m, clock_wall_ms());
}

/* Of the image whose file that is; a name of TFTP begins without a slash. */
static struct observe_image image_of_file(
	const struct channels *c, const char *name, char folder[static IMAGE_FOLDER_SIZE])
{
	const struct generation *g = c->generation;

	for (size_t i = 0; i < g->n_images; i++) {
		const struct generation_image *image = &g->images[i];

		(void)snprintf(folder, IMAGE_FOLDER_SIZE, "/images/%s/%s/", image->distro,
			image->version); /* names are bounded */
		if (strncmp(name, folder + (name[0] != '/'), strlen(folder + (name[0] != '/'))) ==
			0)
			return (struct observe_image){.folder = folder,
				.kernel = image->kernel,
				.n_initrds = (unsigned)image->n_initrds};
	}
	return (struct observe_image){.folder = "/images//", .kernel = ""};
}

static void on_transfer(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	char folder[IMAGE_FOLDER_SIZE];
	struct message_transfer x;

	(void)fd;
	memcpy(&x, payload, sizeof(x));
	IPC_TEXT(x.name);
	struct observe_image image = image_of_file(c, x.name, folder);
	observe_transfer(c->nodes, &x, &image, clock_wall_ms());
}

static void on_wait(void *arg, const void *payload, int fd)
{
	const struct channels *c = arg;
	struct message_wait m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.name);
	observe_wait(c->nodes, &m, clock_wall_ms());
}

static void on_refused(void *arg, const void *payload, int fd)
{
	const struct channels *c = arg;
	struct message_refused m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.why);
	observe_refused(c->nodes, &m, clock_wall_ms());
}

static void on_hall(void *arg, const void *payload, int fd)
{
	const struct channels *c = arg;

	(void)fd;
	hall_take(&c->admin->hall, payload);
	observe_hall(c->nodes, payload, clock_wall_ms());
}

/* Why the verifier lets nobody have it, or NULL. */
static const char *refusal_of_image(const void *arg, const struct cluster_image *image)
{
	const struct channels *c = arg;
	const struct message_image *m =
		image_states_find(&c->images, image->distro, image->version);

	return m && m->state == IMAGE_REFUSED ? m->reason : NULL;
}

static const char *enroll(const void *arg, struct machine *m, const struct mac *mac)
{
	const struct channels *c = arg;

	return enrolling_ask(c->enrolling, m, mac);
}

static void on_ask(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	struct answerer answerer = {.generation = c->generation,
		.nodes = c->nodes,
		.store = c->store,
		.refusal_of_image = refusal_of_image,
		.enroll = enroll,
		.arg = c};
	struct message_ask ask;
	struct answer answer;

	(void)fd;
	memcpy(&ask, payload, sizeof(ask));
	IPC_TEXT(ask.method);
	IPC_TEXT(ask.path);
	IPC_TEXT(ask.query);
	IPC_TEXT(ask.accept);
	answerer.waits = hall_waiting(&c->admin->hall, ask.client);
	answer_ask(&answerer, &ask, clock_wall_ms(), &answer);
	answers_hold(&c->answers, &ask, &answer);
}

static void on_netboot_read(void *arg)
{
	struct channels *c = arg;

	answers_send(&c->answers);
}

static void on_counter(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	struct message_counter m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.name);
	admin_count(c->admin, &m);
}

static void on_leases(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;

	(void)fd;
	leases_on_rows(c->admin->leases, payload);
}

static void on_lease_cleared(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;

	(void)fd;
	leases_on_cleared(c->admin->leases, payload);
}

static void on_traced(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;

	(void)fd;
	tracing_on_frame(c->admin->tracing, payload);
}

static void on_image(void *arg, const void *payload, int fd)
{
	struct channels *c = arg;
	char bytes[HUMAN_SIZE], took[HUMAN_SIZE];
	struct message_image m;

	(void)fd;
	memcpy(&m, payload, sizeof(m));
	IPC_TEXT(m.id);
	IPC_TEXT(m.signer);
	IPC_TEXT(m.reason);
	bool is_news = image_states_take(&c->images, &m);
	if (!is_news)
		return;
	if (m.state == IMAGE_REFUSED)
		nodes_event(c->nodes, NULL, clock_wall_ms(), "image", STORE_ERROR,
			"%s is refused: %s", m.id, m.reason);
	else
		nodes_event(c->nodes, NULL, clock_wall_ms(), "image",
			/* Nobody signed it: worth a warning when it is new, not at each start. */
			m.signer[0] || !m.duration_ms ? STORE_INFO : STORE_WARN,
			"%s is what its manifest says: %" PRIu32 " files, %s, %s%s; signer: %s",
			m.id, m.n_files, human_bytes(m.bytes, bytes),
			m.duration_ms ? "read in " : "",
			m.duration_ms ? human_duration(m.duration_ms, took)
				      : "unchanged since it was read",
			m.signer[0] ? m.signer : "unverified");
}

/* None of these brings a descriptor along. */
static const struct ipc_kind dhcpd_kinds[] = {
	{MESSAGE_HELLO, sizeof(struct message_hello), on_dhcpd_hello, .takes_fd = false},
	{MESSAGE_EXCHANGE, sizeof(struct message_exchange), on_exchange, .is_list = true},
	{MESSAGE_RIVAL, sizeof(struct message_rival), on_rival, .takes_fd = false},
	{MESSAGE_COUNTER, sizeof(struct message_counter), on_counter, .takes_fd = false},
	{MESSAGE_FRAME, sizeof(struct message_frame), on_traced, .takes_fd = false},
	{MESSAGE_LEASES, sizeof(struct message_leases), on_leases, .takes_fd = false},
	{MESSAGE_LEASE_CLEARED, sizeof(struct message_lease_cleared), on_lease_cleared,
		.takes_fd = false},
};

static const struct ipc_kind netboot_kinds[] = {
	{MESSAGE_HELLO, sizeof(struct message_hello), on_netboot_hello, .takes_fd = false},
	{MESSAGE_ASK, sizeof(struct message_ask), on_ask, .takes_fd = false},
	{MESSAGE_TRANSFER, sizeof(struct message_transfer), on_transfer, .takes_fd = false},
	{MESSAGE_WAIT, sizeof(struct message_wait), on_wait, .takes_fd = false},
	{MESSAGE_REFUSED, sizeof(struct message_refused), on_refused, .takes_fd = false},
	{MESSAGE_HALL, sizeof(struct message_hall), on_hall, .takes_fd = false},
	{MESSAGE_COUNTER, sizeof(struct message_counter), on_counter, .takes_fd = false},
};

static const struct ipc_kind verifier_kinds[] = {
	{MESSAGE_IMAGE, sizeof(struct message_image), on_image, .takes_fd = false},
};

/* --- the channels themselves -------------------------------------------------------------------- */

struct channels *channels_new(struct event_base *base, const struct channels_setup *setup)
{
	struct channels *c = xcalloc(1, sizeof(*c));

	c->boot_tls = -1;
	c->nodes = setup->nodes;
	c->store = setup->store;
	c->admin = setup->admin;
	c->enrolling = setup->enrolling;
	c->admin->images.find = find_image;
	c->admin->images.arg = c;
	c->dhcpd = ipc_new(base, setup->dhcpd_fd, "dhcpd", dhcpd_kinds, ARRAY_LEN(dhcpd_kinds), c);
	c->netboot = ipc_new(
		base, setup->netboot_fd, "netboot", netboot_kinds, ARRAY_LEN(netboot_kinds), c);
	c->answers = (struct answers){.netboot = c->netboot, .nodes = c->nodes};
	ipc_on_read(c->netboot, on_netboot_read);
	c->verifier = ipc_new(
		base, setup->verifier_fd, "verifier", verifier_kinds, ARRAY_LEN(verifier_kinds), c);
	c->admin->leases = leases_new(base, c->dhcpd, c->admin);
	c->admin->tracing = tracing_new(c->dhcpd, c->admin);
	return c;
}

void channels_free(struct channels *c)
{
	if (!c)
		return;
	leases_free(c->admin->leases);
	tracing_free(c->admin->tracing);
	hall_done(&c->admin->hall);
	ipc_free(c->dhcpd);
	ipc_free(c->netboot);
	answers_done(&c->answers);
	close_p(&c->boot_tls);
	ipc_free(c->verifier);
	image_states_done(&c->images);
	free(c);
}

void channels_configure(struct channels *c, const struct generation *g)
{
	c->generation = g;
	tell_dhcpd(c);
	tell_verifier(c);
	tell_netboot(c);
}
