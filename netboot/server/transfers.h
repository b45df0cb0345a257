/* transfers.h - tells the provisioner, and the log, of a transfer that has ended. */
#ifndef SLIPWAY_SERVER_TRANSFERS_H
#define SLIPWAY_SERVER_TRANSFERS_H

#include "provisioner/messages/messages.h"

struct ipc;

/* `m` lacks only its name: what was asked for, hostile text. */
void transfers_tell(struct ipc *provisioner, struct message_transfer *m, const char *name);

#endif
