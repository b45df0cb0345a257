#include "provisioner/api/hall.h"

#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/base/ipc.h"
#include "provisioner/base/mem.h"
#include "provisioner/nodes/nodes.h"

#define ROWS_MAX 8192 /* more than netboot shows */

void hall_done(struct hall_seen *h)
{
	free(h->shown.rows);
	free(h->coming.rows);
	*h = (struct hall_seen){.shown = {.n = 0}};
}

void hall_reset(struct hall_seen *h)
{
	hall_done(h);
}

static void add_rows(struct hall_picture *p, const struct message_hall *m)
{
	size_t n = m->n_rows < MESSAGE_HALL_ROWS ? m->n_rows : MESSAGE_HALL_ROWS;

	if (n == 0 || p->n + n > ROWS_MAX)
		return;
	p->rows = xreallocarray(p->rows, p->n + n, sizeof(*p->rows));
	memcpy(p->rows + p->n, m->rows, n * sizeof(*p->rows));
	for (size_t i = p->n; i < p->n + n; i++)
		IPC_TEXT(p->rows[i].file);
	p->n += n;
}

void hall_take(struct hall_seen *h, const struct message_hall *m)
{
	if (m->is_first)
		h->coming.n = 0;
	add_rows(&h->coming, m);
	if (!m->is_last)
		return;
	struct hall_picture old = h->shown;
	h->shown = h->coming;
	h->coming = (struct hall_picture){.rows = old.rows};
	h->head = *m;
}

const struct message_hall_row *hall_waiting(const struct hall_seen *h, uint32_t client)
{
	for (size_t i = 0; i < h->shown.n; i++)
		if (h->shown.rows[i].client == client && h->shown.rows[i].is_waiting)
			return &h->shown.rows[i];
	return NULL;
}

static const char *state_of(const struct message_hall_row *r)
{
	return r->is_waiting ? "waiting" : "loading";
}

static void write_row(struct json *j, const struct message_hall_row *r, const struct nodes *nodes)
{
	const struct machine *m = nodes_at_address(nodes, r->client);
	char address[IPV4_TEXT_SIZE], file[4 * sizeof(r->file)];

	json_map(j);
	json_key_text(j, "node", m ? m->key : "");
	json_key_text(j, "address", ipv4_text(r->client, address));
	json_key_text(j, "state", state_of(r));
	json_key_text(j, "protocol", r->is_tftp ? "tftp" : "http");
	json_key_int(j, "place", r->place);
	json_key_int(j, "for_ms", r->for_ms);
	json_key_int(j, "expected_ms", r->expected_ms);
	json_key_int(j, "bytes", (int64_t)r->bytes);
	json_key_int(j, "size", (int64_t)r->size);
	json_key_text(j, "file", log_safe(file, sizeof(file), r->file, strlen(r->file)));
	json_map_end(j);
}

void hall_write(struct json *j, const struct hall_seen *h, const struct nodes *nodes)
{
	json_map(j);
	json_key_int(j, "slots", h->head.slots);
	json_key_int(j, "loading", h->head.n_loading);
	json_key_int(j, "waiting", h->head.n_waiting);
	json_key_int(j, "bytes_per_s", (int64_t)h->head.bytes_per_s);
	json_key(j, "nodes");
	json_list(j);
	for (size_t i = 0; i < h->shown.n; i++)
		write_row(j, &h->shown.rows[i], nodes);
	json_list_end(j);
	json_map_end(j);
}
