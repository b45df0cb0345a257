#include "dhcpd/trace.h"

#include <string.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/ipc.h"

void trace_set(struct trace *t, const struct message_trace *what)
{
	t->what = *what;
	if (t->what.n_macs > MESSAGE_TRACE_MACS_MAX)
		t->what.n_macs = MESSAGE_TRACE_MACS_MAX;
	if (!t->what.is_on)
		t->n_lost = 0;
}

bool trace_is_on(const struct trace *t)
{
	return t->what.is_on;
}

bool trace_wants(const struct trace *t, const struct mac *mac, uint32_t address)
{
	if (!t->what.is_on || t->what.is_all)
		return t->what.is_on;
	if (address != 0 && address == t->what.address)
		return true;
	for (uint32_t i = 0; i < t->what.n_macs; i++)
		if (mac_is_equal(&t->what.macs[i], mac))
			return true;
	return false;
}

static void send_filled(struct trace *t, struct ipc *to)
{
	t->frame.n_lost = t->n_lost;
	if (ipc_waiting(to) > TRACE_WAITING_MAX ||
		ipc_send(to, MESSAGE_FRAME, &t->frame, sizeof(t->frame), -1) < 0)
		t->n_lost++;
	else
		t->n_lost = 0;
}

void trace_send(struct trace *t, struct ipc *to, const void *bytes, size_t len)
{
	if (!trace_wants(t, &t->frame.mac, t->frame.address))
		return;
	t->frame.len = (uint16_t)(len < MESSAGE_FRAME_SIZE ? len : MESSAGE_FRAME_SIZE);
	if (t->frame.len > 0)
		memcpy(t->frame.bytes, bytes, t->frame.len);
	send_filled(t, to);
}

void trace_tell_lost(struct trace *t, struct ipc *to)
{
	if (!t->what.is_on || t->n_lost == 0 || ipc_waiting(to) > TRACE_WAITING_MAX)
		return;
	t->frame = (struct message_frame){.wall_us = clock_wall_us()};
	send_filled(t, to);
}
