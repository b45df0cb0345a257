/* texts.h - texts of generations by their numbers, many fetched at a time, and how they differ. */
#ifndef SLIPWAY_CLI_TEXTS_H
#define SLIPWAY_CLI_TEXTS_H

#include "provisioner/base/diff.h"
#include "provisioner/cli/client.h"

struct texts {
	const struct cli *cli;
	json_t *known;
	struct str wanted; /* "/v1/objects/1,2,3" */
	int rc;            /* the first failure stays: what is not there is "" from then on */
};

void texts_init(struct texts *t, const struct cli *cli);
void texts_done(struct texts *t);

/* Asks for one, soon. `object` is its number; NULL and 0 are no text. */
void texts_want(struct texts *t, const json_t *object);

/* Gets all that was asked for. CLI_OK, or an exit status after saying why. */
int texts_fetch(struct texts *t);

/* Forgets all that was fetched. */
void texts_forget(struct texts *t);

/* The caller frees. */
char *texts_diff(const struct texts *t, const json_t *from, const json_t *to,
	const struct diff_style *style);

#endif
