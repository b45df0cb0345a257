/* publish_enroll.h - a generation in which unknown machines are nodes, and the files in which these stand.
 *
 * It is what is published and these nodes, and nothing else: where apply would publish something, nobody is enrolled.
 * The archive and the files are not written in one step, so the archive decides. First each file is written under a
 * hidden name, `.NAME.yaml.pending`; then the generation is committed, with these texts among its inputs; then the files
 * get their names. Whatever is cut short, publish_enroll_settle() finishes or takes back. */
#ifndef SLIPWAY_GENERATION_PUBLISH_ENROLL_H
#define SLIPWAY_GENERATION_PUBLISH_ENROLL_H

#include "provisioner/generation/publish.h"
#include "provisioner/nodes/enroll.h"

/* Decides what becomes of each candidate, and publishes it when it makes a difference. 0 with *plan and *ret; -ESTALE:
 * apply would publish something else too, or can not; or as publish_config(). The last two with `errors` filled, and
 * nothing has changed. */
int publish_enroll(struct archive *a, const struct publish_order *o, const struct enroll_list *list,
	struct enroll_plan *plan, struct publish_result *ret, struct err_list *errors) MUST_USE;

/* Gives the files of committed nodes their names, and removes those of others. For the writer of the archive, outside of
 * begin and commit: nobody else can be between writing files and the commit then. What can not be done is logged, and
 * done the next time. */
void publish_enroll_settle(struct archive *a, const char *state_dir);

/* Whether there is something to settle. */
bool publish_enroll_is_cut_short(const char *state_dir);

#endif
