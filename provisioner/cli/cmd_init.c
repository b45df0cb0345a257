#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/str.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/proposal.h"
#include "provisioner/cli/proposal_answers.h"
#include "provisioner/cli/table.h"
#include "provisioner/generation/generation.h"
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
	{"templates", 0, "DIR", SLIPWAY_DATADIR "/templates",
		"shipped templates, by which what is written is checked"},
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

static int take_options(const struct cli *cli, struct proposal *p)
{
	for (size_t i = 0; i < PROPOSAL_ANSWERS; i++) {
		const char *text = cli_value(cli, proposal_answers[i].option);

		if (text && !proposal_answers[i].take(p, text)) {
			cli_complain(cli, "--%s: \"%.80s\" is not %s", proposal_answers[i].option,
				text, proposal_answers[i].wanted);
			return CLI_USAGE;
		}
	}
	return CLI_OK;
}

/* --- whether it fits together --------------------------------------------------------------------- */

/* All that `slipway check` does, where the shipped templates are. */
static int build_text(const struct cli *cli, struct cluster *c, struct err_list *errors)
{
	AUTO(close_p) int templates = dir_open(cli_value(cli, "templates"));
	struct generation_inputs in = {.cluster = c,
		.sources = {.config_dir = templates, .shipped_dir = templates},
		.images_dir = -1,
		.facts = {.ca_fingerprint = ""}};
	struct generation_sink sink = {.put = NULL};
	struct generation *g;

	if (templates < 0)
		return 0;
	int rc = generation_build(&in, &sink, &g, errors);
	if (rc == 0)
		generation_free(g);
	return rc;
}

/* Says what does not fit together, if anything. */
static int check_proposal(const struct cli *cli, const struct proposal *p, struct str *ret_text)
{
	const char *path = cli_value(cli, "config");
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct err_list errors = {0};
	struct cluster *c;

	str_reset(ret_text);
	proposal_write(p, ret_text);
	int rc = cluster_load(a, strcmp(path, "-") == 0 ? "cluster.yaml" : path, str_text(ret_text),
		ret_text->len, &c, &errors);
	if (rc == 0)
		rc = build_text(cli, c, &errors);
	if (rc == 0)
		return CLI_OK;
	err_list_print(&errors, stderr);
	return CLI_CONFIG;
}

static bool is_there(const struct surroundings *s, const char *name)
{
	for (size_t i = 0; i < s->links.n; i++)
		if (strcmp(s->links.list[i].name, name) == 0)
			return true;
	return false;
}

/* The file may be meant for another machine, or for a card that comes later. */
static void warn_of_absent(
	const struct cli *cli, const struct surroundings *s, const struct proposal *p)
{
	const char *names[PROPOSAL_MEMBERS_MAX + 2] = {p->external};
	size_t n = 1;

	if (p->n_members == 0)
		names[n++] = p->internal;
	for (size_t i = 0; i < p->n_members; i++)
		names[n++] = p->members[i];
	for (size_t i = 0; i < n; i++)
		if (names[i][0] && !is_there(s, names[i]))
			cli_complain(cli, "warning: this machine has no interface %s", names[i]);
}

/* --- questions ------------------------------------------------------------------------------------ */

/* Takes an answer and what follows from it. False, with the reason said, when it makes no sense. */
static bool take_answer(const struct cli *cli, const struct surroundings *s, struct proposal *p,
	const struct proposal_answer *a, const char *line)
{
	AUTO(str_done) struct str text = str_init(FILE_BYTES_MAX);
	struct err e;

	if (line[0] && !a->take(p, line)) {
		(void)fprintf(stderr, "That is not %s.\n", a->wanted);
		return false;
	}
	int rc = proposal_make(p, s->nics, s->n, &e);
	if (rc == -ENODEV)
		return true; /* the interface is asked for, or was */
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", e.msg);
	return rc == 0 && check_proposal(cli, p, &text) == CLI_OK;
}

/* Asks one question until the answer makes sense. False when nobody answers. */
static bool ask(const struct cli *cli, const struct surroundings *s, struct proposal *p,
	const struct proposal_answer *a)
{
	AUTO(str_done) struct str preset = str_init(PROPOSAL_TEXT_SIZE);

	proposal_answer_text(p, a->option, &preset);
	for (int tries = 0; tries < ANSWER_TRIES; tries++) {
		struct proposal next = *p;
		char line[PROPOSAL_TEXT_SIZE];

		(void)fprintf(stderr, "%s [%s]: ", a->question, str_text(&preset));
		if (!fgets(line, sizeof(line), stdin))
			return false;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] && preset.len == 0) {
			(void)fprintf(stderr, "Here belongs %s.\n", a->wanted);
			continue;
		}
		if (take_answer(cli, s, &next, a, line)) {
			*p = next;
			return true;
		}
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

/* What follows from the interfaces and from each answer is proposed with the next question. */
static int ask_all(const struct cli *cli, const struct surroundings *s, struct proposal *p)
{
	struct err e;

	show_interfaces(s);
	if (proposal_make(p, s->nics, s->n, &e) < 0 && e.msg[0])
		(void)fprintf(stderr, "%s\n", e.msg);
	for (size_t i = 0; i < PROPOSAL_ANSWERS; i++) {
		if (!proposal_answers[i].question || ask(cli, s, p, &proposal_answers[i]))
			continue;
		cli_complain(cli, "no answer that makes sense, so nothing is written");
		return CLI_FAILED;
	}
	return propose(cli, s, p);
}

static int fill(const struct cli *cli, const struct surroundings *s, struct proposal *p)
{
	int rc = take_options(cli, p);

	if (rc == CLI_OK)
		rc = find_key(cli, p);
	find_image(cli, p);
	if (rc != CLI_OK)
		return rc;
	return cli_has(cli, "yes") || !isatty(STDIN_FILENO) ? propose(cli, s, p)
							    : ask_all(cli, s, p);
}

/* --- the file ------------------------------------------------------------------------------------- */

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
	rc = check_proposal(cli, &p, &text);
	if (rc != CLI_OK) {
		cli_complain(cli, "nothing is written");
		return rc;
	}
	warn_of_absent(cli, &s, &p);
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
