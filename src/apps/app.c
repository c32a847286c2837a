/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds out where the apps are and what their keys are: options, environment, files, defaults. */
#include "apps/app.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/config_xml.h"
#include "base/address.h"
#include "base/fd.h"
#include "base/host.h"

enum {
	KEY_FILE_MAX = 64 * 1024,
	KEY_REDACT_MIN = 4, /* shorter ones would take every other letter out */
};

static const struct {
	const char *name, *label, *url, *peer_url;
	bool has_config;
} known[] = {
	[APP_PROWLARR] = {"prowlarr", "Prowlarr", "http://172.30.0.10:9696", "http://prowlarr:9696",
			  true},
	[APP_FLARESOLVERR] = {"flaresolverr", "FlareSolverr", "http://172.30.0.11:8191",
			      "http://flaresolverr:8191", false},
	[APP_RADARR] = {"radarr", "Radarr", "http://radarr:7878", "http://radarr:7878", true},
	[APP_QBITTORRENT] = {"qbittorrent", "qBittorrent", "http://qbittorrent:8080",
			     "http://qbittorrent:8080", false},
	[APP_OVERSEERR] = {"overseerr", "Overseerr", "http://overseerr:5055",
			   "http://overseerr:5055", false},
};

const char *app_name(enum app_kind kind)
{
	return known[kind].name;
}

int app_find(const char *name)
{
	for (int i = 0; i < APP_COUNT; i++) {
		if (strcmp(name, known[i].name) == 0)
			return i;
	}
	return -1;
}

/* "PROWLARR" and "_URL"; NULL when it is not set, or empty. */
static const char *environment_get(const char *app, const char *suffix)
{
	char name[64];
	const char *value;

	snprintf(name, sizeof(name), "%s%s", app, suffix);
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	value = getenv(name);
	return value && value[0] ? value : NULL;
}

int app_url_set(char url[APP_URL_SIZE], const char *text, const char **problem)
{
	static const CURLUPart forbidden[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
					      CURLUPART_FRAGMENT};
	CURLU *parts = curl_url();
	char *scheme = NULL;
	size_t len = strlen(text);
	int result = -1;

	*problem = "out of memory";
	if (parts == NULL)
		return -1;
	*problem = "it is no http:// or https:// URL";
	if (len >= APP_URL_SIZE || curl_url_set(parts, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		goto out;
	*problem = "it may have a host, a port and a path, but no login and no question mark";
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		char *part = NULL;

		if (curl_url_get(parts, forbidden[i], &part, 0) == CURLUE_OK) {
			curl_free(part);
			goto out;
		}
	}
	while (len > 0 && text[len - 1] == '/')
		len--;
	memcpy(url, text, len);
	url[len] = '\0';
	result = 0;
out:
	curl_free(scheme);
	curl_url_cleanup(parts);
	return result;
}

/* --- keys --- */

/* malloc()ed, with a NUL behind. NULL + errno: EFBIG when it is no file of a key. */
static char *file_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *bytes;

	if (fd < 0)
		return NULL;
	bytes = fd_read_all(fd, KEY_FILE_MAX, len);
	fd_close(fd);
	return bytes;
}

static void file_forget(char *bytes, size_t len)
{
	if (bytes != NULL)
		explicit_bzero(bytes, len);
	free(bytes);
}

/* Printable ASCII without blanks: it becomes a field of a request. */
static bool key_take(char key[APP_KEY_SIZE], const char *text, size_t len)
{
	if (len == 0 || len >= APP_KEY_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(key, text, len);
	key[len] = '\0';
	return true;
}

void app_key_redact(const char *key, char *text)
{
	size_t len = strlen(key), text_len = strlen(text);
	char *at = text;

	if (len < KEY_REDACT_MIN)
		return;
	while ((at = strstr(at, key)) != NULL) {
		memset(at, '*', len);
		at += len;
	}
	for (size_t part = len < text_len ? len : text_len; part >= KEY_REDACT_MIN; part--) {
		if (memcmp(text + text_len - part, key, part) == 0) {
			memset(text + text_len - part, '*', part);
			return;
		}
	}
}

/* A key that was typed where the name of its file belongs is not repeated. */
static const char *path_shown(const char *path)
{
	return strchr(path, '/') || strchr(path, '.') ? path : "the file of the key";
}

int app_key_take(char key[APP_KEY_SIZE], const char *bytes, size_t len)
{
	if (len > 0 && bytes[len - 1] == '\n')
		len--;
	if (len > 0 && bytes[len - 1] == '\r')
		len--;
	return key_take(key, bytes, len) ? 0 : -1;
}

static int app_key_read(const char *path, char key[APP_KEY_SIZE], char problem[APP_PROBLEM_SIZE])
{
	size_t len = 0;
	char *bytes = file_read(path, &len);
	int result = bytes ? app_key_take(key, bytes, len) : -1;

	if (bytes == NULL)
		snprintf(problem, APP_PROBLEM_SIZE, "%.255s: %s", path_shown(path),
			 strerror(errno));
	else if (result < 0)
		snprintf(problem, APP_PROBLEM_SIZE,
			 "%.255s: a key is one line of at most %d characters, without blanks",
			 path_shown(path), APP_KEY_SIZE - 1);
	file_forget(bytes, len);
	return result;
}

static int app_read_config(struct app *app, const char *path, char problem[APP_PROBLEM_SIZE])
{
	size_t len = 0;
	char *bytes = file_read(path, &len);
	const char *wrong = strerror(errno);
	int result = -1;

	if (bytes != NULL)
		result = config_xml_key(bytes, len, app->key, sizeof(app->key), &wrong);
	if (result < 0)
		snprintf(problem, APP_PROBLEM_SIZE, "%.255s: %s", path, wrong);
	file_forget(bytes, len);
	return result;
}

/* config.xml: named, or in the folder of all of them, where it may be missing. */
static int app_find_config(struct app *app, enum app_kind kind, const char *folder,
			   char problem[APP_PROBLEM_SIZE])
{
	const char *path = environment_get(app->name, "_CONFIG");
	char found[PATH_MAX];

	if (!known[kind].has_config)
		return 0;
	if (path == NULL && folder != NULL) {
		snprintf(found, sizeof(found), "%s/%s/config.xml", folder, app->name);
		if (access(found, F_OK) == 0)
			path = found;
	}
	return path ? app_read_config(app, path, problem) : 0;
}

static int app_read_key(struct app *app, enum app_kind kind, const struct app_options *options,
			char problem[APP_PROBLEM_SIZE])
{
	bool password = kind == APP_QBITTORRENT;
	const char *suffix = password ? "_PASSWORD" : "_API_KEY";
	const char *value = environment_get(app->name, suffix);
	const char *path = options->key_file[kind];
	const char *folder =
		options->config_dir ? options->config_dir : environment_get("APPS", "_CONFIG_DIR");

	if (path == NULL && value != NULL) {
		if (key_take(app->key, value, strlen(value)))
			return 0;
		snprintf(problem, APP_PROBLEM_SIZE,
			 "%s%s in the environment: a key has at most %d characters and no blanks",
			 app->name, suffix, APP_KEY_SIZE - 1);
		return -1;
	}
	if (path == NULL)
		path = environment_get(app->name, password ? "_PASSWORD_FILE" : "_API_KEY_FILE");
	if (path != NULL)
		return app_key_read(path, app->key, problem);
	return app_find_config(app, kind, folder, problem);
}

/* --- the rest --- */

static int setting_url(char url[APP_URL_SIZE], const char *name, const char *text,
		       char problem[APP_PROBLEM_SIZE])
{
	const char *wrong;

	if (app_url_set(url, text, &wrong) == 0)
		return 0;
	/* Not the URL itself: what is wrong with it may be the login in it. */
	snprintf(problem, APP_PROBLEM_SIZE, "the URL of %s: %s", name, wrong);
	return -1;
}

static int app_read(struct app *app, enum app_kind kind, const struct app_options *options,
		    char problem[APP_PROBLEM_SIZE])
{
	const char *url = options->url[kind];
	const char *peer_url, *user;

	app->name = known[kind].name;
	app->label = known[kind].label;
	peer_url = environment_get(app->name, "_PEER_URL");
	user = environment_get(app->name, "_USER");
	if (url == NULL)
		url = environment_get(app->name, "_URL");
	if (kind == APP_QBITTORRENT)
		snprintf(app->user, sizeof(app->user), "%s", user ? user : "admin");
	if (setting_url(app->url, app->name, url ? url : known[kind].url, problem) < 0 ||
	    setting_url(app->peer_url, app->name, peer_url ? peer_url : known[kind].peer_url,
			problem) < 0)
		return -1;
	if (app_read_key(app, kind, options, problem) < 0)
		return -1;
	app->is_named = url != NULL || app->key[0] != '\0';
	return 0;
}

/* HOST:PORT, where a name may have no dot: it is one of Docker's. */
static int apps_read_proxy(struct apps *apps, const char *text, char problem[APP_PROBLEM_SIZE])
{
	const char *colon = strrchr(text, ':');
	struct host host;

	if (colon == NULL || !host_parse(text, (size_t)(colon - text), &host) ||
	    !port_parse(colon + 1, strlen(colon + 1), &apps->proxy_port) || apps->proxy_port == 0 ||
	    host.name_len >= sizeof(apps->proxy_host)) {
		snprintf(problem, APP_PROBLEM_SIZE,
			 "the proxy is given as HOST:PORT, as Prowlarr and FlareSolverr know it");
		return -1;
	}
	memcpy(apps->proxy_host, host.name, host.name_len + 1U);
	return 0;
}

int apps_read(struct apps *apps, const struct app_options *options, char problem[APP_PROBLEM_SIZE])
{
	const char *proxy = options->proxy ? options->proxy : environment_get("EGRESS", "_PROXY");
	const char *echo = options->echo ? options->echo : environment_get("EGRESS", "_ECHO_URL");
	const char *wrong;

	*apps = (struct apps){0};
	for (int kind = 0; kind < APP_COUNT; kind++) {
		if (app_read(&apps->app[kind], (enum app_kind)kind, options, problem) < 0)
			return -1;
	}
	if (apps_read_proxy(apps, proxy ? proxy : "egress:8118", problem) < 0)
		return -1;
	if (echo && app_url_set(apps->echo_url, echo, &wrong) < 0) {
		snprintf(problem, APP_PROBLEM_SIZE, "the echo URL: %s", wrong);
		return -1;
	}
	return 0;
}

void apps_clear(struct apps *apps)
{
	explicit_bzero(apps, sizeof(*apps));
}
