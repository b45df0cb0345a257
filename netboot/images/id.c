#include "netboot/images/id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/images/manifest.h"
#include "provisioner/base/parse.h"

bool image_word_is_legal(const char *text, size_t size)
{
	static const char others[] = "._+@-";

	return text[0] && !strchr(others, text[0]) && strlen(text) < size &&
	       parse_is_plain(text, others);
}

bool image_file_is_legal(const char *text)
{
	return image_word_is_legal(text, IMAGE_FILE_SIZE) && strcmp(text, MANIFEST_NAME) != 0;
}

int image_id_make(const char *name, const char *version, struct image_id *ret)
{
	struct image_id id = {.name = ""};

	if (!image_word_is_legal(name, sizeof(id.name)) ||
		!image_word_is_legal(version, sizeof(id.version)))
		return -EINVAL;
	(void)snprintf(id.name, sizeof(id.name), "%s", name); /* both fit */
	(void)snprintf(id.version, sizeof(id.version), "%s", version);
	*ret = id;
	return 0;
}

int image_id_parse(const char *text, struct image_id *ret)
{
	const char *slash = strchr(text, '/');
	char name[IMAGE_NAME_SIZE];

	if (!slash || (size_t)(slash - text) >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, (size_t)(slash - text));
	name[slash - text] = '\0';
	return image_id_make(name, slash + 1, ret);
}

const char *image_id_text(const struct image_id *id, char buf[static IMAGE_ID_SIZE])
{
	(void)snprintf(buf, IMAGE_ID_SIZE, "%s/%s", id->name, id->version); /* both fit */
	return buf;
}

bool image_id_equal(const struct image_id *a, const struct image_id *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0;
}
