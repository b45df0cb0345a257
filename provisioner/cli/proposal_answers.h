/* proposal_answers.h - what may be said of a proposal, by an option or a person's answer: the questions of
 * `slipway init` as a table, in the order in which they are asked. */
#ifndef SLIPWAY_CLI_PROPOSAL_ANSWERS_H
#define SLIPWAY_CLI_PROPOSAL_ANSWERS_H

#include "provisioner/base/str.h"
#include "provisioner/cli/proposal.h"

#define PROPOSAL_ANSWERS 8

struct proposal_answer {
	const char *option;
	const char *question; /* NULL: never asked */
	const char *wanted;   /* for "That is not ..." */

	/* Takes the answer into *p. False, perhaps with a part of it taken, when it makes no sense. */
	bool (*take)(struct proposal *p, const char *text);
};

extern const struct proposal_answer proposal_answers[PROPOSAL_ANSWERS];

/* What is proposed, as one would type it; nothing where nothing is. */
void proposal_answer_text(const struct proposal *p, const char *option, struct str *out);

#endif
