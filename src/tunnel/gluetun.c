/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread that asks Gluetun. */
#include "tunnel/gluetun.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/fd.h"

enum {
	GLUETUN_EVERY_MS = 10 * 1000,
	/* It learns its address a moment after the tunnel is there. */
	GLUETUN_SOON_MS = 2 * 1000,
};

struct gluetun {
	int wake_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* over the members down to the blank line */
	bool stopping;
	char *url, *key;
	struct gluetun_status status;

	struct gluetun_answer answer; /* the thread's */
};

/* What to ask by: copies, for a reload may bring others meanwhile. False: no more questions. */
static bool gluetun_take(struct gluetun *gluetun, char **url, char **key)
{
	bool go_on;

	pthread_mutex_lock(&gluetun->lock);
	go_on = !gluetun->stopping;
	*url = go_on && gluetun->url != NULL ? strdup(gluetun->url) : NULL;
	*key = *url != NULL && gluetun->key != NULL ? strdup(gluetun->key) : NULL;
	pthread_mutex_unlock(&gluetun->lock);
	return go_on;
}

/* The health server takes questions from its own namespace only, at a port of its own. */
static enum gluetun_health gluetun_ask_health(struct gluetun *gluetun, const char *url)
{
	const char *host = strstr(url, "://") + 3;

	if (strncmp(host, "127.0.0.1", 9) != 0 && strncmp(host, "localhost", 9) != 0)
		return GLUETUN_HEALTH_UNKNOWN;
	gluetun_ask("http://127.0.0.1:9999", NULL, "GET", "/", NULL, &gluetun->answer);
	if (gluetun->answer.outcome == GLUETUN_ANSWERED)
		return GLUETUN_HEALTHY;
	return gluetun->answer.status == 500 ? GLUETUN_UNHEALTHY : GLUETUN_HEALTH_UNKNOWN;
}

static void gluetun_explain(struct gluetun_status *status, bool has_key)
{
	const char *why = "";

	if (status->control == GLUETUN_NEEDS_KEY)
		why = has_key ? "its control server does not know our key: egressctl tunnel status"
			      : "its control server wants a key: egressctl tunnel status";
	else if (status->control == GLUETUN_SILENT)
		why = "no control server answers";
	else if (status->control == GLUETUN_ODD)
		why = "what answers is no control server of Gluetun";
	snprintf(status->problem, sizeof(status->problem), "%s", why);
}

/* A member that cannot be read is as if it had not been told; only the first answer says whether
 * this is Gluetun. */
static struct gluetun_status gluetun_ask_all(struct gluetun *gluetun, const char *url,
					     const char *key)
{
	struct gluetun_answer *answer = &gluetun->answer;
	struct gluetun_status status = {.health = gluetun_ask_health(gluetun, url)};

	gluetun_ask(url, key, "GET", "/v1/vpn/status", NULL, answer);
	status.control = answer->outcome;
	if (status.control == GLUETUN_ANSWERED &&
	    !gluetun_read_word(answer->body, answer->len, "status", status.vpn)) {
		status.vpn[0] = '\0';
		status.control = GLUETUN_ODD;
	}
	if (status.control == GLUETUN_ANSWERED) {
		gluetun_ask(url, key, "GET", "/v1/publicip/ip", NULL, answer);
		if (answer->outcome == GLUETUN_ANSWERED)
			(void)!gluetun_read_exit(answer->body, answer->len, &status.exit,
						 status.country);
		gluetun_ask(url, key, "GET", "/v1/portforward", NULL, answer);
		if (answer->outcome == GLUETUN_ANSWERED)
			(void)!gluetun_read_port(answer->body, answer->len, &status.port);
	}
	gluetun_explain(&status, key != NULL);
	status.asked_at_ms = clock_wall_ms();
	return status;
}

static bool gluetun_expects_more(const struct gluetun_status *status)
{
	return status->control == GLUETUN_SILENT ||
	       (strcmp(status->vpn, "running") == 0 && status->exit.family == AF_UNSPEC);
}

/* One round; returns how long to wait for the next, or to be woken. */
static int gluetun_round(struct gluetun *gluetun, const char *url, const char *key)
{
	struct gluetun_status status = {0};

	if (url != NULL)
		status = gluetun_ask_all(gluetun, url, key);
	pthread_mutex_lock(&gluetun->lock);
	gluetun->status = status;
	pthread_mutex_unlock(&gluetun->lock);
	if (url == NULL)
		return -1;
	return gluetun_expects_more(&status) ? GLUETUN_SOON_MS : GLUETUN_EVERY_MS;
}

static void secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void *gluetun_run(void *arg)
{
	struct gluetun *gluetun = arg;
	struct pollfd wake = {.fd = gluetun->wake_fd, .events = POLLIN};
	char *url, *key;
	eventfd_t count;

	while (gluetun_take(gluetun, &url, &key)) {
		int wait_ms = gluetun_round(gluetun, url, key);

		free(url);
		secret_free(key);
		if (poll(&wake, 1, wait_ms) > 0)
			(void)eventfd_read(gluetun->wake_fd, &count);
	}
	return NULL;
}

struct gluetun *gluetun_new(void)
{
	struct gluetun *gluetun = calloc(1, sizeof(*gluetun));
	sigset_t all, before;
	int error;

	if (gluetun == NULL)
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pthread_mutex_init(&gluetun->lock, NULL);
	gluetun->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gluetun->wake_fd < 0) {
		error = errno;
		goto fail;
	}
	/* Signals are main's: none may land here. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&gluetun->thread, NULL, gluetun_run, gluetun);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0) {
		pthread_setname_np(gluetun->thread, "gluetun");
		return gluetun;
	}
fail:
	fd_close(gluetun->wake_fd);
	pthread_mutex_destroy(&gluetun->lock);
	free(gluetun);
	errno = error;
	return NULL;
}

/* The lock is held, or nobody else is left. */
static void gluetun_forget(struct gluetun *gluetun)
{
	secret_free(gluetun->key);
	free(gluetun->url);
	gluetun->key = gluetun->url = NULL;
}

void gluetun_free(struct gluetun *gluetun)
{
	if (gluetun == NULL)
		return;
	pthread_mutex_lock(&gluetun->lock);
	gluetun->stopping = true;
	pthread_mutex_unlock(&gluetun->lock);
	gluetun_wake(gluetun);
	pthread_join(gluetun->thread, NULL);
	gluetun_forget(gluetun);
	fd_close(gluetun->wake_fd);
	pthread_mutex_destroy(&gluetun->lock);
	free(gluetun);
}

int gluetun_watch(struct gluetun *gluetun, const char *url, const char *key)
{
	int result = 0;

	pthread_mutex_lock(&gluetun->lock);
	gluetun_forget(gluetun);
	if (url != NULL)
		gluetun->url = strdup(url);
	if (url != NULL && key != NULL)
		gluetun->key = strdup(key);
	if ((url != NULL && gluetun->url == NULL) ||
	    (url != NULL && key != NULL && gluetun->key == NULL)) {
		gluetun_forget(gluetun);
		result = -1;
	}
	pthread_mutex_unlock(&gluetun->lock);
	gluetun_wake(gluetun);
	return result;
}

void gluetun_wake(struct gluetun *gluetun)
{
	(void)eventfd_write(gluetun->wake_fd, 1);
}

void gluetun_status(struct gluetun *gluetun, struct gluetun_status *status)
{
	pthread_mutex_lock(&gluetun->lock);
	*status = gluetun->status;
	pthread_mutex_unlock(&gluetun->lock);
}
