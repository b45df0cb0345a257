#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/etcd/flannel.h"

static int check(const char *yaml, struct err_list *errors)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4 << 20);
	struct doc_node *root = NULL;
	struct err e = {0};

	*errors = (struct err_list){0};
	if (doc_parse(a, "s.yaml", yaml, strlen(yaml), &doc_limits_default, &root, &e) < 0)
		fail_msg("%s", e.msg);
	return flannel_check(root, errors);
}

TEST(what_flannel_takes_passes)
{
	static const char *const rows[] = {
		"{Network: 10.2.0.0/16}",
		"{Network: 10.2.0.0/16, Backend: {Type: vxlan, VNI: 1, Port: 8472}}",
		"{Network: 10.244.0.0/16, SubnetLen: 24, SubnetMin: 10.244.10.0, SubnetMax: "
		"10.244.20.0}",
		"{network: 10.2.0.0/16, subnetlen: 26, backend: {type: host-gw}}",
		"{Network: 10.2.0.0/28}",
		"{Network: 10.2.0.0/28, SubnetLen: 30}",
		"{Network: 10.2.0.0/24, SubnetLen: 0}",
		"{Network: 10.2.0.0/16, SomethingNewer: true}",
		"'{\"Network\":\"10.2.0.0/16\",\"Backend\":{\"Type\":\"udp\"}}'",
		"|\n  {\"Network\": \"10.2.0.0/16\"}\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err_list errors;

		if (check(rows[i], &errors) < 0)
			fail_msg("%s: %s", rows[i], errors.list[0].msg);
		assert_int_equal(errors.n, 0);
	}
}

TEST(what_flannel_refuses_is_told_at_its_place)
{
	static const struct {
		const char *yaml;
		unsigned line, col;
		const char *text;
	} rows[] = {
		{"{Backend: {Type: vxlan}}", 1, 1, "\"Network\" is missing"},
		{"{Network: 10.2.0.0}", 1, 11, "not an IPv4 network"},
		{"{Network: [10.2.0.0/16]}", 1, 11, "not an IPv4 network"},
		{"{Network: 10.2.3.0/16}", 1, 11, "did you mean 10.2.0.0/16?"},
		{"{Network: 10.2.0.0/29}", 1, 11, "too small: /28"},
		{"{Network: 10.2.0.0/16, SubnetLen: 31}", 1, 35, "above 30"},
		{"{Network: 10.2.0.0/16, SubnetLen: 17}", 1, 35, "fewer than four"},
		{"{Network: 10.2.0.0/16, SubnetLen: '24'}", 1, 35, "without quotes"},
		{"{Network: 10.2.0.0/16,\n SubnetMin: 10.3.0.0}", 2, 13, "SubnetMin is outside"},
		{"{Network: 10.2.0.0/16, SubnetMax: 10.2.7.9}", 1, 35,
			"SubnetMax is not the first address of a /24 (10.2.7.0 is)"},
		{"{Network: 10.2.0.0/16, SubnetMin: ten}", 1, 35, "is not an IPv4 address"},
		{"{Network: 10.2.0.0/16, SubnetMin: 10.2.9.0, SubnetMax: 10.2.8.0}", 1, 1,
			"SubnetMin is above SubnetMax"},
		{"{Network: 10.2.0.0/16, Backend: vxlan}", 1, 33, "as Backend: {Type: vxlan}"},
		{"{Network: 10.2.0.0/16, Backend: {VNI: 1}}", 1, 33, "no Type"},
		{"{Network: 10.2.0.0/16, Backend: {Type: vxlam}}", 1, 40,
			"did you mean \"vxlan\"?"},
		{"{Netwrok: 10.2.0.0/16, Network: 10.2.0.0/16}", 1, 2, "did you mean \"Network\"?"},
		{"[Network]", 1, 1, "not a map"},
		{"\n'{\"Network\":\"10.2.0.0/29\"}'", 2, 1, "too small"},
		{"'[1]'", 1, 1, "not a map"},
		{"''", 1, 1, "not a map"},
		{"'{'", 1, 1, "not JSON"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err_list errors;

		assert_int_equal(check(rows[i].yaml, &errors), -EINVAL);
		if (!strstr(errors.list[0].msg, rows[i].text))
			fail_msg("%s: %s", rows[i].yaml, errors.list[0].msg);
		assert_int_equal(errors.n, 1);
		assert_int_equal(errors.list[0].at.line, rows[i].line);
		assert_int_equal(errors.list[0].at.col, rows[i].col);
	}
}

RUN(t(what_flannel_takes_passes), t(what_flannel_refuses_is_told_at_its_place))
