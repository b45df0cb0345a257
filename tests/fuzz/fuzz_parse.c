/* Numbers, durations, names and addresses: what parses prints, and parses again to the same. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void numbers(const char *text)
{
	char again[32];
	uint32_t u, u2;
	int64_t i, i2;

	if (parse_u32(text, 0, UINT32_MAX, &u) == 0) {
		(void)snprintf(again, sizeof(again), "%u", u);
		assert(parse_u32(again, u, u, &u2) == 0 && u2 == u);
	}
	if (parse_i64(text, INT64_MIN, INT64_MAX, &i) == 0) {
		(void)snprintf(again, sizeof(again), "%lld", (long long)i);
		assert(parse_i64(again, i, i, &i2) == 0 && i2 == i);
	}
	if (parse_duration_ms(text, &i) == 0) {
		(void)snprintf(again, sizeof(again), "%lldms", (long long)i);
		assert(i >= 0 && parse_duration_ms(again, &i2) == 0 && i2 == i);
	}
}

static void addresses(const char *text)
{
	char mac[MAC_TEXT_SIZE], quad[IPV4_TEXT_SIZE], net[IPV4_NET_TEXT_SIZE];
	struct mac m, m2;
	struct ipv4_net n, n2;
	uint32_t a, a2;

	if (mac_parse(text, &m) == 0)
		assert(mac_parse(mac_text(&m, mac), &m2) == 0 && mac_is_equal(&m, &m2));
	if (ipv4_parse(text, &a) == 0)
		assert(ipv4_parse(ipv4_text(a, quad), &a2) == 0 && a2 == a);
	if (ipv4_net_parse(text, &n) == 0) {
		assert(ipv4_net_parse(ipv4_net_text(n, net), &n2) == 0);
		assert(n2.addr == n.addr && n2.len == n.len && ipv4_net_has(n, n.addr));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_p) char *text = xcalloc(size + 1, 1);
	bool truth;

	if (size > 0)
		memcpy(text, data, size);
	numbers(text);
	addresses(text);
	if (parse_bool(text, &truth) == 0)
		assert(strcmp(text, truth ? "true" : "false") == 0);
	if (parse_is_label(text))
		assert(parse_is_hostname(text));
	return 0;
}
