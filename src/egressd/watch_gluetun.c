/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the watcher of Gluetun is to ask, by the policy. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/files.h"
#include "egressd/daemon.h"
#include "egressd/snapshot.h"
#include "tunnel/gluetun.h"

enum {
	KEY_LEN_MAX = 256,
};

/* A network namespace has one Gluetun: whichever egress names it first. NULL: none does. */
const struct egress_config *daemon_gluetun_egress(const struct daemon *daemon)
{
	const struct config *config = daemon->snapshot->config;

	for (size_t i = 0; i < config->egress_count; i++) {
		if (config->egresses[i].gluetun_url != NULL)
			return &config->egresses[i];
	}
	return NULL;
}

/* It becomes a field of a request: one line, visible characters. */
static bool key_can_be_sent(char *key, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", key[len - 1]) != NULL)
		key[--len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	}
	return len > 0 && len <= KEY_LEN_MAX;
}

static char *key_read(const struct daemon *daemon, const struct egress_config *egress)
{
	size_t len;
	char *key = NULL;

	if (egress->key_file != NULL)
		key = config_files_read(daemon->files, egress->key_file, &len);
	if (key == NULL || key_can_be_sent(key, len))
		return key;
	log_warn("%s: there is no key in it that could be sent: one line of 1 to %d letters",
		 egress->key_file, KEY_LEN_MAX);
	explicit_bzero(key, len);
	free(key);
	return NULL;
}

void daemon_watch_gluetun(struct daemon *daemon)
{
	const struct egress_config *egress = daemon_gluetun_egress(daemon);
	char *key = egress == NULL ? NULL : key_read(daemon, egress);

	if (gluetun_watch(daemon->gluetun, egress == NULL ? NULL : egress->gluetun_url, key) < 0)
		log_warn("no memory to ask Gluetun");
	if (key != NULL)
		explicit_bzero(key, strlen(key));
	free(key);
}
