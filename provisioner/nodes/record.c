#include "provisioner/nodes/record.h"

#include <string.h>

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/nodes/nodes.h"

void record_add_mac(struct machine *m, const struct mac *mac)
{
	for (uint32_t i = 0; i < m->n_macs; i++)
		if (mac_is_equal(&m->macs[i], mac))
			return;
	if (m->n_macs < MACHINE_MACS_MAX)
		m->macs[m->n_macs++] = *mac;
}

/* "52:54:00:00:00:01,52:54:00:00:00:02" */
static void read_macs(struct machine *m, const char *text)
{
	while (*text) {
		char one[MAC_TEXT_SIZE] = "";
		size_t len = strcspn(text, ",");
		struct mac mac;

		if (len < sizeof(one))
			memcpy(one, text, len);
		if (mac_parse(one, &mac) == 0)
			record_add_mac(m, &mac);
		text += len + (text[len] == ',');
	}
}

static void write_macs(const struct machine *m, struct str *out)
{
	char text[MAC_TEXT_SIZE];

	for (uint32_t i = 0; i < m->n_macs; i++)
		str_printf(out, "%s%s", i ? "," : "", mac_text(&m->macs[i], text));
}

void record_read(const struct store_node *n, struct machine *m)
{
	str_copy(m->key, sizeof(m->key), n->key);
	str_copy(m->uuid, sizeof(m->uuid), n->uuid);
	str_copy(m->serial, sizeof(m->serial), n->serial);
	str_copy(m->boot_id, sizeof(m->boot_id), n->boot_id);
	read_macs(m, n->macs);
	m->address = n->address;
	m->life = (struct life){.state = node_state_of(n->state),
		.since_ms = n->state_since_ms,
		.step = step_of(n->stage),
		.step_ms = n->last_seen_ms,
		.seen_ms = n->last_seen_ms};
	m->first_seen_ms = n->first_seen_ms;
	m->last_seen_ms = n->last_seen_ms;
	m->stored_seen_ms = n->last_seen_ms;
	m->generation = n->generation;
	if (n->facts[0])
		m->facts = xstrdup(n->facts);
}

int record_put(struct store *s, const struct machine *m)
{
	AUTO(str_done) struct str macs = str_init((size_t)MACHINE_MACS_MAX * MAC_TEXT_SIZE);

	write_macs(m, &macs);
	return store_node_put(s, &(struct store_node){
					 .key = m->key,
					 .name = m->node ? m->node->name : "",
					 .macs = str_text(&macs),
					 .uuid = m->uuid,
					 .serial = m->serial,
					 .role = m->node ? m->node->role_name : "",
					 .address = m->address,
					 .state = node_state_name(m->life.state),
					 .state_since_ms = m->life.since_ms,
					 .stage = step_name(m->life.step),
					 .boot_id = m->boot_id,
					 .generation = m->generation,
					 .facts = m->facts,
					 .first_seen_ms = m->first_seen_ms,
					 .last_seen_ms = m->last_seen_ms,
				 });
}
