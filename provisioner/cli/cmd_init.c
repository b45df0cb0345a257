#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/parse.h"
#include "provisioner/base/str.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/proposal.h"
#include "provisioner/cli/table.h"
#include "provisioner/net/netlink.h"
#include "provisioner/net/route.h"

#define SYSFS_NET "/sys/class/net"
#define FILE_BYTES_MAX ((size_t)64 << 10)
#define ARENA_BYTES_MAX ((size_t)16 << 20)
#define ANSWER_TRIES 3
#define IMAGE_PRESET "flatcar/4081.2.1"

static const struct cli_option options[] = {
	{"config", 'c', "FILE", SLIPWAY_SYSCONFDIR "/slipway/cluster.yaml",
		"what to write; - is standard output"},
	{"yes", 'y', NULL, NULL, "ask nothing: as proposed, and as the options say"},
	{"force", 0, NULL, NULL, "write over a file that is there"},
	{"cluster", 0, "NAME", "cluster", "the cluster's name"},
	{"domain", 0, "DOMAIN", NULL, "the domain of its nodes; NAME.internal otherwise"},
	{"internal", 0, "IF[,IF..]", NULL,
		"the interface of the internal network; several make a bond"},
	{"external", 0, "IF", NULL, "the interface that leads outward, or none"},
	{"address", 0, "ADDRESS/LEN", NULL, "this machine's address on the internal network"},
	{"pool", 0, "FIRST-LAST", NULL, "addresses for machines that are no nodes yet"},
	{"bond-mode", 0, "MODE", "active-backup", "or 802.3ad, for switches that speak LACP"},
	{"image", 0, "NAME/VERSION", NULL,
		"what nodes boot; the newest of the image store otherwise"},
	{"ssh-key", 0, "FILE", NULL, "a public key that may log in; ~/.ssh/id_*.pub otherwise"},
	IMAGES_STORE_OPTION,
	{.name = NULL},
};

/* The interfaces of this machine. */
struct surroundings {
	struct links links;
	struct nic *nics;
	size_t n;
};

static void surroundings_done(struct surroundings *s)
{
	links_done(&s->links);
	free(s->nics);
}

static int look_around(struct surroundings *s, struct err *e)
{
	AUTO(netlink_close_p) struct netlink *n = NULL;
	int index = 0;

	int rc = netlink_open(&n, e);
	if (rc == 0)
		rc = links_read(n, &s->links, e);
	if (rc == 0)
		rc = route_default(n, &index, e);
	if (rc < 0)
		return rc;
	s->nics = xcalloc(s->links.n + 1, sizeof(*s->nics));
	for (size_t i = 0; i < s->links.n; i++) {
		const struct link *l = &s->links.list[i];

		if (l->is_ethernet)
			s->nics[s->n++] = (struct nic){.link = l,
				.speed_mbit = link_speed_mbit(SYSFS_NET, l->name),
				.is_default = index != 0 && l->index == index};
	}
	return 0;
}

static void show_interfaces(const struct surroundings *s)
{
	static const char *const headers[] = {
		"INTERFACE", "KIND", "LINK", "SPEED", "MAC", "ADDRESS", "", NULL};
	struct table *t = table_new(headers);

	for (size_t i = 0; i < s->n; i++) {
		const struct link *l = s->nics[i].link;
		char speed[32] = "", address[IPV4_NET_TEXT_SIZE] = "", mac[MAC_TEXT_SIZE];

		if (s->nics[i].speed_mbit)
			(void)snprintf(speed, sizeof(speed), "%u Mbit/s", s->nics[i].speed_mbit);
		if (l->n_addresses > 0)
			(void)ipv4_net_text(l->addresses[0], address);
		table_row(t, (const char *const[]){l->name, l->kind[0] ? l->kind : "hardware",
				     l->has_carrier ? "yes" : "no", speed, mac_text(&l->mac, mac),
				     address, s->nics[i].is_default ? "leads outward" : ""});
	}
	table_print(t, stderr);
	table_free(t);
}

/* --- answers: from an option, or from a person ---------------------------------------------------- */

/* The domain follows the name until somebody says another one. */
static bool take_label(struct proposal *p, const char *text)
{
	char usual[PROPOSAL_TEXT_SIZE];

	if (!parse_is_label(text))
		return false;
	(void)snprintf(usual, sizeof(usual), "%.63s.internal", p->cluster);
	if (!p->domain[0] || strcmp(p->domain, usual) == 0)
		(void)snprintf(p->domain, sizeof(p->domain), "%.63s.internal", text);
	(void)snprintf(p->cluster, sizeof(p->cluster), "%.63s", text);
	return true;
}

static bool take_domain(struct proposal *p, const char *text)
{
	return parse_is_hostname(text) &&
	       snprintf(p->domain, sizeof(p->domain), "%s", text) < (int)sizeof(p->domain);
}

static bool take_name(char ret[static LINK_NAME_SIZE], const char *text, size_t len)
{
	if (len == 0 || len >= LINK_NAME_SIZE || memchr(text, ' ', len) || memchr(text, '/', len))
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

/* "eno1", or "eno1,eno2", which become bond0. */
static bool take_internal(struct proposal *p, const char *text)
{
	p->n_members = 0;
	p->address = (struct ipv4_net){0}; /* they were of another one */
	p->pool = (struct ipv4_range){0};
	if (!strchr(text, ','))
		return take_name(p->internal, text, strlen(text));
	(void)snprintf(p->internal, sizeof(p->internal), "bond0");
	while (p->n_members < PROPOSAL_MEMBERS_MAX) {
		size_t len = strcspn(text, ",");

		if (!take_name(p->members[p->n_members], text, len))
			return false;
		p->n_members++;
		if (text[len] == '\0')
			return p->n_members > 1;
		text += len + 1;
	}
	return false;
}

static bool take_external(struct proposal *p, const char *text)
{
	p->has_no_external = strcmp(text, "none") == 0;
	p->external[0] = '\0';
	return p->has_no_external || take_name(p->external, text, strlen(text));
}

static bool take_address(struct proposal *p, const char *text)
{
	struct ipv4_net net;

	if (ipv4_net_parse(text, &net) < 0 || net.addr == ipv4_net_first(net) ||
		net.addr == ipv4_net_broadcast(net))
		return false;
	if (net.addr != p->address.addr || net.len != p->address.len)
		p->pool = (struct ipv4_range){0}; /* it belongs to the other one */
	p->address = net;
	return true;
}

static bool take_pool(struct proposal *p, const char *text)
{
	const char *dash = strchr(text, '-');
	char first[IPV4_TEXT_SIZE] = "";

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	return ipv4_parse(first, &p->pool.first) == 0 && ipv4_parse(dash + 1, &p->pool.last) == 0 &&
	       p->pool.first <= p->pool.last;
}

static bool take_mode(struct proposal *p, const char *text)
{
	for (enum bond_mode m = BOND_ACTIVE_BACKUP; m <= BOND_BALANCE_RR; m++)
		if (strcmp(bond_mode_name(m), text) == 0) {
			p->mode = m;
			return true;
		}
	return false;
}

static bool take_image(struct proposal *p, const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash != text && slash[1] && !strpbrk(text, " \t") &&
	       snprintf(p->image, sizeof(p->image), "%s", text) < (int)sizeof(p->image);
}

/* What may be said, in the order in which it is asked. */
static const struct {
	const char *option, *question, *wanted;
	bool (*take)(struct proposal *p, const char *text);
} answers[] = {
	{"cluster", "Name of the cluster", "a name of lower-case letters, digits and hyphens",
		take_label},
	{"domain", "Domain of its nodes", "a domain such as acm.internal", take_domain},
	{"external", "Interface that leads outward (or none)", "an interface's name, or none",
		take_external},
	{"internal", "Interface of the internal network (A,B: a bond of both)",
		"an interface's name, or several with commas", take_internal},
	{"bond-mode", NULL, "active-backup, 802.3ad, balance-xor or balance-rr", take_mode},
	{"address", "This machine's address there",
		"an address with prefix length such as "
		"10.10.0.1/24",
		take_address},
	{"pool", "Addresses for machines that are no nodes yet", "FIRST-LAST", take_pool},
	{"image", "What nodes boot", "NAME/VERSION", take_image},
};

static int take_options(const struct cli *cli, struct proposal *p)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const char *text = cli_value(cli, answers[i].option);

		if (text && !answers[i].take(p, text)) {
			cli_complain(cli, "--%s: \"%.80s\" is not %s", answers[i].option, text,
				answers[i].wanted);
			return CLI_USAGE;
		}
	}
	return CLI_OK;
}

/* What is proposed, as one would type it. */
static void proposed(const struct proposal *p, const char *option, struct str *out)
{
	char net[IPV4_NET_TEXT_SIZE], first[IPV4_TEXT_SIZE], last[IPV4_TEXT_SIZE];

	str_reset(out);
	if (strcmp(option, "cluster") == 0)
		str_add(out, p->cluster);
	else if (strcmp(option, "domain") == 0)
		str_add(out, p->domain);
	else if (strcmp(option, "external") == 0)
		str_add(out, p->external[0] ? p->external : "none");
	else if (strcmp(option, "address") == 0)
		str_add(out, ipv4_net_text(p->address, net));
	else if (strcmp(option, "pool") == 0)
		str_printf(out, "%s-%s", ipv4_text(p->pool.first, first),
			ipv4_text(p->pool.last, last));
	else if (strcmp(option, "image") == 0)
		str_add(out, p->image);
	else if (p->n_members == 0)
		str_add(out, p->internal);
	for (size_t i = 0; strcmp(option, "internal") == 0 && i < p->n_members; i++)
		str_printf(out, "%s%s", i ? "," : "", p->members[i]);
}

/* Asks one question until the answer makes sense. False when nobody answers. */
static bool ask(struct proposal *p, size_t which)
{
	AUTO(str_done) struct str preset = str_init(PROPOSAL_TEXT_SIZE);

	proposed(p, answers[which].option, &preset);
	for (int tries = 0; tries < ANSWER_TRIES; tries++) {
		char line[PROPOSAL_TEXT_SIZE];

		(void)fprintf(stderr, "%s [%s]: ", answers[which].question, str_text(&preset));
		if (!fgets(line, sizeof(line), stdin))
			return false;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || answers[which].take(p, line))
			return true;
		(void)fprintf(stderr, "That is not %s.\n", answers[which].wanted);
	}
	return false;
}

/* --- what can be found out ------------------------------------------------------------------------ */

/* The newest whole image of the store. */
static void find_image(const struct cli *cli, struct proposal *p)
{
	AUTO(free_p) struct images_entry *list = NULL;
	AUTO(close_p) int store = dir_open(cli_value(cli, "store"));
	char text[IMAGE_ID_SIZE];
	size_t n = 0;

	if (p->image[0])
		return;
	(void)snprintf(p->image, sizeof(p->image), "%s", IMAGE_PRESET);
	if (store < 0 || images_list(store, &list, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].state == IMAGES_WHOLE)
			(void)snprintf(
				p->image, sizeof(p->image), "%s", image_id_text(&list[i].id, text));
}

static bool read_key(const char *path, struct proposal *p)
{
	AUTO(free_p) char *text = NULL;
	size_t len;

	if (file_read(AT_FDCWD, path, FILE_BYTES_MAX, &text, &len) < 0)
		return false;
	text[strcspn(text, "\r\n")] = '\0';
	str_defang(text);
	return strstr(text, " AAAA") &&
	       snprintf(p->ssh_key, sizeof(p->ssh_key), "%s", text) < (int)sizeof(p->ssh_key);
}

static int find_key(const struct cli *cli, struct proposal *p)
{
	static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
	const char *given = cli_value(cli, "ssh-key"), *home = getenv("HOME");

	if (given && !read_key(given, p)) {
		cli_complain(cli, "--ssh-key: %s holds no public key", given);
		return CLI_FAILED;
	}
	for (size_t i = 0; home && !p->ssh_key[0] && i < ARRAY_LEN(names); i++) {
		AUTO(str_done) struct str path = str_init(512);

		str_printf(&path, "%s/.ssh/%s.pub", home, names[i]);
		if (!read_key(str_text(&path), p))
			p->ssh_key[0] = '\0';
	}
	return CLI_OK;
}

static int propose(const struct cli *cli, const struct surroundings *s, struct proposal *p)
{
	struct err e;
	int rc = proposal_make(p, s->nics, s->n, &e);

	if (rc == 0)
		return CLI_OK;
	cli_complain(cli, "%s", e.msg);
	return CLI_FAILED;
}

/* After each answer what follows from it is proposed anew. */
static int ask_all(const struct cli *cli, const struct surroundings *s, struct proposal *p)
{
	int rc = CLI_OK;

	show_interfaces(s);
	for (size_t i = 0; rc == CLI_OK && i < ARRAY_LEN(answers); i++) {
		if (!answers[i].question)
			continue;
		if (!ask(p, i)) {
			cli_complain(cli, "no answer, so nothing is written");
			return CLI_FAILED;
		}
		rc = propose(cli, s, p);
	}
	return rc;
}

static int fill(const struct cli *cli, const struct surroundings *s, struct proposal *p)
{
	int rc = take_options(cli, p);

	if (rc == CLI_OK)
		rc = find_key(cli, p);
	find_image(cli, p);
	if (rc == CLI_OK)
		rc = propose(cli, s, p);
	if (rc != CLI_OK || cli_has(cli, "yes") || !isatty(STDIN_FILENO))
		return rc;
	return ask_all(cli, s, p);
}

/* --- the file ------------------------------------------------------------------------------------- */

/* What was asked for may not fit together; then it is said before anything is written. */
static int check_text(const struct cli *cli, const char *path, const struct str *text)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct err_list errors = {0};
	struct cluster *c;

	if (cluster_load(a, path, str_text(text), text->len, &c, &errors) == 0)
		return CLI_OK;
	err_list_print(&errors, stderr);
	cli_complain(cli, "nothing is written");
	return CLI_CONFIG;
}

static int write_file(const struct cli *cli, const char *path, const struct str *text)
{
	AUTO(free_p) char *folder = path_folder(path);
	AUTO(close_p) int dir = dir_open(folder);
	int rc = dir;

	if (dir == -ENOENT) {
		rc = dir_make(folder, 0755, geteuid(), getegid());
		dir = rc < 0 ? rc : dir_open(folder);
		rc = dir;
	}
	if (rc >= 0)
		rc = file_write(dir, path_name(path), str_text(text), text->len, 0644);
	if (rc < 0) {
		cli_complain(cli, "%s: %s", path, strerror(-rc));
		return CLI_FAILED;
	}
	(void)fprintf(stderr,
		"%s is written. What next:\n"
		"  slipway images fetch flatcar   brings an image; name it below image:\n"
		"  slipway check                  says whether all of it fits and renders\n"
		"  slipway serve                  starts; then power a machine on\n"
		"  slipway nodes                  shows it waiting: give it a name below nodes:\n",
		path);
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	const char *path = cli_value(cli, "config");
	bool to_stdout = strcmp(path, "-") == 0;
	AUTO(surroundings_done) struct surroundings s = {0};
	AUTO(str_done) struct str text = str_init(FILE_BYTES_MAX);
	struct proposal p = {0};
	struct err e;

	if (!to_stdout && !cli_has(cli, "force") && access(path, F_OK) == 0) {
		cli_complain(cli, "%s is there already (--force writes over it)", path);
		return CLI_FAILED;
	}
	if (look_around(&s, &e) < 0) {
		cli_complain(cli, "%s", e.msg);
		return CLI_FAILED;
	}
	int rc = fill(cli, &s, &p);
	if (rc != CLI_OK)
		return rc;
	proposal_write(&p, &text);
	rc = check_text(cli, to_stdout ? "cluster.yaml" : path, &text);
	if (rc != CLI_OK)
		return rc;
	if (!to_stdout)
		return write_file(cli, path, &text);
	(void)fputs(str_text(&text), stdout);
	return CLI_OK;
}

const struct cli_command cmd_init = {
	.name = "init",
	.args = "",
	.summary = "write a first cluster.yaml from a few questions",
	.detail = "Looks at the interfaces of this machine and proposes which are the internal "
		  "network, and "
		  "whether several make a bond. Without a terminal nothing is asked. Nothing is "
		  "written over, and nothing that would not pass `slipway check`.",
	.options = options,
	.run = run,
};
