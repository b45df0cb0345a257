/* answer_config.h - what a node's system reads at its first boot, for the boot that it belongs to.
 *
 * Ignition is given in the newest version that its Accept header names; cloud-init finds a seed. */
#ifndef SLIPWAY_GENERATION_ANSWER_CONFIG_H
#define SLIPWAY_GENERATION_ANSWER_CONFIG_H

#include "provisioner/generation/question.h"

struct store_boot;

/* Answers /n/NONCE/config and what stands below it. */
void answer_config(const struct question *q);

/* The configuration of a boot that has been found in another way. */
void answer_config_of(const struct question *q, const struct store_boot *boot);

bool answer_is_of_boot(const struct question *q, const struct store_boot *boot);

#endif
