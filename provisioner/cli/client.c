#include "provisioner/cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#define BODY_BYTES_MAX ((size_t)256 << 20)
#define TIMEOUT_S 30L
#define ORDER_TIMEOUT_S 900L /* a large hall is rendered meanwhile */
#define URL_SIZE 8192

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct str *body = arg;

	str_addn(body, data, size * n);
	return str_ok(body) ? size * n : 0;
}

/* The server's own words, when it sent some. */
static void complain_of(const struct cli *cli, const struct str *body)
{
	json_t *j = json_loadb(str_text(body), body->len, 0, NULL);
	const char *error = json_string_value(json_object_get(j, "error"));

	cli_complain(cli, "%s", error ? error : "the server refused, and did not say why");
	json_decref(j);
}

/* What is wrong with what the operator wrote: a line each, with its place. */
static void print_mistakes(const struct str *body)
{
	json_t *j = json_loadb(str_text(body), body->len, 0, NULL);
	const char *error = client_text(j, "error");

	(void)fprintf(
		stderr, "%s%s", error, error[0] && error[strlen(error) - 1] != '\n' ? "\n" : "");
	json_decref(j);
}

int client_no_server(const struct cli *cli)
{
	cli_complain(cli,
		"no server answers at %s (is slipway serve running? may you read the socket?)",
		cli_value(cli, "socket"));
	return CLI_NO_SERVER;
}

int client_judge(const struct cli *cli, long status, const struct str *body)
{
	if (status == 200)
		return CLI_OK;
	if (status == 422) {
		print_mistakes(body);
		return CLI_CONFIG;
	}
	complain_of(cli, body);
	return status == 404 ? CLI_NOT_FOUND : CLI_FAILED;
}

static int talk(const struct cli *cli, bool is_post, const char *path, struct str *ret_body)
{
	CURL *curl = curl_easy_init();
	char url[URL_SIZE];
	long status = 0;

	if (!curl || snprintf(url, sizeof(url), "http://slipway%s", path) >= (int)sizeof(url)) {
		curl_easy_cleanup(curl);
		cli_complain(cli, "the request is too long");
		return CLI_USAGE;
	}
	(void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli_value(cli, "socket"));
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_body);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, is_post ? ORDER_TIMEOUT_S : TIMEOUT_S);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (is_post)
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	CURLcode rc = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (rc == CURLE_COULDNT_CONNECT)
		return client_no_server(cli);
	if (rc == CURLE_OK)
		return client_judge(cli, status, ret_body);
	cli_complain(cli, "%s: %s", cli_value(cli, "socket"), curl_easy_strerror(rc));
	return CLI_NO_SERVER;
}

int client_get(const struct cli *cli, const char *path, struct str *ret_body)
{
	return talk(cli, /* is_post= */ false, path, ret_body);
}

static int talk_json(const struct cli *cli, bool is_post, const char *path, json_t **ret)
{
	AUTO(str_done) struct str body = str_init(BODY_BYTES_MAX);
	json_error_t why;

	int rc = talk(cli, is_post, path, &body);
	if (rc != CLI_OK)
		return rc;
	*ret = json_loadb(str_text(&body), body.len, 0, &why);
	if (*ret)
		return CLI_OK;
	cli_complain(cli, "the server's answer is not JSON: %s", why.text);
	return CLI_FAILED;
}

int client_get_json(const struct cli *cli, const char *path, json_t **ret)
{
	return talk_json(cli, /* is_post= */ false, path, ret);
}

int client_order_json(const struct cli *cli, const char *path, json_t **ret)
{
	return talk_json(cli, /* is_post= */ true, path, ret);
}

const char *client_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long client_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

void client_print_json(const json_t *j)
{
	(void)json_dumpf(j, stdout, JSON_INDENT(2));
	(void)putchar('\n');
}

void client_free_json(json_t **j)
{
	json_decref(*j);
}
