/* emit.h - from the model to the language that a node's system reads: one row for each language.
 *
 * The same model gives the same bytes. What a language or its system can not say is an error at the
 * place where it was written, never dropped: that depends on the language, so it is found here and
 * not by cloudconfig_read(). */
#ifndef SLIPWAY_CONFIG_EMIT_H
#define SLIPWAY_CONFIG_EMIT_H

#include "provisioner/config/cloudconfig.h"

enum config_kind {
	CONFIG_COREOS = 1,    /* cloud-config for coreos-cloudinit as CoreOS had it */
	CONFIG_FLATCAR,       /* cloud-config for Flatcar's coreos-cloudinit */
	CONFIG_IGNITION,      /* Ignition, for systems with systemd-networkd: Flatcar */
	CONFIG_IGNITION_FCOS, /* Ignition for Fedora CoreOS, which has NetworkManager */
	CONFIG_CLOUD_INIT,    /* cloud-init's user-data */
	CONFIG_KINDS
};

/* The row with that name, as files of distributions write it. False: *ret is untouched. */
bool config_kind_find(const char *name, enum config_kind *ret);
const char *config_kind_name(enum config_kind kind);

/* All names, parted by commas, for messages. */
const char *config_kind_names(void);

/* What people call the language: "Ignition". */
const char *config_kind_title(enum config_kind kind);

/* What HTTP calls it. */
const char *config_media_type(enum config_kind kind);

/* Adds the text to `out`. 0; -EINVAL with `errors` filled and nothing added; or -E2BIG likewise. */
int config_emit(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors) MUST_USE;

/* The network as a document of its own, for the language that has it so: cloud-init's
 * network-config. Adds nothing for the others, and nothing where no interface is said. Likewise. */
int config_emit_network(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors) MUST_USE;

#endif
