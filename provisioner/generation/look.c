#include "provisioner/generation/look.h"

#include "provisioner/base/files.h"
#include "provisioner/cluster/files.h"
#include "provisioner/generation/publish.h"

/* That they differ is also said of files which could not be read: this may pass without a trace in a stamp. */
#define DIFFERS_GOOD_MS 10000

static struct stamp stamp_of(const struct publish_order *where)
{
	AUTO(close_p) int state = where->state_dir ? dir_open(where->state_dir) : -1;
	struct stamp s = {0};

	stamp_file(&s, where->config_dir, where->config_name);
	stamp_folder(&s, where->config_dir, CLUSTER_NODES_DIR);
	if (state >= 0)
		stamp_folder(&s, state, CLUSTER_ENROLLED_DIR);
	return s;
}

bool look_differs(struct look *l, struct archive *a, int64_t number,
	const struct publish_order *where, int64_t now_ms)
{
	struct stamp now = stamp_of(where); /* before they are read */

	if (l->number == number && now_ms < l->good_until_ms && stamp_is_equal(&l->stamp, &now))
		return l->differs;
	*l = (struct look){
		.number = number, .stamp = now, .differs = publish_differs(a, number, where)};
	if (stamp_is_settled(&now, now_ms))
		l->good_until_ms = l->differs ? now_ms + DIFFERS_GOOD_MS : INT64_MAX;
	return l->differs;
}
