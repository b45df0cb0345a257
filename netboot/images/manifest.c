#include "netboot/images/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "provisioner/base/json.h"

#define FORMAT 1
#define SIZE_MAX_BYTES ((json_int_t)1 << 50)

/* A text of the object, copied: only printable ASCII, for it is shown on terminals. -ENOENT without
 * one. */
static int take_text(const json_t *object, const char *key, char *ret, size_t size)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (!value)
		return -ENOENT;
	if (!text || json_string_length(value) != strlen(text) || strlen(text) >= size)
		return -EINVAL;
	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return -EINVAL;
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static int take_optional(const json_t *object, const char *key, char *ret, size_t size)
{
	int rc = take_text(object, key, ret, size);

	return rc == -ENOENT ? 0 : rc;
}

static bool is_hex(const char *text, size_t len, const char *digits)
{
	return strlen(text) == len && strspn(text, digits) == len;
}

static int take_signer(const json_t *object, char ret[static MANIFEST_SIGNER_SIZE])
{
	char text[MANIFEST_SIGNER_SIZE] = "";
	int rc = take_text(object, "signer", text, sizeof(text));

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (strcmp(text, MANIFEST_UNVERIFIED) == 0)
		return 0;
	if (!is_hex(text, MANIFEST_SIGNER_SIZE - 1, "0123456789ABCDEF"))
		return -EINVAL;
	memcpy(ret, text, sizeof(text));
	return 0;
}

static int read_file_row(const json_t *row, struct manifest *m, struct err *e)
{
	char name[IMAGE_FILE_SIZE];
	const json_t *size = json_object_get(row, "size");

	if (take_text(row, "name", name, sizeof(name)) < 0 || !image_file_is_legal(name))
		return err_msg(e, -EINVAL, "files[%zu].name: expected a file name", m->n_files);
	if (manifest_find(m, name))
		return err_msg(e, -EINVAL, "%s stands there twice", name);
	struct manifest_file *f = manifest_add(m, name);
	if (!f)
		return err_msg(e, -EINVAL, "more than %d files", MANIFEST_FILES_MAX);
	if (!json_is_integer(size) || json_integer_value(size) < 0 ||
		json_integer_value(size) > SIZE_MAX_BYTES)
		return err_msg(e, -EINVAL, "%s: size: expected a number of bytes", name);
	f->size = (uint64_t)json_integer_value(size);
	if (take_text(row, "sha256", f->sha256, sizeof(f->sha256)) < 0 ||
		!is_hex(f->sha256, MANIFEST_SHA256_SIZE - 1, "0123456789abcdef"))
		return err_msg(e, -EINVAL, "%s: sha256: expected 64 hex digits", name);
	if (take_signer(row, f->signer) < 0 ||
		take_optional(row, "source", f->source, sizeof(f->source)) < 0)
		return err_msg(e, -EINVAL, "%s: source or signer is not what it should be", name);
	return 0;
}

static int read_image(const json_t *root, struct manifest *m, struct err *e)
{
	const json_t *format = json_object_get(root, "format");
	char name[IMAGE_NAME_SIZE], version[IMAGE_VERSION_SIZE];

	if (!json_is_integer(format) || json_integer_value(format) != FORMAT)
		return err_msg(e, -EINVAL, "format: expected %d", FORMAT);
	if (take_text(root, "name", name, sizeof(name)) < 0 ||
		take_text(root, "version", version, sizeof(version)) < 0 ||
		image_id_make(name, version, &m->id) < 0)
		return err_msg(e, -EINVAL, "name and version: expected those of an image");
	if (take_optional(root, "build", m->build, sizeof(m->build)) < 0 ||
		take_optional(root, "date", m->date, sizeof(m->date)) < 0 ||
		take_optional(root, "source", m->source, sizeof(m->source)) < 0)
		return err_msg(e, -EINVAL, "build, date and source: expected a line of text");
	return take_signer(root, m->signer) < 0
		       ? err_msg(e, -EINVAL, "signer: expected a fingerprint or \"%s\"",
				 MANIFEST_UNVERIFIED)
		       : 0;
}

static int read_root(const json_t *root, struct manifest *m, struct err *e)
{
	const json_t *files = json_object_get(root, "files"), *row;
	size_t i;

	int rc = read_image(root, m, e);
	if (rc < 0)
		return rc;
	if (!json_is_array(files) || json_array_size(files) == 0)
		return err_msg(e, -EINVAL, "files: expected a list of at least one file");
	json_array_foreach(files, i, row)
	{
		rc = read_file_row(row, m, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int manifest_read(
	const char *file, const char *text, size_t len, struct manifest *ret, struct err *e)
{
	struct err inner = {.msg = ""};
	json_error_t why;

	*ret = (struct manifest){.n_files = 0};
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return err_set(e, -EINVAL,
			(struct mark){.file = file,
				.line = why.line > 0 ? (unsigned)why.line : 1,
				.col = why.column > 0 ? (unsigned)why.column : 1},
			"is not JSON: %s", why.text);
	int rc = read_root(root, ret, &inner);
	json_decref(root);
	return rc < 0 ? err_set(e, rc, (struct mark){.file = file}, "%s", inner.msg) : 0;
}

static void write_file_row(const struct manifest_file *f, struct json *j)
{
	json_map(j);
	json_key_text(j, "name", f->name);
	json_key_int(j, "size", (int64_t)f->size);
	json_key_text(j, "sha256", f->sha256);
	if (f->source[0])
		json_key_text(j, "source", f->source);
	json_key_text(j, "signer", manifest_signer(f->signer));
	json_map_end(j);
}

void manifest_write(const struct manifest *m, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_int(&j, "format", FORMAT);
	json_key_text(&j, "name", m->id.name);
	json_key_text(&j, "version", m->id.version);
	json_key_text(&j, "build", m->build);
	json_key_text(&j, "date", m->date);
	json_key_text(&j, "source", m->source);
	json_key_text(&j, "signer", manifest_signer(m->signer));
	json_key(&j, "files");
	json_list(&j);
	for (size_t i = 0; i < m->n_files; i++)
		write_file_row(&m->files[i], &j);
	json_list_end(&j);
	json_map_end(&j);
	str_addc(out, '\n');
}

const struct manifest_file *manifest_find(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0)
			return &m->files[i];
	return NULL;
}

struct manifest_file *manifest_add(struct manifest *m, const char *name)
{
	if (m->n_files == MANIFEST_FILES_MAX || strlen(name) >= IMAGE_FILE_SIZE)
		return NULL;
	struct manifest_file *f = &m->files[m->n_files++];
	*f = (struct manifest_file){.size = 0};
	memcpy(f->name, name, strlen(name) + 1);
	return f;
}

uint64_t manifest_bytes(const struct manifest *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n_files; i++)
		n += m->files[i].size;
	return n;
}

const char *manifest_signer(const char *signer)
{
	return signer[0] ? signer : MANIFEST_UNVERIFIED;
}

void manifest_set_date(struct manifest *m, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc = {.tm_year = 0};

	if (!gmtime_r(&seconds, &utc) ||
		strftime(m->date, sizeof(m->date), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		m->date[0] = '\0';
}
