/* boot_tls.h - the key and the certificate with which netboot serves boot HTTP under TLS.
 *
 * The operator's own file, or one that the cluster's CA issues. netboot gets it in a sealed memfd and can prove with it
 * that it is this server of files: it joins no node, and signs nothing. */
#ifndef SLIPWAY_DAEMON_BOOT_TLS_H
#define SLIPWAY_DAEMON_BOOT_TLS_H

#include "provisioner/base/err.h"

struct ca;
struct cluster;

/* A memfd; -ENOENT: none is wanted; another errno with *e. `config_dir` is the folder of cluster.yaml. */
int boot_tls_open(
	const struct ca *ca, const struct cluster *c, int config_dir, struct err *e) MUST_USE;

#endif
