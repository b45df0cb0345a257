#include "provisioner/generation/look.h"

#include "provisioner/cluster/files.h"
#include "provisioner/generation/publish.h"

/* That they differ is also said of files which could not be read: this may pass without a trace in a stamp. */
#define DIFFERS_GOOD_MS 10000

static struct stamp stamp_of(int config_dir, const char *config_name)
{
	struct stamp s = {0};

	stamp_file(&s, config_dir, config_name);
	stamp_folder(&s, config_dir, CLUSTER_NODES_DIR);
	return s;
}

bool look_differs(struct look *l, struct archive *a, int64_t number, int config_dir,
	const char *config_name, int64_t now_ms)
{
	struct stamp now = stamp_of(config_dir, config_name); /* before they are read */

	if (l->number == number && now_ms < l->good_until_ms && stamp_is_equal(&l->stamp, &now))
		return l->differs;
	*l = (struct look){.number = number,
		.stamp = now,
		.differs = publish_differs(a, number, config_dir, config_name)};
	if (stamp_is_settled(&now, now_ms))
		l->good_until_ms = l->differs ? now_ms + DIFFERS_GOOD_MS : INT64_MAX;
	return l->differs;
}
