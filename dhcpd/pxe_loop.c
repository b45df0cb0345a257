#include "dhcpd/pxe_loop.h"

#include <stddef.h>

#define LOOP_MAX 3
#define LOOP_WINDOW_MS 60000

static size_t slot_of(const struct mac *m)
{
	return (size_t)(m->b[3] * 31 * 31 + m->b[4] * 31 + m->b[5]) % PXE_LOOP_SLOTS;
}

static unsigned recent(const struct pxe_loops *l, const struct mac *mac, int64_t now_ms)
{
	size_t i = slot_of(mac);

	if (!mac_is_equal(&l->slots[i].mac, mac) || now_ms - l->slots[i].since_ms > LOOP_WINDOW_MS)
		return 0;
	return l->slots[i].n;
}

bool pxe_loops_would_be(const struct pxe_loops *l, const struct mac *mac, int64_t now_ms)
{
	return recent(l, mac, now_ms) >= LOOP_MAX;
}

bool pxe_loops_count(struct pxe_loops *l, const struct mac *mac, int64_t now_ms)
{
	unsigned n = recent(l, mac, now_ms);
	size_t i = slot_of(mac);

	if (n == 0) {
		l->slots[i].mac = *mac;
		l->slots[i].since_ms = now_ms;
	}
	l->slots[i].n = (uint8_t)(n > LOOP_MAX ? n : n + 1);
	return l->slots[i].n > LOOP_MAX;
}

void pxe_loops_forget(struct pxe_loops *l, const struct mac *mac)
{
	size_t i = slot_of(mac);

	if (mac_is_equal(&l->slots[i].mac, mac))
		l->slots[i].n = 0;
}
