/* fcos.h - what the sections of `coreos:` mean on Fedora CoreOS, which has other programs.
 *
 * Zincati takes the place of update-engine and locksmith. What has no successor is an error that
 * says what to do instead. */
#ifndef SLIPWAY_CONFIG_FCOS_H
#define SLIPWAY_CONFIG_FCOS_H

#include "provisioner/config/plan.h"

/* 0, with what can not be said added to the plan's errors, or -E2BIG when its arena is full. */
int fcos_plan(struct plan *p, const struct cloudconfig *c) MUST_USE;

#endif
