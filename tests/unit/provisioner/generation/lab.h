/* lab.h - a small cluster rendered from the shipped templates, for the tests of this room. */
#ifndef SLIPWAY_TESTS_GENERATION_LAB_H
#define SLIPWAY_TESTS_GENERATION_LAB_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/publish.h"
#include "tests/unit/test.h"

#define LAB_SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LAB_HEAD                                                                     \
	"cluster: lab\n"                                                             \
	"network: {internal: {interface: br0, address: 10.77.0.1/24}}\n"             \
	"dhcp: {pool: 10.77.0.100-10.77.0.199}\n"                                    \
	"image: lab/1\n"                                                             \
	"node-bond: {mode: active-backup}\n"                                         \
	"kernel-args: [quiet]\n"                                                     \
	"etcd: {seed: {/a: 1}}\n"                                                    \
	"roles:\n"                                                                   \
	"  master: {template: master.yaml, addons: [etcd], kernel-args: [role=m]}\n" \
	"  worker: {template: worker.yaml}\n"
#define LAB_NODES                                                                                 \
	"nodes:\n"                                                                                \
	"  - {name: m1, role: master, mac: [52:54:00:00:00:01, 52:54:00:00:00:02], address: "     \
	"10.77.0.11}\n"                                                                           \
	"  - {name: w1, role: worker, mac: 52:54:00:00:00:03, address: 10.77.0.12, kernel-args: " \
	"[node=w]}\n"

/* A place where generations are published. */
struct lab {
	char folder
		[64]; /* of cluster.yaml and of the archive: templates are the shipped ones, if it has none */
	struct archive *archive;
	struct publish_result result;
};

static inline int lab_begin(struct lab *l)
{
	struct err e;

	*l = (struct lab){.folder = "/tmp/slipway-lab.XXXXXX"};
	return mkdtemp(l->folder) ? archive_open(l->folder, /* is_writer= */ true, &l->archive, &e)
				  : -1;
}

static inline int lab_remove(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

static inline int lab_end(struct lab *l)
{
	archive_close(l->archive);
	return nftw(l->folder, lab_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the folder, with the folders it lies in. */
static inline void lab_put(const struct lab *l, const char *name, const char *text)
{
	char path[192];

	(void)snprintf(path, sizeof(path), "%s/%s", l->folder, name);
	for (char *slash = path + strlen(l->folder) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	(void)close(fd);
}

static inline struct publish_order lab_order(int config_dir, int templates_dir, int images_dir)
{
	return (struct publish_order){.config_dir = config_dir,
		.config_name = "cluster.yaml",
		.templates_dir = templates_dir,
		.images_dir = images_dir,
		.ca_fingerprint = LAB_SHA256,
		.by = "lab",
		.now_ms = 1000};
}

/* Publishes this cluster.yaml and opens it. */
static inline int lab_publish(struct lab *l, const char *yaml, int images_dir,
	struct generation **ret, struct err_list *errors)
{
	AUTO(close_p) int config = dir_open(l->folder);
	AUTO(close_p) int templates = dir_open("templates");
	struct publish_order order = lab_order(config, templates, images_dir);
	struct err e;

	lab_put(l, "cluster.yaml", yaml);
	int rc = publish_config(l->archive, &order, &l->result, errors);
	if (rc == 0 && (rc = generation_open(l->archive, &l->result.generation, ret, &e)) < 0)
		err_list_add_err(errors, &e);
	if (rc == 0)
		memcpy((*ret)->agent_sha256, LAB_SHA256, sizeof((*ret)->agent_sha256));
	return rc;
}

/* The place of the case that runs, and what was said of its cluster.yaml. */
static struct lab lab;
static struct err_list lab_errors;

static inline int lab_setup(void **state)
{
	(void)state;
	lab_errors = (struct err_list){0};
	return lab_begin(&lab);
}

static inline int lab_teardown(void **state)
{
	(void)state;
	return lab_end(&lab);
}

/* NULL when it is refused. */
static inline struct generation *lab_try(const char *yaml, int images_dir)
{
	struct generation *g = NULL;

	return lab_publish(&lab, yaml, images_dir, &g, &lab_errors) < 0 ? NULL : g;
}

static inline const char *lab_error(void)
{
	static char buf[1024];

	assert_true(lab_errors.n > 0);
	return err_text(&lab_errors.list[0], buf, sizeof(buf));
}

static inline struct generation *lab_build(const char *yaml)
{
	struct generation *g = lab_try(yaml, -1);

	if (!g) {
		fail_msg("%s", lab_error());
		abort();
	}
	return g;
}

/* What a node gets, good until the next call; NULL if it gets nothing. */
static inline const char *lab_text(
	const struct generation *g, const char *node, enum artefact_kind kind)
{
	static struct str text;

	str_done(&text);
	text = str_init(ARCHIVE_TEXT_MAX);
	return generation_text(g, node, kind, &text) == 0 ? str_text(&text) : NULL;
}

#endif
