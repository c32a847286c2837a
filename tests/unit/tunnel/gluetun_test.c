/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gluetun's answers are read strictly; a server that wants a key is never taken for a VPN that is
 * down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel/gluetun.h"

static void words_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		const char *word; /* NULL: refused */
	} cases[] = {
		{"{\"status\":\"running\"}\n", "running"},
		{"{\"status\":\"stopped\",\"more\":[1]}", "stopped"},
		{"{\"status\":\"\"}", NULL},
		{"{\"status\":1}", NULL},
		{"{\"status\":null}", NULL},
		{"{\"state\":\"running\"}", NULL},
		{"[\"status\"]", NULL},
		{"running", NULL},
		{"", NULL},
		{"{\"status\":\"running\"} trailing", NULL},
		{"{\"status\":\"a\",\"status\":\"b\"}", NULL},
		{"{\"status\":\"\\u001b[2J\"}", NULL},
		{"{\"status\":\"run\\u0000ning\"}", NULL},
		{"{\"status\":\"a word that is longer than it may be\"}", NULL},
	};
	char word[GLUETUN_WORD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool read = gluetun_read_word(cases[i].text, strlen(cases[i].text), "status", word);

		assert_int_equal(read, cases[i].word != NULL);
		if (read)
			assert_string_equal(word, cases[i].word);
	}
}

static void the_exit_is_an_address_or_none(void **state)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: refused; "": none */
		const char *country;
	} cases[] = {
		{"{\"public_ip\":\"45.80.2.2\",\"country\":\"United States\"}", "45.80.2.2",
		 "United States"},
		{"{\"public_ip\":\"2001:db8::1\"}", "2001:db8::1", ""},
		{"{\"public_ip\":\"\"}", "", ""},
		{"{\"public_ip\":\"45.80.2.2\",\"country\":\"\\n\"}", "45.80.2.2", ""},
		{"{\"public_ip\":\"45.80.2.2:80\"}", NULL, ""},
		{"{\"public_ip\":\"example.org\"}", NULL, ""},
		{"{\"public_ip\":\"45.80.2.2\\u0000\"}", NULL, ""},
		{"{}", NULL, ""},
	};
	char country[GLUETUN_PLACE_SIZE], text[ADDRESS_TEXT_SIZE];
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			gluetun_read_exit(cases[i].text, strlen(cases[i].text), &address, country),
			cases[i].address != NULL);
		assert_string_equal(country, cases[i].country);
		if (cases[i].address == NULL || cases[i].address[0] == '\0')
			assert_int_equal(address.family, AF_UNSPEC);
		else
			assert_string_equal(address_format(&address, text), cases[i].address);
	}
}

static void a_port_is_a_port(void **state)
{
	static const struct {
		const char *text;
		int port; /* -1: refused */
	} cases[] = {
		{"{\"port\":5914,\"ports\":[5914]}", 5914},
		{"{\"port\":0,\"ports\":null}", 0},
		{"{\"port\":0,\"ports\":[]}", 0},
		{"{\"port\":65536}", -1},
		{"{\"port\":-1}", -1},
		{"{\"port\":\"80\"}", -1},
		{"{\"port\":80.5}", -1},
		{"{\"ports\":[1]}", -1},
	};
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(gluetun_read_port(cases[i].text, strlen(cases[i].text), &port),
				 cases[i].port >= 0);
		assert_int_equal(port, cases[i].port < 0 ? 0 : cases[i].port);
	}
}

/* A control server of one answer: says it to everybody, and keeps the head of the last question. */
struct server {
	int fd;
	const char *answer;
	char head[1024], url[64];
	pthread_t thread;
};

static void *server_run(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		ssize_t len = read(fd, server->head, sizeof(server->head) - 1);

		server->head[len < 0 ? 0 : len] = '\0';
		(void)!write(fd, server->answer, strlen(server->answer));
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server, const char *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	server->answer = answer;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server->fd, 8), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static void what_comes_back_is_told_apart(void **state)
{
	static const struct {
		const char *answer;
		enum gluetun_outcome outcome;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", GLUETUN_ANSWERED},
		{"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", GLUETUN_NEEDS_KEY},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", GLUETUN_ODD},
		{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		 GLUETUN_ODD},
		{"220 mail.example.org\r\n", GLUETUN_ODD},
		{"", GLUETUN_ODD},
	};
	struct gluetun_answer *answer = malloc(sizeof(*answer));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server server;

		server_start(&server, cases[i].answer);
		gluetun_ask(server.url, "key", "GET", "/v1/vpn/status", NULL, answer);
		server_stop(&server);
		assert_int_equal(answer->outcome, cases[i].outcome);
		assert_non_null(strstr(server.head, "GET /v1/vpn/status HTTP/1.1\r\n"));
		assert_non_null(strstr(server.head, "\r\nX-API-Key: key\r\n"));
	}
	free(answer);
}

static void nobody_there_is_silence(void **state)
{
	struct gluetun_answer *answer = malloc(sizeof(*answer));

	(void)state;
	gluetun_ask("http://127.0.0.1:1", NULL, "GET", "/v1/vpn/status", NULL, answer);
	assert_int_equal(answer->outcome, GLUETUN_SILENT);
	free(answer);
}

static void an_endless_answer_is_cut_off(void **state)
{
	struct gluetun_answer *answer = malloc(sizeof(*answer));
	char *text = malloc(3 * GLUETUN_BODY_MAX);
	struct server server;
	int head = snprintf(text, 64, "HTTP/1.1 200 OK\r\n\r\n");

	(void)state;
	memset(text + head, ' ', (size_t)(3 * GLUETUN_BODY_MAX - head));
	text[3 * GLUETUN_BODY_MAX - 1] = '\0';
	server_start(&server, text);
	gluetun_ask(server.url, NULL, "GET", "/v1/vpn/status", NULL, answer);
	server_stop(&server);
	assert_int_equal(answer->outcome, GLUETUN_ODD);
	assert_true(answer->len <= GLUETUN_BODY_MAX);
	free(text);
	free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read_strictly),
		cmocka_unit_test(the_exit_is_an_address_or_none),
		cmocka_unit_test(a_port_is_a_port),
		cmocka_unit_test(what_comes_back_is_told_apart),
		cmocka_unit_test(nobody_there_is_silence),
		cmocka_unit_test(an_endless_answer_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
