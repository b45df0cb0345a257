#include "netboot/fetch/admit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot/fetch/signature.h"
#include "netboot/fetch/version_txt.h"
#include "netboot/images/verify.h"
#include "provisioner/base/files.h"

/* Only names are wanted of the plan. */
int admit_files(struct arena *a, const struct distro *d, const char *version,
	struct admit_files *ret, struct err *e)
{
	const struct distro_input in = {
		.version = version, .config_url = "", .image_url = "", .console = ""};
	struct admit_files files = {.n = 0};
	struct distro_plan plan;

	int rc = distro_plan(a, d, &in, &plan, e);
	if (rc < 0)
		return rc;
	files.names[files.n++] = plan.kernel;
	for (size_t i = 0; i < plan.n_initrds; i++)
		files.names[files.n++] = plan.initrds[i];
	if (plan.rootfs[0])
		files.names[files.n++] = plan.rootfs;
	files.n_needed = files.n;
	if (plan.disk[0])
		files.names[files.n++] = plan.disk;
	files.unified = plan.unified;
	*ret = files;
	return 0;
}

/* Signatures and digests know no version or channel, only their file. */
int admit_signature_name(
	const struct admit_rules *r, const char *file, const char **ret, struct err *e)
{
	static const struct mirror_values none = {
		.base = "-", .version = "", .channel = "", .board = "", .arch = ""};

	*ret = NULL;
	if (!r->mirror || !r->mirror->signature.text)
		return 0;
	int rc = mirror_fill(r->arena, r->mirror, &none, &r->mirror->signature, file, ret, e);
	if (rc == 0 && !image_file_is_legal(*ret))
		return err_set(e, -EINVAL, r->mirror->signature.at,
			"\"%.100s\" can not be a file of an image", *ret);
	return rc;
}

int admit_check_keys(const struct admit_rules *r, struct err *e)
{
	struct err why;

	if (r->insecure || !r->mirror || !r->mirror->signature.text)
		return 0;
	int rc = signature_check_keyring(r->keyring, &why);
	if (rc == 0)
		return 0;
	return err_msg(e, rc,
		"%s. Without the keys of %s nothing proves who made an image. %s%s"
		"--insecure does without, and the image says so for ever",
		why.msg, r->distro->title, r->mirror->keys_from,
		r->mirror->keys_from[0] ? " " : "");
}

/* version.txt and its like: the folder they were published in must be this version's. */
static int check_build(const struct admit_rules *r, int dir, struct manifest *m, struct err *e)
{
	const struct mirror *mirror = r->mirror;
	AUTO(free_p) char *text = NULL;
	char version[IMAGE_VERSION_SIZE] = "";
	const char *want, *arch;
	size_t len;

	if (!mirror || !mirror->build_file || !manifest_find(m, mirror->build_file))
		return 0;
	int rc = file_read(dir, mirror->build_file, VERSION_TXT_BYTES_MAX, &text, &len);
	if (rc < 0)
		return err_msg(e, rc, "%s: %s", mirror->build_file, strerror(-rc));
	distro_split_version(r->arena, m->id.version, &want, &arch);
	if (version_txt_get(text, len, mirror->latest_key, version, sizeof(version)) < 0)
		return err_msg(
			e, -EBADMSG, "%s does not say %s", mirror->build_file, mirror->latest_key);
	if (strcmp(version, want) != 0)
		return err_msg(e, -EBADMSG,
			"%s says that these are files of version %s, not %s: kernel, RAM disk and "
			"root must be of one build",
			mirror->build_file, version, want);
	if (mirror->build_key &&
		version_txt_get(text, len, mirror->build_key, m->build, sizeof(m->build)) < 0)
		m->build[0] = '\0';
	return 0;
}

static int check_signature(
	const struct admit_rules *r, int dir, struct manifest_file *f, struct err *e)
{
	const struct signature_rules rules = {.keyring = r->keyring,
		.fingerprints = r->mirror->keys,
		.expired_keys_are_good = r->mirror->expired_keys_are_good};
	const char *name;
	struct err why;

	int rc = admit_signature_name(r, f->name, &name, e);
	if (rc < 0)
		return rc;
	AUTO(close_p) int signature = images_open_file(dir, name);
	AUTO(close_p) int data = images_open_file(dir, f->name);
	if (signature < 0)
		return err_msg(e, signature == -ENOENT ? -EKEYREJECTED : signature,
			"%s has no signature: %s: %s", f->name, name, strerror(-signature));
	if (data < 0)
		return err_msg(e, data, "%s: %s", f->name, strerror(-data));
	rc = signature_verify(&rules, signature, data, f->signer, &why);
	return rc < 0 ? err_msg(e, rc, "%s: %s", f->name, why.msg) : 0;
}

/* The image is as good as the least of what nodes boot, or put on their disks. */
static int check_signatures(const struct admit_rules *r, int dir, const struct admit_files *files,
	struct manifest *m, struct err *e)
{
	AUTO(str_done) struct str text = str_init((size_t)2 * IMAGE_FILE_SIZE);
	const char *signer = NULL;

	for (size_t i = 0; i < m->n_files; i++)
		m->files[i].signer[0] = '\0'; /* whatever another store has found */
	m->signer[0] = '\0';
	if (r->insecure || !r->mirror || !r->mirror->signature.text)
		return 0;
	int rc = admit_check_keys(r, e);
	for (size_t i = 0; rc == 0 && i < m->n_files; i++) {
		size_t k = 0;

		while (k < files->n && strcmp(files->names[k], m->files[i].name) != 0)
			k++;
		if (k == files->n)
			continue;
		str_reset(&text);
		str_printf(&text, "checking the signature of %s", m->files[i].name);
		if (r->say)
			r->say(r->arg, str_text(&text));
		rc = check_signature(r, dir, &m->files[i], e);
		if (k == 0)
			signer = m->files[i].signer;
	}
	if (rc == 0 && signer)
		memcpy(m->signer, signer, sizeof(m->signer));
	return rc;
}

int admit_image(const struct admit_rules *r, int dir, struct manifest *m, struct err *e)
{
	struct admit_files files = {.n = 0};

	int rc = admit_files(r->arena, r->distro, m->id.version, &files, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < files.n_needed; i++)
		if (!manifest_find(m, files.names[i]))
			return err_msg(e, -ENOENT, "%s/%s needs a file %s", m->id.name,
				m->id.version, files.names[i]);
	rc = check_build(r, dir, m, e);
	return rc < 0 ? rc : check_signatures(r, dir, &files, m, e);
}
