#include "provisioner/config/emit.h"

#include <errno.h>
#include <string.h>

#include "provisioner/config/cloudinit.h"
#include "provisioner/config/coreos.h"
#include "provisioner/config/ignition.h"
#include "provisioner/config/netplan.h"
#include "provisioner/config/target.h"

#define NETWORK_ARENA_MAX ((size_t)4 << 20)

static const struct row {
	const char *name, *title, *media_type;
	int (*write)(enum config_kind kind, const struct cloudconfig *c, struct str *out,
		struct err_list *errors);
} rows[CONFIG_KINDS] = {
	[CONFIG_COREOS] = {"cloud-config", "cloud-config", "text/cloud-config; charset=utf-8",
		coreos_write},
	[CONFIG_FLATCAR] = {"cloud-config-flatcar", "cloud-config",
		"text/cloud-config; charset=utf-8", coreos_write},
	[CONFIG_IGNITION] = {"ignition-3.3", "Ignition",
		"application/vnd.coreos.ignition+json;version=3.3.0", ignition_write},
	[CONFIG_IGNITION_FCOS] = {"ignition-3.3-fcos", "Ignition",
		"application/vnd.coreos.ignition+json;version=3.3.0", ignition_write},
	[CONFIG_CLOUD_INIT] = {"cloud-init", "cloud-init", "text/cloud-config; charset=utf-8",
		cloudinit_write},
};

bool config_kind_find(const char *name, enum config_kind *ret)
{
	for (enum config_kind k = CONFIG_COREOS; k < CONFIG_KINDS; k++) {
		if (strcmp(rows[k].name, name) == 0) {
			*ret = k;
			return true;
		}
	}
	return false;
}

const char *config_kind_name(enum config_kind kind)
{
	return rows[kind].name;
}

const char *config_kind_names(void)
{
	return "ignition-3.3, ignition-3.3-fcos, cloud-config, cloud-config-flatcar, "
	       "cloud-init";
}

const char *config_kind_title(enum config_kind kind)
{
	return rows[kind].title;
}

const char *config_media_type(enum config_kind kind)
{
	return rows[kind].media_type;
}

/* What was added since is taken back when it failed. */
static int finish(enum config_kind kind, int rc, struct str *out, size_t len,
	struct err_list *errors, size_t before)
{
	if (rc == -E2BIG && errors->n + errors->dropped == before)
		err_list_add(errors, (struct mark){0}, "the configuration is too large for %s",
			rows[kind].title);
	if (rc == 0 && errors->n + errors->dropped > before)
		rc = -EINVAL;
	if (rc < 0 && out->len > len) {
		out->len = len;
		out->s[len] = '\0';
	}
	return rc;
}

int config_emit(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors)
{
	size_t before = errors->n + errors->dropped, len = out->len;

	target_check(kind, c, errors);
	int rc = rows[kind].write(kind, c, out, errors);
	return finish(kind, rc, out, len, errors, before);
}

int config_emit_network(enum config_kind kind, const struct cloudconfig *c, struct str *out,
	struct err_list *errors)
{
	AUTO(arena_free_p) struct arena *a = arena_new(NETWORK_ARENA_MAX);
	size_t before = errors->n + errors->dropped, len = out->len;
	struct ifaces all;

	if (kind != CONFIG_CLOUD_INIT)
		return 0;
	int rc = ifaces_read(a, c, &all, errors);
	if (rc == 0 && all.n > 0)
		rc = netplan_write(&all, out, errors);
	return finish(kind, rc, out, len, errors, before);
}
