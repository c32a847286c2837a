/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS contexts: what they accept, what they refuse, and what they tell the operator. */
#include "net/tls.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "fake_certificate.h"

struct scene {
	struct fake_certificate ours, other;
	struct ssl_ctx_st *server, *client;
	struct stream near, far; /* client's, server's */
};

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const char *problem;
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	fake_certificate_make(&scene->ours, "DNS:proxy.example,IP:127.0.0.1");
	fake_certificate_make(&scene->other, "DNS:proxy.example");
	setenv("SSL_CERT_FILE", scene->ours.certificate_file, 1);
	scene->server = tls_server_new(span_of(scene->ours.certificate_text),
				       span_of(scene->ours.key_text), &problem);
	scene->client = tls_client_new();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	scene->near = stream_from_fd(pair[0]);
	scene->far = stream_from_fd(pair[1]);
	*state = scene;
	return scene->server == NULL || scene->client == NULL ? -1 : 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	stream_close(&scene->near);
	stream_close(&scene->far);
	tls_free(scene->server);
	tls_free(scene->client);
	fake_certificate_remove(&scene->ours);
	fake_certificate_remove(&scene->other);
	free(scene);
	return 0;
}

static void start(struct scene *scene, const char *name)
{
	struct host host;

	assert_true(host_parse(name, strlen(name), &host));
	assert_int_equal(tls_accept(scene->server, &scene->far), 0);
	assert_int_equal(tls_connect(scene->client, &scene->near, &host), 0);
}

/* Sends "hello" from near to far, handshake included. 0 when it arrived, else errno. */
static int hello(struct scene *scene)
{
	bool written = false;
	char bytes[8];

	for (int turn = 0; turn < 100; turn++) {
		ssize_t got;

		if (!written && stream_write(&scene->near, "hello", 5) == 5)
			written = true;
		else if (!written && errno != EAGAIN)
			return errno;
		got = stream_read(&scene->far, bytes, sizeof(bytes));
		if (got == 5)
			return memcmp(bytes, "hello", 5) == 0 ? 0 : EBADMSG;
		if (got == 0 || errno != EAGAIN)
			return got == 0 ? ECONNRESET : errno;
	}
	return ETIMEDOUT;
}

static void the_name_or_the_address_must_be_the_certificates(void **state)
{
	static const struct {
		const char *host;
		bool accepted;
	} cases[] = {
		{"proxy.example", true},      {"127.0.0.1", true},  {"other.example", false},
		{"sub.proxy.example", false}, {"127.0.0.2", false}, {"::1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		void *one;

		assert_int_equal(scene_setup(&one), 0);
		start(one, cases[i].host);
		if ((hello(one) == 0) != cases[i].accepted)
			fail_msg("%s", cases[i].host);
		scene_teardown(&one);
	}
}

static void a_certificate_nobody_signed_for_us_is_refused(void **state)
{
	struct scene *scene = *state;
	const char *problem;

	tls_free(scene->server);
	scene->server = tls_server_new(span_of(scene->other.certificate_text),
				       span_of(scene->other.key_text), &problem);
	start(scene, "proxy.example");
	assert_int_not_equal(hello(scene), 0);
}

static void nothing_older_than_tls_1_2_is_spoken(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(SSL_CTX_get_min_proto_version(scene->server), TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_get_min_proto_version(scene->client), TLS1_2_VERSION);
	SSL_CTX_set_min_proto_version(scene->client, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(scene->client, TLS1_1_VERSION);
	SSL_CTX_set_security_level(scene->client, 0);
	start(scene, "proxy.example");
	assert_int_not_equal(hello(scene), 0);
}

static void only_http_1_1_is_agreed_upon(void **state)
{
	struct scene *scene = *state;
	const unsigned char *chosen;
	unsigned len;

	start(scene, "proxy.example");
	assert_int_equal(
		SSL_set_alpn_protos(scene->near.tls, (const unsigned char *)"\2h2\10http/1.1", 12),
		0);
	assert_int_equal(hello(scene), 0);
	SSL_get0_alpn_selected(scene->near.tls, &chosen, &len);
	assert_int_equal(len, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
}

static void a_client_that_speaks_only_h2_is_turned_away(void **state)
{
	struct scene *scene = *state;

	start(scene, "proxy.example");
	assert_int_equal(SSL_set_alpn_protos(scene->near.tls, (const unsigned char *)"\2h2", 3), 0);
	assert_int_not_equal(hello(scene), 0);
}

static void a_cut_stream_is_no_orderly_end(void **state)
{
	struct scene *scene = *state;
	char byte;

	start(scene, "proxy.example");
	assert_int_equal(hello(scene), 0);
	shutdown(scene->near.fd, SHUT_WR);
	assert_int_equal(stream_read(&scene->far, &byte, 1), -1);
	assert_int_equal(errno, EPROTO);
}

static void write_locked_key(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	fclose(file);
	EVP_PKEY_free(key);
}

/* A key with a password must not make the daemon ask the terminal and wait. */
static void the_operator_is_told_what_is_wrong(void **state)
{
	struct scene *scene = *state;
	struct fake_certificate locked;
	const char *problem = NULL;

	assert_null(tls_server_new(span_of("no PEM"), span_of(scene->ours.key_text), &problem));
	assert_string_equal(problem, "the certificate file cannot be used: no start line");
	assert_null(tls_server_new(span_of(scene->ours.certificate_text),
				   span_of(scene->other.key_text), &problem));
	assert_string_equal(problem, "the key file cannot be used: key values mismatch");
	assert_null(tls_server_new(span_of(scene->ours.certificate_text), span_of(""), &problem));
	assert_non_null(strstr(problem, "the key file cannot be used: "));
	fake_certificate_make(&locked, "DNS:locked.example");
	write_locked_key(locked.key_file);
	fake_certificate_read(&locked);
	assert_null(tls_server_new(span_of(locked.certificate_text), span_of(locked.key_text),
				   &problem));
	assert_non_null(strstr(problem, "the key file cannot be used: "));
	fake_certificate_remove(&locked);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_or_the_address_must_be_the_certificates),
		SCENE_TEST(a_certificate_nobody_signed_for_us_is_refused),
		SCENE_TEST(nothing_older_than_tls_1_2_is_spoken),
		SCENE_TEST(only_http_1_1_is_agreed_upon),
		SCENE_TEST(a_client_that_speaks_only_h2_is_turned_away),
		SCENE_TEST(a_cut_stream_is_no_orderly_end),
		SCENE_TEST(the_operator_is_told_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
