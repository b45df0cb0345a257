#include "netboot/server/transfers.h"

#include <inttypes.h>
#include <string.h>

#include "provisioner/base/ipc.h"
#include "provisioner/base/log.h"
#include "provisioner/base/str.h"

#define LOG_NAME_SIZE 128

static void log_transfer(const struct message_transfer *m)
{
	char client[IPV4_TEXT_SIZE], shown[LOG_NAME_SIZE];

	log_debug("transfer client=%s protocol=%s result=%u status=%u bytes=%" PRIu64
		  " ms=%u retries=%u name=%s",
		ipv4_text(m->client, client), m->protocol == PROTOCOL_TFTP ? "tftp" : "http",
		m->result, m->status, m->bytes, m->duration_ms, m->retries,
		log_safe(shown, sizeof(shown), m->name, strlen(m->name)));
}

void transfers_tell(struct ipc *provisioner, struct message_transfer *m, const char *name)
{
	size_t n = strnlen(name, sizeof(m->name) - 1);

	memcpy(m->name, name, n);
	m->name[n] = '\0';
	/* A provisioner that is down misses an event, nothing more. */
	(void)ipc_send(provisioner, MESSAGE_TRANSFER, m, sizeof(*m), -1);
	if (log_level() >= LOG_LEVEL_DEBUG)
		log_transfer(m);
}
