/* verifier.h - the worker that reads every image before a node may have it.
 *
 * Beside netboot and the provisioner, as a process of its own, so that 400 MiB that are read from a
 * slow disk hold up nobody. It looks at the store every few seconds: what is new, or has another
 * inode, size or time than when it was read, is read again and compared with its image's manifest.
 * What it finds it writes to the file `verdicts` (verdicts.h), which is also what makes the next
 * start quick, and tells the provisioner. It never writes to the store. */
#ifndef SLIPWAY_IMAGES_VERIFIER_H
#define SLIPWAY_IMAGES_VERIFIER_H

/* All descriptors are taken. */
struct verifier_options {
	int provisioner_fd; /* SOCK_SEQPACKET to the provisioner */
	int images_dir;
	int verdicts_dir; /* where the file goes */
};

/* Runs until SIGTERM or SIGINT; the exit status. */
int verifier_run(const struct verifier_options *o);

#endif
