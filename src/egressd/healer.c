/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remembers since when each tunnel is away, and asks Prowlarr when one comes back. */
#include "egressd/healer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/heal.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "config/files.h"
#include "tunnel/tunnel.h"

enum {
	HEALER_TUNNELS_MAX = 16,
};

struct healer_tunnel {
	char device[IF_NAMESIZE];
	bool away;
	int64_t away_since_ms;
};

struct healer {
	pthread_t thread;
	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t wake;
	struct app app; /* url "": nobody is asked */
	int64_t after_ms;
	struct healer_tunnel tunnels[HEALER_TUNNELS_MAX];
	size_t tunnel_count;
	bool wanted, ending;
	atomic_bool stop; /* what is under way has become pointless */
};

static void healer_on_each(void *arg, const char *name, const char *failures)
{
	/* Which indexers somebody has is for no log. */
	(void)arg;
	(void)name;
	(void)failures;
}

static void healer_ask(struct healer *healer, const struct app *app)
{
	struct app_session *session = app_open(app, &healer->stop);
	struct heal_result result = {0};
	char problem[APP_PROBLEM_SIZE] = "out of memory";
	struct log_line line;
	int done = -1;

	if (session != NULL)
		done = prowlarr_heal(session, healer_on_each, NULL, &result, problem);
	app_close(session);
	app_key_redact(app->key, problem);
	log_begin(&line, done < 0 ? LOG_WARN : LOG_INFO, "heal");
	log_field(&line, "app", app->name);
	log_field_number(&line, "tested", result.asked);
	log_field_number(&line, "healed", result.healed);
	if (done < 0)
		log_field(&line, "problem", problem);
	log_end(&line);
}

/* False: the thread ends. Otherwise app is whom to ask. */
static bool healer_next(struct healer *healer, struct app *app)
{
	bool ending;

	pthread_mutex_lock(&healer->lock);
	while (!healer->wanted && !healer->ending)
		pthread_cond_wait(&healer->wake, &healer->lock);
	healer->wanted = false;
	*app = healer->app;
	ending = healer->ending;
	if (!ending)
		atomic_store(&healer->stop, false);
	pthread_mutex_unlock(&healer->lock);
	return !ending;
}

static void *healer_run(void *arg)
{
	struct healer *healer = arg;
	struct app app;

	while (healer_next(healer, &app)) {
		if (app.url[0] != '\0')
			healer_ask(healer, &app);
	}
	explicit_bzero(&app, sizeof(app));
	return NULL;
}

struct healer *healer_new(void)
{
	struct healer *healer = calloc(1, sizeof(*healer));

	if (healer == NULL)
		return NULL;
	pthread_mutex_init(&healer->lock, NULL);
	pthread_cond_init(&healer->wake, NULL);
	if (pthread_create(&healer->thread, NULL, healer_run, healer) != 0) {
		free(healer);
		errno = EAGAIN;
		return NULL;
	}
	return healer;
}

void healer_free(struct healer *healer)
{
	if (healer == NULL)
		return;
	pthread_mutex_lock(&healer->lock);
	healer->ending = true;
	atomic_store(&healer->stop, true);
	pthread_cond_signal(&healer->wake);
	pthread_mutex_unlock(&healer->lock);
	pthread_join(healer->thread, NULL);
	pthread_cond_destroy(&healer->wake);
	pthread_mutex_destroy(&healer->lock);
	explicit_bzero(&healer->app, sizeof(healer->app));
	free(healer);
}

/* -1: problem says why. */
static int app_set(struct app *app, const struct config *config, const struct config_files *files,
		   char problem[512])
{
	const struct heal_config *heal = &config->heal;
	const char *why = "its key-file holds no key: that is one line without blanks";
	size_t len = 0;
	char *key = config_files_read(files, heal->key_file, &len);
	int result = -1;

	if (key == NULL)
		why = "its key-file was not handed over";
	else if (app_key_take(app->key, key, len) == 0)
		result = app_url_set(app->url, heal->url, &why);
	if (key != NULL)
		explicit_bzero(key, len);
	free(key);
	if (result < 0)
		snprintf(problem, 512, "%s:%u: heal: %s", config->path, heal->line, why);
	return result;
}

int healer_set(struct healer *healer, const struct config *config, const struct config_files *files,
	       char problem[512])
{
	struct app app = {.name = app_name(APP_PROWLARR), .label = "Prowlarr"};
	int result = config->heal.url ? app_set(&app, config, files, problem) : 0;

	if (result == 0 && healer != NULL) {
		pthread_mutex_lock(&healer->lock);
		healer->app = app;
		healer->after_ms = config->heal.after_ms;
		pthread_mutex_unlock(&healer->lock);
	}
	explicit_bzero(&app, sizeof(app));
	return result;
}

/* NULL: there are too many. */
static struct healer_tunnel *healer_find(struct healer *healer, const char *device)
{
	struct healer_tunnel *tunnel;

	for (size_t i = 0; i < healer->tunnel_count; i++) {
		if (strcmp(healer->tunnels[i].device, device) == 0)
			return &healer->tunnels[i];
	}
	if (healer->tunnel_count == HEALER_TUNNELS_MAX)
		return NULL;
	tunnel = &healer->tunnels[healer->tunnel_count++];
	snprintf(tunnel->device, sizeof(tunnel->device), "%s", device);
	return tunnel;
}

static void healer_note(struct healer *healer, struct healer_tunnel *tunnel, bool up,
			int64_t now_ms)
{
	if (!up) {
		if (!tunnel->away)
			tunnel->away_since_ms = now_ms;
		tunnel->away = true;
		/* What is being tested now would fail, and be left out for longer. */
		atomic_store(&healer->stop, true);
		healer->wanted = false;
		return;
	}
	if (tunnel->away && now_ms - tunnel->away_since_ms >= healer->after_ms) {
		healer->wanted = true;
		pthread_cond_signal(&healer->wake);
	}
	tunnel->away = false;
}

void healer_on_tunnel(struct healer *healer, const struct tunnel_status *status, int64_t now_ms)
{
	struct healer_tunnel *tunnel;

	pthread_mutex_lock(&healer->lock);
	tunnel = healer_find(healer, status->device);
	if (tunnel != NULL)
		healer_note(healer, tunnel, status->state == TUNNEL_UP, now_ms);
	pthread_mutex_unlock(&healer->lock);
}
