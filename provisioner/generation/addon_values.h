/* addon_values.h - the parameters of an add-on: from what cluster.yaml says to what templates see. Pure.
 *
 * Each value is held against its type; what is not given has its default. An image's default goes
 * through the site's mirror; an image that the operator names is taken as written. */
#ifndef SLIPWAY_GENERATION_ADDON_VALUES_H
#define SLIPWAY_GENERATION_ADDON_VALUES_H

#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"
#include "templates/engine/value.h"

struct addon;

struct addon_values_input {
	const struct addon *addon;
	const char *path;             /* of `given`, in messages: "addons.docker" */
	const struct doc_node *given; /* a map, or NULL */
	const struct value *base; /* values that stay where `given` is silent; NULL: the defaults */
	const char *registry_mirror; /* or NULL */
	bool is_used;                /* whether required parameters must be there */
	struct mark used_at;         /* where that is said */
};

/* A map from each parameter's key to its value. Mistakes are added to `errors`. */
struct value addon_values(
	struct arena *a, const struct addon_values_input *in, struct err_list *errors);

/* quay.io/coreos/etcd:v3 by way of registry.acm:5000/mirror, in the arena. */
const char *addon_image_mirrored(struct arena *a, const char *image, const char *mirror);

#endif
