/* messages.h - everything the processes of one server say to each other.
 *
 * Each message is one fixed struct below, sent with base/ipc. Text fields end in a NUL (a receiver
 * makes sure with IPC_TEXT before it reads one); addresses are in host order; durations carry their
 * unit in their name. dhcpd and netboot talk only to the provisioner.
 *
 *   any worker  -> provisioner   HELLO      I have just started: tell me everything
 *   provisioner -> dhcpd         DHCP_SETTINGS, NETWORK..., then NODES_BEGIN, NODE..., NODES_END
 *   dhcpd       -> provisioner   EXCHANGE   DHCP messages came and were answered so (one or more)
 *   provisioner -> dhcpd         LEASES_ASK, then LEASES_MORE: who holds which address?
 *   dhcpd       -> provisioner   LEASES     some of them, by address; then it waits for LEASES_MORE
 *   provisioner -> dhcpd         LEASE_CLEAR: let this address out of quarantine
 *   dhcpd       -> provisioner   LEASE_CLEARED
 *   dhcpd       -> provisioner   RIVAL      another DHCP server has been noticed
 *   provisioner -> dhcpd         TRACE      send FRAMEs of these machines from now on, or no more
 *   dhcpd       -> provisioner   FRAME      a packet as it came or went, and what was made of it
 *   netboot     -> provisioner   ASK        this client wants that path: what does it get?
 *   provisioner -> netboot       ANSWER     a status and, with 200, a sealed memfd or a file of the image store
 *                                ANSWER_TEXT  with 200 and a few bytes, which are in it
 *   provisioner -> netboot       NETBOOT_TLS  a sealed memfd: key and certificates of boot HTTP, in PEM
 *   netboot     -> provisioner   TRANSFER   a file transfer has ended
 *   netboot     -> provisioner   REFUSED    a client would not speak TLS with boot HTTP
 *   netboot     -> provisioner   WAIT       a client has to wait for its turn to load an image
 *   netboot     -> provisioner   HALL...    who loads images now, and who waits (every second, while anybody does)
 *   provisioner -> netboot       NETBOOT_SETTINGS
 *   verifier    -> provisioner   IMAGE      an image of the store is good, or is refused
 *   provisioner -> verifier      IMAGES_TELL  tell about all of them, and look at that one first
 *   any worker  -> provisioner   COUNTER    a statistic has changed (sent every few seconds)
 */
#ifndef SLIPWAY_MESSAGES_H
#define SLIPWAY_MESSAGES_H

#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/ident.h"

enum message_type {
	MESSAGE_HELLO = 1,
	MESSAGE_DHCP_SETTINGS,
	MESSAGE_NETWORK,
	MESSAGE_NODES_BEGIN,
	MESSAGE_NODE,
	MESSAGE_NODES_END,
	MESSAGE_EXCHANGE,
	MESSAGE_ASK,
	MESSAGE_ANSWER,
	MESSAGE_TRANSFER,
	MESSAGE_COUNTER,
	MESSAGE_LEASES_ASK,
	MESSAGE_LEASES_MORE,
	MESSAGE_LEASES,
	MESSAGE_LEASE_CLEAR,
	MESSAGE_LEASE_CLEARED,
	MESSAGE_RIVAL,
	MESSAGE_TRACE,
	MESSAGE_FRAME,
	MESSAGE_IMAGE,
	MESSAGE_IMAGES_TELL,
	MESSAGE_WAIT,
	MESSAGE_HALL,
	MESSAGE_NETBOOT_SETTINGS,
	MESSAGE_ANSWER_TEXT,
	MESSAGE_NETBOOT_TLS,
	MESSAGE_REFUSED,
};

/* FULL leases addresses; PROXY tells boot firmware what to boot, beside another server that does. */
enum dhcp_mode { DHCP_MODE_FULL = 1, DHCP_MODE_PROXY };

enum enroll { ENROLL_ASK = 1, ENROLL_OPEN, ENROLL_CLOSED };

struct message_hello {
	uint32_t pid;
};

#define MESSAGE_DNS_MAX 3
#define MESSAGE_OPTIONS_MAX 1024
#define MESSAGE_NETWORKS_MAX 65 /* our own, and 64 behind relays */

/* How the DHCP server looks after its addresses. */
struct message_dhcp_guard {
	uint32_t probe_ms;     /* how long to ask who has an address; 0: it is offered unasked */
	uint32_t limit_per_s;  /* messages of one client that are answered; 0: all */
	uint32_t watch_others; /* ask every hour whether there is another DHCP server */
	uint32_t quarantine_s; /* how long nobody gets an address that another machine uses */
};

struct message_dhcp_settings {
	struct ipv4_net server; /* our address on the internal interface, and its network */
	uint32_t n_networks;    /* NETWORKs that follow; the first is the internal interface's */
	uint16_t http_port;
	uint16_t https_port;           /* 0: HTTP boot is told http:// URLs, too */
	uint8_t mode;                  /* enum dhcp_mode */
	uint8_t enroll;                /* enum enroll: CLOSED gives unknown machines no address */
	uint8_t is_authoritative;      /* refuse leases that we know nothing of */
	uint8_t rapid_commit;          /* answer option 80 at once (RFC 4039) */
	uint8_t router_advertisements; /* answer Router Solicitations with an empty RA */
	struct message_dhcp_guard guard;
	char pxelinux_config[128], pxelinux_prefix[128]; /* RFC 5071; "": send no such option */
	uint32_t pxelinux_reboot_s;                      /* 0: likewise */
};

/* One network in which addresses are leased. */
struct message_network {
	struct ipv4_net net;               /* any address of it, and the length of its prefix */
	uint32_t pool_first, pool_last;    /* both inclusive, no address of a node; 1, 0: no pool */
	uint32_t router;                   /* 0: send no option 3 */
	uint32_t dns[MESSAGE_DNS_MAX];     /* 0 ends the list */
	uint32_t lease_s, netboot_lease_s; /* UINT32_MAX: infinite */
	char domain[254];
	uint16_t options_len;
	uint8_t options[MESSAGE_OPTIONS_MAX]; /* code, 1 byte; 1 to send it unasked, 1 byte; length,
						 2 bytes; value; and so on */
};

#define MESSAGE_NODE_MACS_MAX 8

/* A node's boot_file that is no file: the unified kernel image of its image, at BOOT_UNIFIED_PATH. */
#define BOOT_FILE_UNIFIED "uki"
#define BOOT_UNIFIED_PATH "/boot.efi"
#define MESSAGE_CLIENT_ID_MAX 64

struct message_node {
	char name[64];
	uint32_t address; /* 0: from the pool */
	uint32_t n_macs;
	struct mac macs[MESSAGE_NODE_MACS_MAX];
	struct uuid uuid; /* folded; zeros: none */
	uint8_t client_id_len;
	uint8_t client_id[MESSAGE_CLIENT_ID_MAX]; /* folded */
	uint8_t bootp;                            /* 1: plain BOOTP is answered, with `address` */
	char boot_file[128]; /* overrides the boot loader by architecture; "" for the table's */
	uint32_t quirks;     /* enum quirk_flag: how its firmware wants to be treated */
};

/* NODES_BEGIN and NODES_END carry how many nodes stand between them; a NODE message holds one or more. */
struct message_nodes {
	uint32_t n_nodes;
};

enum boot_stage { STAGE_FIRMWARE = 1, STAGE_IPXE, STAGE_OS };

struct message_exchange {
	char node[64]; /* which node it is; "" for a stranger */
	struct mac mac;
	uint8_t has_uuid;
	uint8_t uuid[16];
	uint8_t stage;    /* enum boot_stage, judged from this request alone */
	uint8_t request;  /* DHCP message type (option 53) of the request */
	uint8_t reply;    /* of the reply; 0: none was sent */
	uint8_t by_other; /* it takes `address` of another server, which we only hear */
	uint16_t arch;    /* option 93, or 0xffff without one */
	uint16_t secs;    /* since it began to ask, as it says */
	uint32_t address; /* offered or leased; 0: none */
	uint32_t lease_s;
	char boot_file[256]; /* as told to the client; "" for none */
	char hostname[64];   /* as the client gave it: hostile text */
	char note[128];      /* why there was no reply, or what was odd; ours */
	char quirks[96];     /* the quirks of firmware that it was known by; ours, "" for none */
};

/* What an address is to dhcpd. A lease that has run out is free: its client is only remembered. */
enum lease_use { USE_FREE = 1, USE_OFFERED, USE_BOUND, USE_DECLINED, N_LEASE_USES };

struct message_leases_ask {
	uint32_t id;          /* chosen by the provisioner; what belongs to it repeats it */
	uint32_t uses;        /* of these kinds: 1 << enum lease_use */
	uint32_t first, last; /* only addresses between these, both included */
	int64_t within_ms;    /* only what ends within this time; 0: all */
};

struct message_leases_more {
	uint32_t id;
};

#define MESSAGE_LEASE_HW_MAX 16
#define MESSAGE_LEASE_ID_MAX 64

struct message_lease {
	uint32_t address;
	uint8_t use; /* enum lease_use */
	uint8_t htype, hlen;
	uint8_t id_len;  /* may be more than there is room for */
	int64_t age_ms;  /* since it was granted or last renewed; -1: not known */
	int64_t left_ms; /* below 0: over for so long */
	uint32_t lease_s;
	uint8_t hw[MESSAGE_LEASE_HW_MAX];
	uint8_t client_id[MESSAGE_LEASE_ID_MAX];
	char node[64]; /* "" for a stranger */
};

#define MESSAGE_LEASES_ROWS 22

struct message_leases {
	uint32_t id;
	uint32_t n_rows;
	uint8_t is_end;    /* there are no more */
	uint8_t is_paused; /* there may be more: say LEASES_MORE */
	struct message_lease rows[MESSAGE_LEASES_ROWS];
};

struct message_lease_clear {
	uint32_t id;
	uint32_t address;
};

enum lease_cleared { CLEARED = 1, CLEARED_NOT_DECLINED, CLEARED_NOT_STORED };

struct message_lease_cleared {
	uint32_t id;
	uint32_t result; /* enum lease_cleared */
	struct mac mac;  /* whose client had declined it; zero when it has none */
};

/* Another DHCP server has betrayed itself. */
struct message_rival {
	struct mac mac;    /* zero: only a client's choice tells of it */
	struct mac client; /* whom it answered, or who chose it */
	uint32_t address;  /* what it calls itself */
	uint32_t offered;  /* 0: no address */
	uint32_t reply;    /* DHCP message type; 0: none was seen */
};

#define MESSAGE_TRACE_MACS_MAX 32

struct message_trace {
	uint8_t is_on;
	uint8_t is_all;   /* of every machine */
	uint32_t address; /* else of whoever has this one (0: none), */
	uint32_t n_macs;  /* and of these */
	struct mac macs[MESSAGE_TRACE_MACS_MAX];
};

#define MESSAGE_FRAME_SIZE 2048

/* The texts are printable ASCII. */
struct message_frame {
	int64_t wall_us;
	uint32_t n_lost;  /* frames left out since the last one, because nobody read fast enough */
	uint32_t address; /* the client's; 0: not known */
	struct mac mac;   /* the client's */
	uint8_t is_reply;
	uint16_t len;      /* 0: there is no frame, only something to say */
	char ends[96];     /* "0.0.0.0.68 > 255.255.255.255.67" */
	char text[192];    /* "DISCOVER xid 0x3903f326 ..." */
	char verdict[192]; /* what was made of it: "OFFER 10.0.0.5 ...", "dropped: ..." */
	uint8_t bytes[MESSAGE_FRAME_SIZE];
};

enum transfer_protocol { PROTOCOL_TFTP = 1, PROTOCOL_HTTP };

#define MESSAGE_PATH_SIZE 512

struct message_ask {
	uint64_t id; /* chosen by netboot; the answer repeats it */
	uint32_t client;
	uint32_t protocol;             /* enum transfer_protocol */
	char method[8];                /* "GET" or "HEAD" */
	char path[MESSAGE_PATH_SIZE];  /* decoded, starts with '/' */
	char query[MESSAGE_PATH_SIZE]; /* raw, without '?', "" for none */
	char accept[128];              /* the Accept header */
};

struct message_answer {
	uint64_t id;
	uint32_t status;        /* as in HTTP */
	uint32_t retry_after_s; /* with 503 */
	char content_type[64];
	char image
		[256]; /* with 200: "NAME/VERSION/FILE" of the image store, which is sent instead of a memfd */
	char reason[160]; /* one line for the client's log, with other statuses than 200 */
};

#define MESSAGE_ANSWER_TEXT_MAX 3072 /* all of it then fits into a page */

/* A descriptor costs both sides ten system calls: what a boot script has of bytes is sent sooner. Only by HTTP. */
struct message_answer_text {
	struct message_answer answer;
	uint32_t len;
	char text[MESSAGE_ANSWER_TEXT_MAX];
};

/* A message without anything in it would not be told from none. */
struct message_netboot_tls {
	uint32_t unused;
};

enum transfer_result {
	TRANSFER_DONE = 1,
	TRANSFER_ABORTED, /* the client stopped it, which for TFTP is a normal thing to do */
	TRANSFER_FAILED,  /* timed out or broke */
	TRANSFER_NOT_FOUND,
	TRANSFER_REFUSED
};

struct message_transfer {
	uint32_t client;
	uint32_t protocol; /* enum transfer_protocol */
	uint32_t result;   /* enum transfer_result */
	uint32_t status;   /* HTTP's; 0 for TFTP */
	uint32_t duration_ms, retries;
	uint32_t waited_ms; /* for its turn, before that */
	uint64_t bytes;
	char name[MESSAGE_PATH_SIZE]; /* as asked for: hostile text */
};

struct message_refused {
	uint32_t client;
	char why[96]; /* ours */
};

struct message_wait {
	uint32_t client;
	uint32_t n_ahead;             /* nodes that come before it */
	int64_t expected_ms;          /* until its turn; -1: not known */
	char name[MESSAGE_PATH_SIZE]; /* below the image store: hostile text */
};

/* A transfer, or a node that waits. */
struct message_hall_row {
	uint32_t client;
	uint8_t is_waiting, is_tftp;
	uint32_t place;       /* in the queue, from 1 */
	int64_t for_ms;       /* so long by now */
	int64_t expected_ms;  /* until it ends, or until its turn; -1: not known */
	uint64_t bytes, size; /* of the transfer */
	char file[32];        /* its last name, perhaps cut: hostile text */
};

#define MESSAGE_HALL_ROWS 128

/* One of the messages that make up a picture: all rows of all of them. */
struct message_hall {
	uint32_t slots, n_loading, n_waiting;
	uint8_t is_first, is_last;
	uint32_t n_rows;
	uint64_t bytes_per_s; /* of all transfers together; 0: not known */
	struct message_hall_row rows[MESSAGE_HALL_ROWS];
};

#define MESSAGE_KERNELS_MAX 32 /* images at a time; those of others are files like any */
#define MESSAGE_KERNEL_SIZE 256

struct message_netboot_settings {
	uint32_t transfers; /* nodes that may load images at a time */
	uint32_t n_kernels;
	char kernels[MESSAGE_KERNELS_MAX][MESSAGE_KERNEL_SIZE]; /* "NAME/VERSION/FILE" of the image store */
};

struct message_counter {
	char name[48]; /* "dhcp_malformed" */
	uint64_t value;
};

enum image_state { IMAGE_PENDING = 1, IMAGE_GOOD, IMAGE_REFUSED };

struct message_image {
	char id[192];     /* "flatcar/4081.2.1" */
	char signer[41];  /* fingerprint; "" when nobody's signature was checked */
	char reason[384]; /* of a refusal; in part what a manifest says */
	uint32_t state;   /* enum image_state */
	uint32_t n_files;
	uint64_t bytes;
	uint32_t duration_ms; /* 0: it was as it had been read before */
};

struct message_images_tell {
	char first[192];
};

#endif
