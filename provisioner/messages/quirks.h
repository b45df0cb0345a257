/* quirks.h - ways in which firmware may have to be treated, as one bit each.
 *
 * A row of dhcpd/quirk.c gives them to a kind of firmware, and `quirks:` of cluster.yaml to one node,
 * by the word that schema.c has for each. They stand this low because both need them. */
#ifndef SLIPWAY_QUIRKS_H
#define SLIPWAY_QUIRKS_H

enum quirk_flag {
	/* what an operator may ask for, too */
	QUIRK_NO_CLASS = 1 << 0,     /* no option 60 for PXE firmware */
	QUIRK_CLASS = 1 << 1,        /* option 60 with 43.6 = 8: take the boot file straight */
	QUIRK_NO_VENDOR = 1 << 2,    /* no option 43 */
	QUIRK_PORT_4011 = 1 << 3,    /* option 60 without 43: ask port 4011 what to boot */
	QUIRK_RASPBERRY = 1 << 4,    /* option 43 with the boot menu of the Raspberry Pi */
	QUIRK_HEADER_ONLY = 1 << 5,  /* boot file and server in the header, no options 66 and 67 */
	QUIRK_BOOT_OPTIONS = 1 << 6, /* options 66 and 67 though nobody asked for them */
	QUIRK_BROADCAST = 1 << 7,    /* answers go to everybody */
	QUIRK_OWN_SERVER_ID =
		1 << 8,      /* option 54 is our address, whatever a relay wants it to be */
	QUIRK_IPXE = 1 << 9, /* it is an iPXE that does not say so: give it the script */
	/* what only the table knows */
	QUIRK_HTTP = 1 << 16,          /* wants a URL */
	QUIRK_TFTP = 1 << 17,          /* wants a file name */
	QUIRK_ARCH_OF_CLASS = 1 << 18, /* the architecture is told by option 60 alone */
};

#endif
