#include "netboot/http/wire.h"

#include <errno.h>
#include <limits.h>
#include <linux/tcp.h> /* the C library's has a shorter struct tcp_info */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK ((size_t)16 << 10) /* of a TLS record */

/* iPXE of 2019 knows neither ECDHE nor TLS 1.3: RSA key exchange stays for it, at the end. TLS 1.3 has its own list. */
#define CIPHERS                        \
	"ECDHE+AESGCM:ECDHE+CHACHA20:" \
	"AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256"

int http_wire_init(struct http_wire *w, int fd, SSL_CTX *tls)
{
	*w = (struct http_wire){.fd = fd};
	if (!tls)
		return 0;
	w->ssl = SSL_new(tls);
	if (!w->ssl || SSL_set_fd(w->ssl, fd) != 1) {
		SSL_free(w->ssl);
		ERR_clear_error();
		return -ENOMEM;
	}
	SSL_set_accept_state(w->ssl);
	return 0;
}

void http_wire_done(struct http_wire *w)
{
	SSL_free(w->ssl);
	w->ssl = NULL;
	close_p(&w->fd);
}

/* Somebody speaks HTTP where TLS is spoken: told so in his own words. */
static void refuse_plain(const struct http_wire *w)
{
	static const char reply[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
				    "Content-Length: 38\r\nConnection: close\r\n\r\n"
				    "This port speaks TLS: use https://...\n";

	(void)send(w->fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

#define DISTRUSTS "it does not trust the server's certificate "
#define HUNG_UP DISTRUSTS "(it hung up when it had seen it)"

/* In OpenSSL, an alert of the peer's is a reason from here on (ssl/sslerr.h). */
#define REASON_OF_ALERT SSL_AD_REASON_OFFSET

/* What a client says, or does, that does not go on with its handshake. EDK2 says nothing: it hangs up. */
static const char *refusal_of(const struct http_wire *w, int code, int reason)
{
	static const struct {
		int reason;
		const char *text;
	} reasons[] = {
		{REASON_OF_ALERT + SSL_AD_UNKNOWN_CA, DISTRUSTS "(it says: unknown CA)"},
		{REASON_OF_ALERT + SSL_AD_BAD_CERTIFICATE, DISTRUSTS "(it says: bad certificate)"},
		{REASON_OF_ALERT + SSL_AD_CERTIFICATE_UNKNOWN,
			DISTRUSTS "(it says: certificate unknown)"},
		{REASON_OF_ALERT + SSL_AD_UNSUPPORTED_CERTIFICATE,
			DISTRUSTS "(it says: a kind of key that it does not know)"},
		{REASON_OF_ALERT + SSL_AD_CERTIFICATE_EXPIRED,
			"it holds the server's certificate for expired: is its clock right?"},
		{SSL_R_NO_SHARED_CIPHER, "it offers no cipher that the server knows"},
		{SSL_R_UNSUPPORTED_PROTOCOL, "it speaks no TLS 1.2"},
		{SSL_R_HTTP_REQUEST, "it speaks plain HTTP to the port for TLS"},
	};

	if (code != SSL_ERROR_SSL && SSL_get_state(w->ssl) == TLS_ST_BEFORE)
		return NULL; /* it said nothing at all */
	if (code != SSL_ERROR_SSL)
		return HUNG_UP;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].text;
	return "its TLS can not be understood";
}

static ssize_t failed(struct http_wire *w, int rc, int usual)
{
	int code = SSL_get_error(w->ssl, rc);
	unsigned long why = ERR_peek_error();

	ERR_clear_error();
	w->wants_otherwise = false;
	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
		w->wants_otherwise = code != usual;
		return -EAGAIN;
	}
	if (!SSL_is_init_finished(w->ssl))
		w->refusal = refusal_of(w, code, ERR_GET_REASON(why));
	if (code == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (code == SSL_ERROR_SSL && ERR_GET_REASON(why) == SSL_R_HTTP_REQUEST)
		refuse_plain(w);
	return -ECONNRESET;
}

static int at_most_int(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

ssize_t http_wire_receive(struct http_wire *w, void *buf, size_t room)
{
	if (!w->ssl) {
		ssize_t n = recv(w->fd, buf, room, MSG_DONTWAIT);

		return n < 0 ? -errno : n;
	}
	int n = SSL_read(w->ssl, buf, at_most_int(room));
	if (n <= 0)
		return failed(w, n, SSL_ERROR_WANT_READ);
	w->wants_otherwise = false;
	return n;
}

bool http_wire_has_more(const struct http_wire *w)
{
	return w->ssl && SSL_pending(w->ssl) > 0;
}

static ssize_t send_record(struct http_wire *w, const void *data, size_t len)
{
	int n = SSL_write(w->ssl, data, at_most_int(len));

	if (n <= 0) {
		ssize_t rc = failed(w, n, SSL_ERROR_WANT_WRITE);

		return rc == 0 ? -EPIPE : rc;
	}
	w->wants_otherwise = false;
	return n;
}

ssize_t http_wire_send(struct http_wire *w, const void *data, size_t len, bool more)
{
	if (w->ssl)
		return send_record(w, data, len);
	ssize_t n = send(w->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	return n < 0 ? -errno : n;
}

ssize_t http_wire_send_file(struct http_wire *w, int file, uint64_t at, size_t len)
{
	char block[BLOCK];
	off_t offset = (off_t)at;
	ssize_t n;

	if (!w->ssl) {
		n = sendfile(w->fd, file, &offset, len);
		return n < 0 ? -errno : n;
	}
	n = pread(file, block, len < sizeof(block) ? len : sizeof(block), offset);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	return send_record(w, block, (size_t)n);
}

uint64_t http_wire_taken(const struct http_wire *w)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(w->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	return info.tcpi_bytes_acked;
}

bool http_wire_is_left(const struct http_wire *w)
{
	char byte;

	return recv(w->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

void http_wire_finish(struct http_wire *w)
{
	if (w->ssl && SSL_is_init_finished(w->ssl)) {
		(void)SSL_shutdown(w->ssl); /* a courtesy: the lengths have said it already */
		ERR_clear_error();
	}
	(void)shutdown(w->fd, SHUT_WR);
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static const char *use_key(SSL_CTX *ctx, const char *pem, int len)
{
	BIO *in = BIO_new_mem_buf(pem, len);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
	bool is_ours = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(in);
	return is_ours ? NULL : "the key can not be read, or is not the certificate's";
}

static const char *use_chain(SSL_CTX *ctx, const char *pem, int len)
{
	BIO *in = BIO_new_mem_buf(pem, len);
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;
	const char *why = NULL;

	if (!cert || SSL_CTX_use_certificate(ctx, cert) != 1)
		why = "the certificate can not be read";
	X509_free(cert);
	while (!why && (cert = PEM_read_bio_X509(in, NULL, no_passphrase, NULL))) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			why = "the chain of certificates can not be read";
		}
	}
	BIO_free(in);
	return why;
}

SSL_CTX *http_wire_tls(const char *pem, size_t len, const char **ret_why)
{
	/* There is no openssl.cnf within a locked-in worker's reach, nor is it asked for. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	*ret_why = "TLS can not be set up";
	if (!ctx)
		return NULL;
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 && len <= INT_MAX &&
		!(*ret_why = use_chain(ctx, pem, (int)len)))
		*ret_why = use_key(ctx, pem, (int)len);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					       SSL_OP_IGNORE_UNEXPECTED_EOF |
					       SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_RELEASE_BUFFERS);
	ERR_clear_error();
	if (!*ret_why)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}
