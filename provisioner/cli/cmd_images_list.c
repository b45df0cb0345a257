#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/human.h"
#include "provisioner/base/json.h"
#include "provisioner/cli/client.h"
#include "provisioner/cli/images.h"
#include "provisioner/cli/images_users.h"
#include "provisioner/cli/table.h"

#define OUTPUT_BYTES_MAX ((size_t)64 << 20)
#define SHORT_SIGNER 16 /* of a fingerprint, its end: the long key id */

static const struct cli_option options[] = {
	CLI_JSON_OPTION,
	{"output", 'o', "FORMAT", "table", "table, or json: all of it"},
	IMAGES_STORE_OPTION,
	IMAGES_CONFIG_OPTION,
	IMAGES_STATE_OPTION,
	CLIENT_SOCKET_OPTION,
	{.name = NULL},
};

struct row {
	const struct images_entry *entry;
	struct manifest manifest;
	bool has_manifest;
	uint64_t bytes;
	const char *user;
};

static const char *state_of(const struct row *r)
{
	switch (r->entry->state) {
	case IMAGES_PARTIAL:
		return "partial";
	case IMAGES_REMOVED:
		return "being removed";
	case IMAGES_WHOLE:
		break;
	}
	return r->has_manifest ? "whole" : "no manifest";
}

static void add_table_row(struct table *t, const struct row *r)
{
	const char *signer = r->has_manifest ? manifest_signer(r->manifest.signer) : "";
	char id[IMAGE_ID_SIZE], bytes[HUMAN_SIZE];
	size_t len = strlen(signer);

	if (r->has_manifest && r->manifest.signer[0] && len > SHORT_SIGNER)
		signer += len - SHORT_SIGNER;
	const char *cells[] = {image_id_text(&r->entry->id, id), state_of(r),
		human_bytes(r->bytes, bytes), signer, r->has_manifest ? r->manifest.date : "",
		r->has_manifest ? r->manifest.build : "", r->user ? r->user : ""};
	table_row(t, cells);
}

static void add_json_row(struct json *j, const struct row *r)
{
	AUTO(str_done) struct str manifest = str_init(MANIFEST_BYTES_MAX);

	json_map(j);
	json_key_text(j, "name", r->entry->id.name);
	json_key_text(j, "version", r->entry->id.version);
	json_key_text(j, "state", state_of(r));
	json_key_int(j, "bytes", (int64_t)r->bytes);
	json_key_bool(j, "verified", r->has_manifest && r->manifest.signer[0]);
	json_key_text(j, "used_by", r->user);
	json_key(j, "manifest");
	if (r->has_manifest) {
		manifest_write(&r->manifest, &manifest);
		json_raw(j, str_text(&manifest));
	} else {
		json_none(j);
	}
	json_map_end(j);
}

static void look(const struct images_users *users, int store, const struct images_entry *entry,
	struct row *ret)
{
	struct err e;

	*ret = (struct row){.entry = entry, .bytes = images_disk_bytes(store, entry)};
	if (entry->state != IMAGES_WHOLE)
		return;
	ret->has_manifest = images_manifest(store, &entry->id, &ret->manifest, &e) == 0;
	ret->user = images_user_of(users, &entry->id);
}

static int run(const struct cli *cli)
{
	static const char *const headers[] = {
		"IMAGE", "STATE", "SIZE", "SIGNER", "DATE", "BUILD", "USED BY", NULL};
	AUTO(close_p) int store = images_open_store(cli, /* make= */ false);
	AUTO(free_p) struct images_entry *list = NULL;
	AUTO(free_p) struct row *row = xcalloc(1, sizeof(*row));
	AUTO(str_done) struct str text = str_init(OUTPUT_BYTES_MAX);
	bool as_json = cli_is_json(cli);
	AUTO(images_users_done) struct images_users users = {0};
	size_t n, n_unverified = 0;

	if (!cli_output_is_legal(cli, "table"))
		return CLI_USAGE;
	if (store < 0)
		return CLI_FAILED;
	int rc = images_list_all(cli, store, &list, &n);
	if (rc != CLI_OK)
		return rc;
	(void)images_users_load(cli, &users); /* what it does not know it has said */
	struct table *table = table_new(headers);
	struct json json = json_init(&text);
	json_list(&json);
	for (size_t i = 0; i < n; i++) {
		look(&users, store, &list[i], row);
		n_unverified += row->has_manifest && !row->manifest.signer[0];
		if (as_json)
			add_json_row(&json, row);
		else
			add_table_row(table, row);
	}
	json_list_end(&json);
	if (as_json)
		(void)puts(str_text(&text));
	else
		table_print(table, stdout);
	table_free(table);
	if (n_unverified > 0 && !as_json)
		(void)fprintf(stderr, "%zu unverified: nothing proves who made %s\n", n_unverified,
			n_unverified == 1 ? "it" : "them");
	return CLI_OK;
}

const struct cli_command cmd_images_list = {
	.name = "images list",
	.args = "",
	.summary = "show every image, who signed it, and who needs it",
	.options = options,
	.run = run,
};
