#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/fetch/fetch.h"
#include "netboot/images/verify.h"
#include "provisioner/base/human.h"
#include "provisioner/base/parse.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/progress.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)
#define PAUSE_MS 1000
#define STALL_S 30

static const struct cli_option options[] = {
	{"channel", 0, "CHANNEL", NULL,
		"stable, beta, ... or a version; the distribution's usual one"},
	{"stream", 0, "STREAM", NULL, "the same, as Fedora calls it"},
	{"arch", 0, "ARCH", "x86_64", "x86_64 or aarch64, or the mirror's word for it"},
	{"base-url", 0, "URL", NULL, "a mirror of your own, laid out like the real one"},
	{"ca", 0, "FILE", NULL, "PEM file of authorities that mirror's certificate may come from"},
	{"disk", 0, NULL, NULL, "also the image for an installation to disk"},
	{"retries", 0, "N", "5", "how often what fails is tried again"},
	IMAGES_KEYRING_OPTION,
	IMAGES_INSECURE_OPTION,
	IMAGES_STORE_OPTION,
	IMAGES_TEMPLATES_OPTION,
	IMAGES_CONFIG_OPTION,
	{.name = NULL},
};

/* What callbacks are told; one bar for loading, then one for checking. */
struct show {
	struct progress bar;
	bool is_checking;
	char what[IMAGE_ID_SIZE + 16];
};

static void on_progress(void *arg, uint64_t done, uint64_t total, uint64_t kept)
{
	struct show *s = arg;

	s->bar.done_at_start = kept;
	progress_set(&s->bar, done, total);
}

static void on_measured(void *arg, size_t bytes)
{
	struct show *s = arg;

	if (!s->is_checking) {
		progress_end(&s->bar);
		s->bar = progress_begin(stderr, "checking", 0);
		s->is_checking = true;
	}
	progress_add(&s->bar, bytes);
}

static void say(void *arg, const char *text)
{
	struct show *s = arg;

	progress_note(&s->bar, text);
}

/* NAME or NAME/VERSION. */
static int take_name(
	const struct cli *cli, struct arena *a, const char **ret_name, const char **ret_version)
{
	const char *slash = strchr(cli->args[0], '/');
	const char *name = slash ? arena_strndup(a, cli->args[0], (size_t)(slash - cli->args[0]))
				 : cli->args[0];

	if (!name || !image_word_is_legal(name, IMAGE_NAME_SIZE) ||
		(slash && !image_word_is_legal(slash + 1, IMAGE_VERSION_SIZE))) {
		cli_complain(cli, "\"%.80s\" is not a distribution, nor DISTRIBUTION/VERSION",
			cli->args[0]);
		return CLI_USAGE;
	}
	*ret_name = name;
	*ret_version = slash ? slash + 1 : NULL;
	return CLI_OK;
}

/* A channel of the mirror's, or a version of its usual one. */
static int take_channel(const struct cli *cli, struct fetch *f)
{
	const char *given =
		cli_has(cli, "stream") ? cli_value(cli, "stream") : cli_value(cli, "channel");
	const struct mirror *m = f->rules.mirror;

	f->values.channel = m->channels[0];
	if (!given)
		return CLI_OK;
	if (mirror_has_channel(m, given)) {
		f->values.channel = given;
		return CLI_OK;
	}
	if (given[0] >= '0' && given[0] <= '9' && !f->values.version &&
		image_word_is_legal(given, IMAGE_VERSION_SIZE)) {
		f->values.version = given;
		return CLI_OK;
	}
	cli_complain(cli, "--channel: %s has no channel \"%.40s\"%s", f->rules.distro->name, given,
		err_did_you_mean(given, m->channels).text);
	return CLI_USAGE;
}

static int take_options(const struct cli *cli, struct fetch *f)
{
	const char *base = cli_value(cli, "base-url");
	uint32_t retries;

	if (parse_u32(cli_value(cli, "retries"), 0, 100, &retries) < 0) {
		cli_complain(cli, "--retries: \"%.40s\" is not a number from 0 to 100",
			cli_value(cli, "retries"));
		return CLI_USAGE;
	}
	if (base && strncmp(base, "http://", 7) != 0 && strncmp(base, "https://", 8) != 0) {
		cli_complain(cli, "--base-url: \"%.80s\" is not an http or https URL", base);
		return CLI_USAGE;
	}
	f->values.base = base;
	f->net.retries = retries;
	f->net.pause_ms = PAUSE_MS;
	f->net.stall_s = STALL_S;
	f->net.ca = cli_value(cli, "ca");
	f->with_disk = cli_has(cli, "disk");
	f->values.board = mirror_board(f->rules.mirror, cli_value(cli, "arch"), &f->values.arch);
	if (f->values.board)
		return take_channel(cli, f);
	cli_complain(cli, "--arch: %s is not made for \"%.40s\"", f->rules.distro->name,
		cli_value(cli, "arch"));
	return CLI_USAGE;
}

/* Whole, right, and as trusted as is asked for: then there is nothing to do. */
static bool is_there(const struct fetch *f, const struct image_id *id, struct manifest *m)
{
	AUTO(close_p) int dir = images_folder(f->store, id);
	struct admit_files files;
	struct err e;

	if (dir < 0 || images_manifest(f->store, id, m, &e) < 0 ||
		(!m->signer[0] && !f->rules.insecure) ||
		admit_files(f->rules.arena, f->rules.distro, id->version, &files, &e) < 0 ||
		(f->with_disk && files.n > files.n_needed &&
			!manifest_find(m, files.names[files.n_needed])))
		return false;
	return images_verify_files(dir, m, NULL, &e) == 0;
}

static int fetch(const struct cli *cli, struct fetch *f, struct show *show)
{
	AUTO(free_p) struct manifest *m = xcalloc(1, sizeof(*m));
	char name[IMAGE_ID_SIZE], bytes[HUMAN_SIZE];
	struct image_id id;
	struct err e;

	int rc = fetch_resolve(f, &id, &e);
	if (rc < 0) {
		(void)images_failed(cli, &e, rc);
		return CLI_FAILED;
	}
	(void)image_id_text(&id, name);
	if (is_there(f, &id, m)) {
		printf("%s is there already; signer: %s\n", name, manifest_signer(m->signer));
		return CLI_OK;
	}
	memcpy(show->what, name, sizeof(name));
	show->bar = progress_begin(stderr, show->what, 0);
	rc = fetch_image(f, &id, m, &e);
	progress_end(&show->bar);
	if (rc < 0) {
		(void)images_failed(cli, &e, rc);
		return CLI_FAILED;
	}
	printf("%s: %zu files, %s; signer: %s\n", name, m->n_files,
		human_bytes(manifest_bytes(m), bytes), manifest_signer(m->signer));
	if (!m->signer[0])
		cli_complain(cli, "%s is unverified: nothing proves who made it", name);
	return CLI_OK;
}

static int run(const struct cli *cli)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_BYTES_MAX);
	struct show show = {.what = "looking for the newest version"};
	struct fetch f = {.store = -1,
		.measured = on_measured,
		.net = {.progress = on_progress, .note = say, .arg = &show}};
	struct distro distro;
	struct mirror mirror;
	const char *name;
	struct err e;

	int rc = take_name(cli, a, &name, &f.values.version);
	if (rc != CLI_OK)
		return rc;
	if ((rc = images_load_distro(cli, a, name, &distro, &e)) < 0 ||
		(rc = mirror_read(&distro, &mirror, &e)) < 0)
		return images_failed(cli, &e, rc);
	f.rules = (struct admit_rules){.arena = a,
		.distro = &distro,
		.mirror = &mirror,
		.keyring = images_keyring(cli, a, name),
		.insecure = cli_has(cli, "insecure"),
		.say = say,
		.arg = &show};
	rc = take_options(cli, &f);
	if (rc != CLI_OK)
		return rc;
	if ((rc = admit_check_keys(&f.rules, &e)) < 0) /* before a byte is loaded */
		return images_failed(cli, &e, rc);
	AUTO(close_p) int store = images_open_store(cli, /* make= */ true);
	if (store < 0)
		return CLI_FAILED;
	f.store = store;
	show.bar = progress_begin(stderr, show.what, 0);
	return fetch(cli, &f, &show);
}

const struct cli_command cmd_images_fetch = {
	.name = "images fetch",
	.args = "DISTRIBUTION[/VERSION]",
	.summary = "load an image from its distribution's mirror, and check who signed it",
	.detail = "What it has loaded when it is broken off is gone on with the next time.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
