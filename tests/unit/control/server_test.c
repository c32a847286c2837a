/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of the control API's server and client, over a real socket. */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "control/client.h"
#include "loop.h"

struct fixture {
	struct loop loop;
	struct control_server *server;
	struct control_request *held;
	char folder[32];
	char path[64];
};

static void on_hello(void *arg, struct control_request *request)
{
	(void)arg;
	control_reply_json(request, 200, json_pack("{s:s}", "hello", "nobody"));
}

static void on_echo(void *arg, struct control_request *request)
{
	(void)arg;
	control_reply_json(request, 200,
			   json_pack("{s:O?}", "you said", control_request_body(request)));
}

static void on_delete(void *arg, struct control_request *request)
{
	(void)arg;
	if (strcmp(control_request_rest(request), "7") == 0)
		control_reply_json(request, 200, json_pack("{s:b}", "gone", 1));
	else
		control_reply_error(request, 404, "there is no such thing");
}

static void on_hold(void *arg, struct control_request *request)
{
	struct fixture *fixture = arg;

	fixture->held = request;
}

static void on_release(void *arg, struct control_request *request)
{
	struct fixture *fixture = arg;

	control_reply_text(fixture->held, 200, "application/json", "[\"late\"]", 8);
	control_reply_text(request, 200, "text/plain", "plain", 5);
}

static const struct control_route routes[] = {
	{"GET", "/hello", on_hello},      {"POST", "/echo", on_echo},
	{"DELETE", "/thing/", on_delete}, {"GET", "/hold", on_hold},
	{"GET", "/release", on_release},
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fd;

	*state = fixture;
	strcpy(fixture->folder, "/tmp/control_test.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	fd = control_listen(fixture->path);
	if (fd < 0)
		return -1;
	loop_init(&fixture->loop);
	fixture->server = control_server_new(fixture->loop.base, fd, routes,
					     sizeof(routes) / sizeof(routes[0]), fixture);
	return fixture->server ? loop_start(&fixture->loop) : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (loop_stop(&fixture->loop) != 0)
		return -1;
	control_server_free(fixture->server);
	loop_clear(&fixture->loop);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void server_answers_each_route_and_nothing_else(void **state)
{
	static const struct {
		const char *method, *path, *body;
		int status;
		const char *answer;
	} cases[] = {
		{"GET", "/hello", NULL, 200, "{\"hello\":\"nobody\"}"},
		{"GET", "/hello?name=a%20b", NULL, 400,
		 "{\"error\":\"nothing here takes a query\"}"},
		{"POST", "/echo", "{\"x\":[1,2]}", 200, "{\"you said\":{\"x\":[1,2]}}"},
		{"POST", "/echo", NULL, 200, "{\"you said\":null}"},
		{"DELETE", "/thing/7", NULL, 200, "{\"gone\":true}"},
		{"DELETE", "/thing/8", NULL, 404, "{\"error\":\"there is no such thing\"}"},
		{"POST", "/hello", NULL, 405,
		 "{\"error\":\"this path does not take that method\"}"},
		{"PATCH", "/hello", NULL, 405,
		 "{\"error\":\"this path does not take that method\"}"},
		{"GET", "/hello/", NULL, 404, "{\"error\":\"there is nothing at this path\"}"},
		{"GET", "/hell", NULL, 404, "{\"error\":\"there is nothing at this path\"}"},
		{"GET", "/", NULL, 404, "{\"error\":\"there is nothing at this path\"}"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *body = cases[i].body ? json_loads(cases[i].body, 0, NULL) : NULL;
		struct control_answer answer;
		char *text;

		if (control_call(fixture->path, cases[i].method, cases[i].path, body, &answer) < 0)
			fail_msg("%s: %s", cases[i].path, answer.problem);
		text = json_dumps(answer.body, JSON_COMPACT);
		assert_int_equal(answer.status, cases[i].status);
		assert_string_equal(text, cases[i].answer);
		free(text);
		json_decref(body);
		control_answer_clear(&answer);
	}
}

/* Sends raw bytes and reads until the server closes, or one answer's worth has come. */
static void raw_call(const char *path, const char *bytes, size_t len, char *answer, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t got = 0;
	ssize_t n;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)send(fd, bytes, len, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	while (got < size - 1 && (n = read(fd, answer + got, size - 1 - got)) > 0)
		got += (size_t)n;
	answer[got] = '\0';
	close(fd);
}

static void server_bounds_head_and_body(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 100000;
	char *big = malloc(len);
	char answer[1024];

	memset(big, 'a', len);
	memcpy(big, "GET /hello HTTP/1.1\r\nX: ", 24);
	raw_call(fixture->path, big, len, answer, sizeof(answer));
	assert_null(strstr(answer, " 200 "));
	memset(big, ' ', len);
	memcpy(big, "POST /echo HTTP/1.1\r\nContent-Length: 99900\r\n\r\n", 47);
	raw_call(fixture->path, big, len, answer, sizeof(answer));
	assert_non_null(strstr(answer, " 413 "));
	free(big);
}

static void server_refuses_a_body_that_is_not_json(void **state)
{
	static const char question[] =
		"POST /echo HTTP/1.1\r\nConnection: close\r\nContent-Length: 4\r\n\r\n{x:1";
	struct fixture *fixture = *state;
	char answer[1024];

	raw_call(fixture->path, question, sizeof(question) - 1, answer, sizeof(answer));
	assert_non_null(strstr(answer, "HTTP/1.1 400"));
	assert_non_null(strstr(answer, "the body is not JSON"));
}

static void *call_hold(void *arg)
{
	struct control_answer *answer = malloc(sizeof(*answer));

	if (control_call(arg, "GET", "/hold", NULL, answer) < 0)
		answer->body = NULL;
	return answer;
}

static void server_answers_later_when_the_handler_does(void **state)
{
	struct fixture *fixture = *state;
	struct control_answer *late;
	struct control_answer answer;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, call_hold, fixture->path), 0);
	/* The loop is the other thread's: ask it until it says that it holds the question. */
	while (!__atomic_load_n(&fixture->held, __ATOMIC_ACQUIRE))
		sched_yield();
	assert_int_equal(control_call(fixture->path, "GET", "/release", NULL, &answer), 0);
	assert_null(answer.body); /* not JSON */
	assert_int_equal(answer.status, 200);
	control_answer_clear(&answer);
	pthread_join(thread, (void **)&late);
	assert_string_equal(json_string_value(json_array_get(late->body, 0)), "late");
	control_answer_clear(late);
	free(late);
}

static void server_free_drops_what_waits(void **state)
{
	static const char question[] = "GET /hold HTTP/1.1\r\n\r\n";
	struct fixture *fixture = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, fixture->path, sizeof(address.sun_path) - 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, question, sizeof(question) - 1, 0), sizeof(question) - 1);
	while (!__atomic_load_n(&fixture->held, __ATOMIC_ACQUIRE))
		sched_yield();
	close(fd);
	/* teardown frees the server with this one waiting; the sanitizers judge */
}

static void server_turns_strangers_away(void **state)
{
	struct fixture *fixture = *state;
	int status;
	pid_t child;

	if (geteuid() != 0)
		skip();
	/* The file's mode would do already; what is tested is the check behind it. */
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(chmod(fixture->path, 0666), 0);
	child = fork();
	if (child == 0) {
		struct control_answer answer;

		if (setgid(65534) < 0 || setuid(65534) < 0 ||
		    control_call(fixture->path, "GET", "/hello", NULL, &answer) < 0)
			_exit(1);
		_exit(answer.status == 403 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void listen_never_takes_the_place_of_the_living(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	char path[80];
	int fd;

	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(control_listen(fixture->path), -1);
	assert_int_equal(errno, EADDRINUSE);

	snprintf(path, sizeof(path), "%s/other", fixture->folder);
	fd = control_listen(path);
	assert_true(fd >= 0);
	close(fd);
	fd = control_listen(path); /* a dead one is replaced */
	assert_true(fd >= 0);
	close(fd);
	unlink(path);

	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(control_listen(path), -1);
	assert_int_equal(errno, EEXIST);
	unlink(path);
}

static void client_says_what_to_do_when_nobody_answers(void **state)
{
	struct control_answer answer;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	assert_int_equal(control_call("/nonexistent/s", "GET", "/", NULL, &answer), -1);
	assert_string_equal(answer.problem,
			    "no egressd answers at /nonexistent/s: is it running? (start it, or "
			    "name its socket with --socket or its policy file with --config)");
	assert_int_equal(answer.status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(server_answers_each_route_and_nothing_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(server_bounds_head_and_body, setup, teardown),
		cmocka_unit_test_setup_teardown(server_refuses_a_body_that_is_not_json, setup,
						teardown),
		cmocka_unit_test_setup_teardown(server_answers_later_when_the_handler_does, setup,
						teardown),
		cmocka_unit_test_setup_teardown(server_free_drops_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(server_turns_strangers_away, setup, teardown),
		cmocka_unit_test_setup_teardown(listen_never_takes_the_place_of_the_living, setup,
						teardown),
		cmocka_unit_test(client_says_what_to_do_when_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
