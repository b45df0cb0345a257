/* tftpd.h - tftp-hpa's server in place of our own, for sites whose policy wants it.
 *
 * in.tftpd serves the firmware folder as our own server does: it is shut in there, understands backslashes and
 * "firmware/FILE", and sends no block that the path would have to cut. It keeps root only to open port 69; each
 * transfer is a process of its own as `user`. */
#ifndef SLIPWAY_DAEMON_TFTPD_H
#define SLIPWAY_DAEMON_TFTPD_H

struct tftpd_options {
	const char *address;
	const char *user;
	int firmware_dir;
};

/* Becomes in.tftpd; comes back only when that fails, with an exit status. */
int tftpd_exec(const struct tftpd_options *o);

#endif
