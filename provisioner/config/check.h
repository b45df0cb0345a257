/* check.h - what no single key of a cloud-config can tell: whether they agree with each other.
 *
 * Runs on a model whose every value has passed its rule. Decodes the content of files on the way:
 * whether it can be decoded is part of the question. */
#ifndef SLIPWAY_CONFIG_CHECK_H
#define SLIPWAY_CONFIG_CHECK_H

#include "provisioner/config/cloudconfig.h"

void check_model(struct arena *a, struct cloudconfig *c, struct err_list *errors);

#endif
