/* slipway-join - joins this node to its cluster and stays as its heartbeat. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "netboot/join/agent.h"
#include "netboot/join/env.h"
#include "provisioner/base/err.h"
#include "provisioner/base/files.h"
#include "provisioner/base/log.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 65 /* sysexits.h: EX_DATAERR */
#define STATE_DIR "/var/lib/slipway-join"

static const char usage[] =
	"Usage: slipway-join [--env FILE] [--state DIR] [--root DIR] [--once] [--log-level LEVEL]\n"
	"\n"
	"Joins this node to its cluster with a one-time token, fetches the secrets of its\n"
	"role, registers it in etcd, and stays as its heartbeat.\n"
	"\n"
	"  --env FILE         read the settings below from FILE (KEY=value lines)\n"
	"  --state DIR        keep key and certificate there (default " STATE_DIR ")\n"
	"  --root DIR         the node's root folder (default /)\n"
	"  --once             join, register, send one heartbeat, then exit\n"
	"  --log-level LEVEL  error, warn, info (default) or debug\n"
	"  --help, --version\n"
	"\n"
	"Settings, from the environment or the file (the environment wins):\n"
	"  SLIPWAY_URL             the provisioner: https://ADDRESS:PORT\n"
	"  SLIPWAY_CA_FINGERPRINT  sha256 of its CA certificate, 64 hex digits\n"
	"  SLIPWAY_TOKEN           one-time join token; needed until the node has joined\n"
	"  SLIPWAY_NODE            this node's name\n"
	"  SLIPWAY_GENERATION      whose configuration this is; optional\n";

struct arguments {
	const char *env, *state, *root;
	enum log_level level;
	bool once;
};

/* 0 to go on, or 1 + the status to exit with. */
static int read_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"env", required_argument, NULL, 'e'},
		{"state", required_argument, NULL, 's'},
		{"root", required_argument, NULL, 'r'},
		{"once", no_argument, NULL, 'o'},
		{"log-level", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'e':
			args->env = optarg;
			break;
		case 's':
			args->state = optarg;
			break;
		case 'r':
			args->root = optarg;
			break;
		case 'o':
			args->once = true;
			break;
		case 'l':
			if (log_level_parse(optarg, &args->level) == 0)
				break;
			(void)fprintf(
				stderr, "slipway-join: --log-level: error, warn, info or debug\n");
			return 1 + EXIT_USAGE;
		case 'h':
			(void)fputs(usage, stdout);
			return 1;
		case 'v':
			(void)puts("slipway-join " SLIPWAY_VERSION);
			return 1;
		default:
			(void)fputs("Try slipway-join --help\n", stderr);
			return 1 + EXIT_USAGE;
		}
	}
	if (optind == argc)
		return 0;
	(void)fprintf(stderr, "slipway-join: takes no argument (\"%s\")\nTry slipway-join --help\n",
		argv[optind]);
	return 1 + EXIT_USAGE;
}

static int read_env(const struct arguments *args, struct env *env, struct err *e)
{
	AUTO(free_p) char *text = NULL;
	size_t len = 0;
	int rc = 0;

	if (args->env) {
		rc = file_read(AT_FDCWD, args->env, ENV_FILE_MAX, &text, &len);
		if (rc < 0)
			return err_set(
				e, rc, (struct mark){.file = args->env}, "%s", strerror(-rc));
		rc = env_parse(args->env, text, len, env, e);
		OPENSSL_cleanse(text, len);
	}
	if (rc == 0)
		rc = env_from_process(env, e);
	return rc < 0 ? rc : env_check(env, e);
}

static int open_state(const char *path)
{
	int rc = dir_make(path, 0700, geteuid(), getegid());

	return rc < 0 ? rc : dir_open(path);
}

int main(int argc, char **argv)
{
	struct arguments args = {.state = STATE_DIR, .root = "/", .level = LOG_LEVEL_INFO};
	struct agent_options options = {0};
	struct err e = {0};

	int rc = read_arguments(argc, argv, &args);
	if (rc > 0)
		return rc - 1;
	log_init("slipway-join", args.level);
	(void)signal(SIGPIPE, SIG_IGN);
	/* The node's openssl.cnf is for the node's OpenSSL, not for the one inside this program. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);

	if (read_env(&args, &options.env, &e) < 0) {
		err_print(&e, stderr);
		return EXIT_CONFIG;
	}
	(void)unsetenv("SLIPWAY_TOKEN"); /* no child shall see it */
	AUTO(close_p) int state = open_state(args.state), root = dir_open(args.root);
	if (state < 0 || root < 0) {
		log_error("%s: %s", state < 0 ? args.state : args.root,
			strerror(state < 0 ? -state : -root));
		return EXIT_FAILURE;
	}
	options.state = state;
	options.root = root;
	options.once = args.once;
	return agent_run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
