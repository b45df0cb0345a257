/* sections.h - what the sections of `coreos:` leave on a node's disk: drop-ins and option files.
 *
 * coreos-cloudinit writes them below /run at every boot; Ignition puts them below /etc, once. */
#ifndef SLIPWAY_CONFIG_SECTIONS_H
#define SLIPWAY_CONFIG_SECTIONS_H

#include "provisioner/config/plan.h"

/* 0, with what can not be said added to the plan's errors, or -E2BIG when its arena is full. */
int sections_plan(struct plan *p, const struct cloudconfig *c) MUST_USE;

#endif
