/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The apps of the stack: where each answers, where the others find it, and its key. */
#ifndef APPS_APP_H
#define APPS_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum app_kind {
	APP_PROWLARR,
	APP_FLARESOLVERR,
	APP_RADARR,
	APP_QBITTORRENT,
	APP_OVERSEERR,
	APP_COUNT,
};

enum {
	APP_KEY_SIZE = 129,
	APP_URL_SIZE = 256,
	APP_PROBLEM_SIZE = 512,
};

struct app {
	const char *name;            /* "prowlarr" */
	const char *label;           /* "Prowlarr" */
	bool is_named;               /* somebody gave its URL or key: it is there to be asked */
	char url[APP_URL_SIZE];      /* as we reach it, without a slash at its end */
	char peer_url[APP_URL_SIZE]; /* as the other apps reach it */
	char user[APP_KEY_SIZE];     /* qBittorrent's login; "" for those that have API keys */
	char key[APP_KEY_SIZE];      /* API key or password; "": none is known. Never printed. */
};

struct apps {
	struct app app[APP_COUNT];
	char proxy_host[APP_KEY_SIZE]; /* egressd, as Prowlarr and FlareSolverr know it */
	uint16_t proxy_port;
	char echo_url[APP_URL_SIZE]; /* tells who asks its address; "": nobody is asked */
};

/* What the command line says; NULL: nothing, and then the environment does, and then the default.
 */
struct app_options {
	const char *url[APP_COUNT];
	const char *key_file[APP_COUNT];
	const char *config_dir; /* CONFIG_DIR/prowlarr/config.xml, CONFIG_DIR/radarr/config.xml */
	const char *proxy;      /* HOST:PORT */
	const char *echo;
};

/* -1: problem says what is wrong with which setting. A key that nobody names is none. */
MUST_CHECK int apps_read(struct apps *apps, const struct app_options *options,
			 char problem[APP_PROBLEM_SIZE]);

/* Forgets the keys. */
void apps_clear(struct apps *apps);

/* The URL without slashes at its end. -1: it is no plain "http[s]://HOST[:PORT][/BASE]", or too
 * long; *problem says why (static). */
MUST_CHECK int app_url_set(char url[APP_URL_SIZE], const char *text, const char **problem);

/* What a file of one line holds. -1: it is no key. */
MUST_CHECK int app_key_take(char key[APP_KEY_SIZE], const char *bytes, size_t len);

/* Every occurrence of the key becomes stars, one that was cut off at the end as well. */
void app_key_redact(const char *key, char *text);

/* The kind of that name, or -1. */
int app_find(const char *name);
const char *app_name(enum app_kind kind);

#endif
