#include "provisioner/generation/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/image_check.h"
#include "provisioner/generation/inputs.h"
#include "provisioner/generation/publish_loaded.h"
#include "provisioner/generation/rendered.h"
#include "provisioner/generation/shared.h"

#define ARENA_BYTES_MAX ((size_t)512 << 20)
#define SUM_BYTES_MAX ((size_t)64 << 20)

/* --- what stands in a generation ------------------------------------------------------------------ */

static void describe_bond(const struct cluster_bond *b, struct str *out)
{
	str_printf(out, " bond %s %s %s %" PRId64 " %s", b->name,
		bond_mode_name((enum bond_mode)b->mode), b->lacp_fast ? "fast" : "slow",
		b->miimon_ms, b->hash_policy);
	for (uint32_t i = 0; i < b->members.n; i++)
		str_printf(out, " %s", b->members.items[i]);
}

void publish_listening(const struct cluster *c, char ret[static ARCHIVE_LISTENING_SIZE])
{
	const struct cluster_internal *i = &c->network.internal;
	AUTO(str_done) struct str text = str_init(ARCHIVE_LISTENING_SIZE - 1);
	char address[IPV4_NET_TEXT_SIZE];

	str_printf(&text, "%s %s http %u https %u join %u tftp %s%s", i->interface,
		ipv4_net_text(i->address, address), c->ports.http, c->ports.https, c->ports.join,
		c->tftp.backend == TFTP_HPA ? "tftpd-hpa" : "builtin",
		c->tftp.single_port ? " single-port" : "");
	if (i->bond)
		describe_bond(i->bond, &text);
	memcpy(ret, str_text(&text),
		text.len + 1); /* of a bond with very many members, not the last */
}

/* --- what is on disk ------------------------------------------------------------------------------ */

int publish_read(const struct publish_order *o, struct cluster_files *ret, struct err_list *errors)
{
	int rc = cluster_files_read(o->config_dir, o->config_name, ret, errors);

	if (rc == -EACCES)
		err_list_add(errors, (struct mark){0}, "workers do not run as root");
	if (rc == 0 && o->state_dir)
		rc = cluster_files_add_enrolled(ret, o->state_dir, "", errors);
	return rc;
}

struct comparing {
	const struct cluster_files *files;
	size_t at;
};

/* 1 ends the walk: they differ. */
static int compare_input(const char *name, const struct str *text, void *arg)
{
	struct comparing *c = arg;

	if (c->at == c->files->n)
		return 1;
	const struct cluster_text *t = &c->files->texts[c->at++];

	return strcmp(name, t->name) != 0 || text->len != t->len ||
	       memcmp(str_text(text), t->text, t->len) != 0;
}

bool publish_differs(struct archive *a, int64_t number, const struct publish_order *where)
{
	struct err_list *ignored = xcalloc(1, sizeof(*ignored));
	struct cluster_files files = {0};
	struct comparing c = {.files = &files};

	int rc = publish_read(where, &files, ignored);
	if (rc == 0)
		rc = archive_files_each(a, number, ARCHIVE_INPUT, compare_input, &c);
	bool differs = rc != 0 || c.at != files.n;
	cluster_files_done(&files);
	free(ignored);
	return differs;
}

/* --- describing ----------------------------------------------------------------------------------- */

static void describe(const struct cluster *c, const struct publish_order *o, int64_t last,
	struct archive_generation *ret)
{
	const struct cluster_image *image = &c->settings->image;

	*ret = (struct archive_generation){
		.number = o->is_draft ? ARCHIVE_DRAFT
				      : (last > o->number_above ? last : o->number_above) + 1,
		.created_ms = o->now_ms,
		.n_nodes = c->n_nodes};
	(void)snprintf(ret->by, sizeof(ret->by), "%s", o->by);
	(void)snprintf(ret->summary, sizeof(ret->summary), "%u nodes, image %s/%s", c->n_nodes,
		image->distro, image->version);
	publish_listening(c, ret->listening);
}

static int put_inputs(struct archive *a, int64_t number, const struct cluster_text *texts, size_t n,
	struct str *sum)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		str_printf(sum, "%s %zu\n", texts[i].name, texts[i].len);
		str_addn(sum, texts[i].text, texts[i].len);
		rc = archive_put_file(
			a, number, ARCHIVE_INPUT, texts[i].name, texts[i].text, texts[i].len);
	}
	return rc;
}

static int hash_sum(const struct str *sum, struct archive_generation *ret)
{
	AUTO(str_done) struct str hex = str_init(sizeof(ret->hash));
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!str_ok(sum) || !EVP_Digest(str_text(sum), sum->len, digest, &n, EVP_sha256(), NULL) ||
		n != ARCHIVE_HASH_LEN)
		return -EIO;
	str_add_hex(&hex, digest, n);
	memcpy(ret->hash, str_text(&hex), sizeof(ret->hash));
	return 0;
}

/* --- publishing ----------------------------------------------------------------------------------- */

struct publishing {
	struct archive *archive;
	const struct publish_order *order;
	const struct publish_loaded *what;
	struct archive_generation last; /* number 0: there is none */
	struct rendered *rendered;
	struct str sum; /* all that the hash is over */
	struct err_list *errors;
};

static int render(struct publishing *p, struct generation **ret)
{
	const struct publish_order *o = p->order;
	struct generation_sink sink = {.arg = p->rendered,
		.find = rendered_find,
		.keep = rendered_keep,
		.put = rendered_put};
	struct generation_inputs in = {.cluster = p->what->cluster,
		.sources = {.config_dir = o->config_dir, .shipped_dir = o->templates_dir},
		.images_dir = o->images_dir,
		.facts = {.ca_fingerprint = o->ca_fingerprint}};

	return generation_build(&in, &sink, ret, p->errors);
}

/* Everything but the generation itself; *g gets its hash. */
static int put_all(struct publishing *p, struct archive_generation *g)
{
	struct generation *built;
	int rc = put_inputs(
		p->archive, g->number, p->what->files->texts, p->what->files->n, &p->sum);

	if (rc == 0)
		rc = rendered_new(p->archive, p->last.number, g->number, &p->rendered);
	if (rc < 0 || (rc = render(p, &built)) < 0)
		return rc;
	rc = shared_put(built, p->archive, g->number, &p->sum);
	generation_free(built);
	if (rc < 0)
		return rc;
	rendered_sum(p->rendered, &p->sum);
	g->n_changed = rendered_n_changed(p->rendered);
	return hash_sum(&p->sum, g);
}

/* Between begin and commit, or abort. */
static int publish_cluster(struct publishing *p, struct publish_result *ret)
{
	struct archive_generation *g = &ret->generation;

	describe(p->what->cluster, p->order, p->last.number, g);
	int rc = archive_begin(p->archive);
	if (rc < 0)
		return rc;
	if (p->order->is_draft)
		rc = archive_drop(p->archive, ARCHIVE_DRAFT);
	if (rc == 0)
		rc = put_all(p, g);
	ret->n_rendered = rc == 0 ? rendered_n_put(p->rendered) : 0;
	ret->is_new = rc == 0 && strcmp(g->hash, p->last.hash) != 0;
	if (ret->is_new && p->what->before_commit)
		rc = p->what->before_commit(p->what->arg);
	ret->is_new = ret->is_new && rc == 0;
	if (rc == 0 && !p->what->is_trial && (ret->is_new || p->order->is_draft))
		return archive_commit(p->archive, g);
	archive_abort(p->archive);
	*g = p->last;
	return rc;
}

/* There is always a word on what went wrong. */
static int complain(struct archive *a, int rc, struct err_list *errors)
{
	if (rc < 0 && errors->n == 0)
		err_list_add(errors, (struct mark){0}, "generations.db: %s",
			archive_reason(a)[0] ? archive_reason(a) : strerror(-rc));
	return rc;
}

int publish_loaded(struct archive *a, const struct publish_order *o,
	const struct publish_loaded *what, struct publish_result *ret, struct err_list *errors)
{
	struct publishing p = {.archive = a, .order = o, .what = what, .errors = errors};
	int rc = archive_last(a, NULL, &p.last);

	if (rc < 0 && rc != -ENOENT)
		return complain(a, rc, errors);
	p.sum = str_init(SUM_BYTES_MAX);
	rc = publish_cluster(&p, ret);
	str_done(&p.sum);
	rendered_free(p.rendered);
	return complain(a, rc, errors);
}

/* What is to be published: as it is on disk, or as it was. */
static int read_inputs(struct archive *a, const struct publish_order *o, struct cluster_files *ret,
	struct err_list *errors)
{
	struct err e;

	if (o->inputs_of == 0)
		return publish_read(o, ret, errors);
	int rc = inputs_read(a, o->inputs_of, ret, &e);
	if (rc < 0)
		err_list_add_err(errors, &e);
	return rc;
}

int publish_config(struct archive *a, const struct publish_order *o, struct publish_result *ret,
	struct err_list *errors)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	struct cluster_files files = {0};
	struct publish_loaded what = {.files = &files};

	int rc = read_inputs(a, o, &files, errors);
	if (rc == 0)
		rc = cluster_load_texts(arena, files.texts, files.n, &what.cluster, errors);
	if (rc == 0)
		rc = publish_loaded(a, o, &what, ret, errors);
	cluster_files_done(&files);
	return complain(a, rc, errors);
}

/* --- again ---------------------------------------------------------------------------------------- */

static int put_again(struct archive *a, const struct archive_generation *of, int64_t last,
	struct archive_generation *g)
{
	struct rendered *r = NULL;
	int rc = archive_copy_files(a, of->number, g->number);

	if (rc == 0)
		rc = rendered_new(a, last, g->number, &r);
	if (rc == 0)
		rc = rendered_again(r, of->number);
	if (rc == 0)
		g->n_changed = rendered_n_changed(r);
	rendered_free(r);
	return rc;
}

/* Nodes refuse a provisioner that has another CA than they were told of, and boot nothing without their image. */
static int check_again(struct archive *a, const struct archive_generation *of,
	const struct publish_order *o, struct err *e)
{
	struct generation *g;
	int rc = generation_open(a, of, &g, e);

	if (rc < 0)
		return rc;
	if (g->ca_fingerprint[0] && strcmp(g->ca_fingerprint, o->ca_fingerprint) != 0)
		rc = err_msg(e, -EINVAL,
			"the nodes of generation %" PRId64
			" trust a CA that is not the one of this server any more, and could not "
			"join:"
			" put its cluster.yaml back and apply that (slipway generations show "
			"%" PRId64 " prints it)",
			of->number, of->number);
	else if (o->images_dir >= 0)
		rc = image_check(g, o->images_dir, e);
	generation_free(g);
	return rc;
}

int publish_again(struct archive *a, int64_t number, const struct publish_order *o,
	struct publish_result *ret, struct err *e)
{
	struct archive_generation *g = &ret->generation, of = {0}, last = {0};
	int rc = archive_find(a, number, &of);

	if (rc == -ENOENT || number == ARCHIVE_DRAFT)
		return err_msg(e, -ENOENT,
			"there is no generation %" PRId64 " (slipway generations lists them)",
			number);
	if (rc == 0)
		rc = archive_last(a, NULL, &last);
	if (rc < 0)
		return err_msg(e, rc, "generations.db: %s", archive_reason(a));
	*ret = (struct publish_result){.generation = last};
	if (strcmp(of.hash, last.hash) == 0)
		return 0;
	if ((rc = check_again(a, &of, o, e)) < 0)
		return rc;
	*g = of;
	g->number = (last.number > o->number_above ? last.number : o->number_above) + 1;
	g->created_ms = o->now_ms;
	g->rolled_back_to = number;
	(void)snprintf(g->by, sizeof(g->by), "%s", o->by);
	if ((rc = archive_begin(a)) == 0 && (rc = put_again(a, &of, last.number, g)) < 0)
		archive_abort(a);
	else if (rc == 0)
		rc = archive_commit(a, g);
	if (rc < 0)
		return err_msg(e, rc, "generations.db: %s", archive_reason(a));
	ret->is_new = true;
	return 0;
}
