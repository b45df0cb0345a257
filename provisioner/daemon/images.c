#include "provisioner/daemon/images.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/base/mem.h"

#define STATES_MAX 4096

static struct message_image *find(const struct image_states *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].id, id) == 0)
			return &s->list[i];
	return NULL;
}

bool image_states_take(struct image_states *s, const struct message_image *m)
{
	struct message_image *known = find(s, m->id);
	struct message_image before = {.state = IMAGE_PENDING};

	if (!known && s->n == STATES_MAX)
		return false;
	if (!known) {
		s->list = xreallocarray(s->list, s->n + 1, sizeof(*s->list));
		known = &s->list[s->n++];
	} else {
		before = *known;
	}
	*known = *m;
	return m->state != IMAGE_PENDING &&
	       (m->state != before.state || strcmp(m->reason, before.reason) != 0 ||
		       strcmp(m->signer, before.signer) != 0);
}

void image_states_done(struct image_states *s)
{
	free(s->list);
	*s = (struct image_states){.n = 0};
}

const struct message_image *image_states_find(
	const struct image_states *s, const char *distro, const char *version)
{
	char id[sizeof(s->list->id)];

	if (snprintf(id, sizeof(id), "%s/%s", distro, version) >= (int)sizeof(id))
		return NULL;
	return find(s, id);
}
