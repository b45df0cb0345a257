#include "dhcpd/capture.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "dhcpd/arp.h"

/* Room for a storm: 4,000 machines that ask in the same instant. A slot is a frame and some 80 bytes before
 * it, and libpcap puts whole slots on a page: with more than 1,960 bytes of frame there is one, not two. */
#define BUFFER_BYTES (4096 * 1984)
#define SNAPLEN 1900
#define FILTER                                                                                   \
	"(ip and udp dst port 67) or (icmp6 and ip6[40] == 133) or (ip and udp src port 67 and " \
	"dst port 68) or " ARP_FILTER

struct capture {
	pcap_t *pcap;
	char interface[IF_NAMESIZE];
	struct mac mac;
	struct ipv6 link_local;
	unsigned lost;
	capture_handler *handle;
	void *arg;
	capture_sent *sent;
	void *sent_arg;
};

static int fail(struct capture *c, struct err *e, const char *what)
{
	return err_msg(e, -EIO, "cannot capture on interface \"%s\": %s: %s", c->interface, what,
		pcap_geterr(c->pcap));
}

static int set_options(struct capture *c, struct err *e)
{
	if (pcap_set_snaplen(c->pcap, SNAPLEN) != 0 || pcap_set_promisc(c->pcap, 0) != 0 ||
		pcap_set_immediate_mode(c->pcap, 1) != 0 ||
		pcap_set_buffer_size(c->pcap, BUFFER_BYTES) != 0)
		return fail(c, e, "setting it up");
	return 0;
}

static int activate(struct capture *c, struct err *e)
{
	char error[PCAP_ERRBUF_SIZE];
	struct bpf_program filter;

	int rc = pcap_activate(c->pcap); /* above 0 is only a warning */
	if (rc < 0)
		return fail(c, e, pcap_statustostr(rc));
	if (pcap_datalink(c->pcap) != DLT_EN10MB)
		return err_msg(e, -EIO, "interface \"%s\" is not Ethernet", c->interface);
	if (pcap_setdirection(c->pcap, PCAP_D_IN) != 0 || pcap_setnonblock(c->pcap, 1, error) != 0)
		return fail(c, e, "setting it up");
	if (pcap_compile(c->pcap, &filter, FILTER, /* optimize= */ 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fail(c, e, "compiling the filter");
	rc = pcap_setfilter(c->pcap, &filter);
	pcap_freecode(&filter);
	return rc == 0 ? 0 : fail(c, e, "setting the filter");
}

/* Or the kernel would hand us a copy of each frame that we send, to be thrown away (Linux 4.20; without it
 * libpcap does the throwing). */
static void ignore_own_frames(const struct capture *c)
{
	int on = 1;

	(void)setsockopt(pcap_fileno(c->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
}

/* Router Solicitations go to a group that only routers listen to; the NIC must let it through. */
static int join_all_routers(struct capture *c, struct err *e)
{
	struct packet_mreq m = {.mr_ifindex = (int)if_nametoindex(c->interface),
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = MAC_LEN,
		.mr_address = {0x33, 0x33, 0, 0, 0, 0x02}};

	if (setsockopt(pcap_fileno(c->pcap), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) == 0)
		return 0;
	return err_msg(e, -errno, "interface \"%s\" does not take the all-routers group: %s",
		c->interface, strerror(errno));
}

static bool read_mac(const struct capture *c, struct mac *ret)
{
	struct ifreq r = {0};

	memcpy(r.ifr_name, c->interface, sizeof(r.ifr_name));
	if (ioctl(pcap_fileno(c->pcap), SIOCGIFHWADDR, &r) < 0)
		return false;
	memcpy(ret->b, r.ifr_hwaddr.sa_data, MAC_LEN);
	return true;
}

static struct ipv6 find_link_local(const struct capture *c)
{
	struct ipv6 found = ra_link_local(&c->mac);
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		return found;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_in6 a;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6 ||
			strcmp(i->ifa_name, c->interface) != 0)
			continue;
		memcpy(&a, i->ifa_addr, sizeof(a));
		if (IN6_IS_ADDR_LINKLOCAL(&a.sin6_addr))
			memcpy(found.b, a.sin6_addr.s6_addr, IPV6_LEN);
	}
	freeifaddrs(all);
	return found;
}

struct capture *capture_open(const char *interface, struct err *e)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct capture *c;

	if (strlen(interface) >= IF_NAMESIZE || if_nametoindex(interface) == 0) {
		(void)err_msg(e, -ENODEV, "there is no interface \"%s\"", interface);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	memcpy(c->interface, interface, strlen(interface));
	c->pcap = pcap_create(interface, error);
	if (!c->pcap) {
		(void)err_msg(e, -EIO, "cannot capture on interface \"%s\": %s", interface, error);
		capture_close(c);
		return NULL;
	}
	if (set_options(c, e) < 0 || activate(c, e) < 0 || join_all_routers(c, e) < 0) {
		capture_close(c);
		return NULL;
	}
	if (!read_mac(c, &c->mac)) {
		(void)err_msg(
			e, -errno, "interface \"%s\" has no MAC: %s", interface, strerror(errno));
		capture_close(c);
		return NULL;
	}
	ignore_own_frames(c);
	c->link_local = find_link_local(c);
	return c;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap);
	free(c);
}

int capture_fd(const struct capture *c)
{
	return pcap_get_selectable_fd(c->pcap);
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct capture *c = (struct capture *)(void *)user;

	/* A frame longer than SNAPLEN is cut; its own length fields then give it away as malformed. */
	c->handle(c->arg, bytes, h->caplen, (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec);
}

int capture_read(struct capture *c, int max, capture_handler *handle, void *arg)
{
	c->handle = handle;
	c->arg = arg;
	int n = pcap_dispatch(c->pcap, max, on_packet, (u_char *)c);
	return n < 0 ? -EIO : n;
}

int capture_send(struct capture *c, const void *frame, size_t len)
{
	if (pcap_inject(c->pcap, frame, len) != (int)len)
		return -EIO;
	if (c->sent)
		c->sent(c->sent_arg, frame, len);
	return 0;
}

void capture_on_sent(struct capture *c, capture_sent *sent, void *arg)
{
	c->sent = sent;
	c->sent_arg = arg;
}

uint64_t capture_lost(struct capture *c)
{
	struct pcap_stat s;

	if (pcap_stats(c->pcap, &s) != 0)
		return 0;
	unsigned lost = s.ps_drop - c->lost; /* both wrap around alike */
	c->lost = s.ps_drop;
	return lost;
}

void capture_refresh_mac(struct capture *c)
{
	struct mac m;

	if (read_mac(c, &m))
		c->mac = m;
}

const struct mac *capture_mac(const struct capture *c)
{
	return &c->mac;
}

const struct ipv6 *capture_link_local(const struct capture *c)
{
	return &c->link_local;
}

const char *capture_error(const struct capture *c)
{
	return pcap_geterr(c->pcap);
}
