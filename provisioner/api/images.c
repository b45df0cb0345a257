#include "provisioner/api/images.h"

#include <stdio.h>

#include "provisioner/api/admin.h"
#include "provisioner/generation/generation.h"
#include "provisioner/generation/shared.h"

#define ARENA_BYTES_MAX ((size_t)16 << 20)
#define IMAGES_ID_MAX 512

static const char *state_name(const struct message_image *m)
{
	static const char *const words[] = {[IMAGE_PENDING] = "being verified",
		[IMAGE_GOOD] = "good",
		[IMAGE_REFUSED] = "refused"};

	return m && m->state < ARRAY_LEN(words) && words[m->state] ? words[m->state]
								   : words[IMAGE_PENDING];
}

void images_write_status(const struct admin *a, struct json *j)
{
	const struct generation *g = a->generation;

	json_key(j, "images");
	json_list(j);
	for (size_t i = 0; i < g->n_images; i++) {
		const struct generation_image *image = &g->images[i];
		const struct message_image *m =
			a->images.find(a->images.arg, image->distro, image->version);

		json_map(j);
		json_key_text(j, "name", image->distro);
		json_key_text(j, "version", image->version);
		json_key_text(j, "state", state_name(m));
		json_key_text(j, "reason", m && m->state == IMAGE_REFUSED ? m->reason : "");
		json_key_text(j, "signer", m && m->state == IMAGE_GOOD ? m->signer : "");
		json_map_end(j);
	}
	json_list_end(j);
}

int images_write_generation(struct archive *a, int64_t number, struct json *j)
{
	AUTO(arena_free_p) struct arena *arena = arena_new(ARENA_BYTES_MAX);
	const struct generation_image *images = NULL;
	AUTO(str_done) struct str id = str_init(IMAGES_ID_MAX);
	size_t n = 0;
	int rc = shared_images(a, number, arena, &images, &n);

	json_key(j, "images");
	json_list(j);
	for (size_t i = 0; i < n; i++) {
		str_reset(&id);
		str_printf(&id, "%s/%s", images[i].distro, images[i].version);
		json_text(j, str_text(&id));
	}
	json_list_end(j);
	return rc;
}
