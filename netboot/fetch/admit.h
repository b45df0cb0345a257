/* admit.h - what must be true of an image before it enters the store, wherever it came from.
 *
 * Every file that nodes boot is there; all of them are of the version that the image is called by;
 * and each was signed by a key of its distribution, or the operator has said that he does without. */
#ifndef SLIPWAY_FETCH_ADMIT_H
#define SLIPWAY_FETCH_ADMIT_H

#include "netboot/fetch/mirror.h"
#include "netboot/images/manifest.h"

#define ADMIT_FILES_MAX (DISTRO_INITRDS_MAX + 3)

/* The files of an image that a signature must cover. */
struct admit_files {
	const char *names[ADMIT_FILES_MAX];
	size_t n;
	size_t n_needed; /* the first of them: what a node can't boot without. Then the disk image. */
	const char *
		unified; /* the site's own unified kernel image, which nobody else signs; "": none */
};

struct admit_rules {
	struct arena *arena;
	const struct distro *distro;
	const struct mirror *mirror; /* NULL: nobody publishes or signs this distribution */
	const char *keyring;
	bool insecure;
	void (*say)(void *arg, const char *text); /* what takes a while; may be NULL */
	void *arg;
};

/* What the distribution calls its files, for an image of this version. */
int admit_files(struct arena *a, const struct distro *d, const char *version,
	struct admit_files *ret, struct err *e) MUST_USE;

/* The name of a file's signature; NULL when there are none. */
int admit_signature_name(
	const struct admit_rules *r, const char *file, const char **ret, struct err *e) MUST_USE;

/* Refuses early, before anything is copied or loaded: without a key ring where one is needed. */
int admit_check_keys(const struct admit_rules *r, struct err *e) MUST_USE;

/* Looks at the folder of an image whose manifest names its files. Fills in build and signers. 0, or
 * -ENOKEY, -EKEYREJECTED, -EBADMSG (a mix of versions), -ENOENT (a file is missing), ... */
int admit_image(const struct admit_rules *r, int dir, struct manifest *m, struct err *e) MUST_USE;

#endif
