#include "dhcpd/probe.h"

#include <assert.h>
#include <string.h>

/* Addresses come from our own pools: runs of numbers, which no stranger can make collide. */
#define BUCKETS 4096

/* The list is sorted by deadline. All probes take the same time, so a new one belongs at its end. */
struct probe_table {
	struct probe *by_address[BUCKETS];
	struct probe *first, *last;
	size_t n;
};

struct probe_table *probe_table_new(void)
{
	return xcalloc(1, sizeof(struct probe_table));
}

void probe_table_free(struct probe_table *t)
{
	if (!t)
		return;
	for (struct probe *p = t->first, *later; p; p = later) {
		later = p->later;
		probe_free(p);
	}
	free(t);
}

static struct probe **bucket_of(struct probe_table *t, uint32_t address)
{
	return &t->by_address[address % BUCKETS];
}

struct probe *probe_by_address(const struct probe_table *t, uint32_t address)
{
	struct probe *p = t ? t->by_address[address % BUCKETS] : NULL;

	while (p && p->address != address)
		p = p->next_by_address;
	return p;
}

bool probe_table_is_full(const struct probe_table *t)
{
	return t->n >= PROBES_MAX;
}

struct probe *probe_begin(struct probe_table *t, uint32_t address, int64_t deadline_ms)
{
	assert(!probe_table_is_full(t) && !probe_by_address(t, address));
	struct probe *p = xcalloc(1, sizeof(*p)), **bucket = bucket_of(t, address);

	p->address = address;
	p->deadline_ms = deadline_ms;
	p->next_by_address = *bucket;
	*bucket = p;

	/* Only when the time that probes take was made shorter does it belong further up. */
	p->earlier = t->last;
	while (p->earlier && p->earlier->deadline_ms > deadline_ms)
		p->earlier = p->earlier->earlier;
	p->later = p->earlier ? p->earlier->later : t->first;
	*(p->earlier ? &p->earlier->later : &t->first) = p;
	*(p->later ? &p->later->earlier : &t->last) = p;
	t->n++;
	return p;
}

static void drop_request(struct probe *p)
{
	free(TAKE(p->kept));
	p->request = (struct probe_request){0};
}

void probe_keep(struct probe *p, const struct probe_request *request)
{
	if (!request) {
		drop_request(p);
		return;
	}
	size_t len = request->payload.left;
	if (len == 0 || len > MSG_SIZE_MAX)
		return;
	uint8_t *copy = xcalloc(1, len);
	memcpy(copy, request->payload.p, len);
	drop_request(p);
	p->kept = copy;
	p->request = *request;
	p->request.payload = rd_init(copy, len);
}

struct probe *probe_due(const struct probe_table *t, int64_t now_ms)
{
	return t->first && t->first->deadline_ms <= now_ms ? t->first : NULL;
}

int64_t probe_next_ms(const struct probe_table *t)
{
	return t->first ? t->first->deadline_ms : PROBE_NEVER;
}

struct probe *probe_take(struct probe_table *t, struct probe *p)
{
	struct probe **at = bucket_of(t, p->address);

	while (*at != p)
		at = &(*at)->next_by_address;
	*at = p->next_by_address;
	*(p->earlier ? &p->earlier->later : &t->first) = p->later;
	*(p->later ? &p->later->earlier : &t->last) = p->earlier;
	p->next_by_address = p->earlier = p->later = NULL;
	t->n--;
	return p;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	drop_request(p);
	free(p);
}
