#include "provisioner/api/statistics.h"

#include <inttypes.h>
#include <string.h>

#include "dhcpd/counters.h"
#include "netboot/server/counters.h"
#include "provisioner/api/admin.h"
#include "provisioner/base/json.h"

#define METRICS_TYPE "text/plain; version=0.0.4"
#define N_DHCP ((size_t)N_COUNTERS - COUNT_NONE - 1)

bool statistics_at(size_t i, struct statistic *ret)
{
	if (i < N_DHCP) {
		enum counter c = (enum counter)(COUNT_NONE + 1 + i);

		*ret = (struct statistic){counter_name(c), counter_text(c)};
		return true;
	}
	i -= N_DHCP;
	if (i >= N_NETBOOT_COUNTERS)
		return false;
	*ret = (struct statistic){netboot_counters[i].name, netboot_counters[i].text};
	return true;
}

static uint64_t value_of(const struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->n_counters; i++)
		if (strcmp(a->counters[i].name, name) == 0)
			return a->counters[i].value;
	return 0;
}

void statistics_get(struct api_request *r)
{
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);
	struct statistic s;

	json_list(&j);
	for (size_t i = 0; statistics_at(i, &s); i++) {
		json_map(&j);
		json_key_text(&j, "name", s.name);
		json_key_int(&j, "value", (int64_t)value_of(r->arg, s.name));
		json_key_text(&j, "text", s.text);
		json_map_end(&j);
	}
	json_list_end(&j);
	api_reply_json(r, HTTP_OK, &out);
}

/* A quote, a backslash or a line break would have to be escaped: there is none in our own texts. */
void statistics_get_metrics(struct api_request *r)
{
	AUTO(str_done) struct str out = str_init(API_REPLY_MAX);
	struct statistic s;

	for (size_t i = 0; statistics_at(i, &s); i++)
		str_printf(&out,
			"# HELP slipway_%s_total %s\n"
			"# TYPE slipway_%s_total counter\n"
			"slipway_%s_total %" PRIu64 "\n",
			s.name, s.text, s.name, s.name, value_of(r->arg, s.name));
	api_reply_text(r, METRICS_TYPE, str_text(&out), out.len);
}
