/* check_settings.h - whether the settings of nodes fit the nodes and each other.
 *
 * Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_CHECK_SETTINGS_H
#define SLIPWAY_CLUSTER_CHECK_SETTINGS_H

#include "provisioner/base/err.h"

struct cluster;

void check_settings(const struct cluster *c, struct err_list *errors);

#endif
