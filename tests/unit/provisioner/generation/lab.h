/* lab.h - a small cluster rendered from the shipped templates, for the tests of this room. */
#ifndef SLIPWAY_TESTS_GENERATION_LAB_H
#define SLIPWAY_TESTS_GENERATION_LAB_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/generation/generation.h"

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

/* The folder of cluster.yaml in these tests: empty, so that all templates are the shipped ones. */
static inline int lab_build_from(const char *yaml, int config_dir, int images_dir, int64_t last,
	const char *last_hash, struct generation **ret, struct err_list *errors)
{
	struct arena *a = arena_new((size_t)64 << 20);
	int templates = dir_open("templates");
	struct cluster *c;

	int rc = cluster_load(a, "cluster.yaml", yaml, strlen(yaml), &c, errors);
	if (rc == 0) {
		struct generation_inputs in = {.cluster = c,
			.sources = {.config_dir = config_dir, .shipped_dir = templates},
			.images_dir = images_dir,
			.facts = {.ca_fingerprint = LAB_SHA256, .agent_sha256 = LAB_SHA256},
			.last_number = last,
			.last_hash = last_hash};
		rc = generation_build(&in, a, ret, errors);
	}
	if (rc < 0) {
		arena_free(a);
		(void)close(templates);
	}
	return rc;
}

#endif
