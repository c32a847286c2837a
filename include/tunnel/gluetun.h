/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Gluetun says of itself: its health server, and its control server (which wants a key). Its
 * word is one signal and is shown; whether the tunnel is up is decided by the link and the probe,
 * for Gluetun calls itself running before there is a tunnel, and healthy minutes after its end.
 *
 * A watcher has one thread, which asks every few seconds.
 */
#ifndef TUNNEL_GLUETUN_H
#define TUNNEL_GLUETUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

struct gluetun;

enum {
	GLUETUN_WORD_SIZE = 32,
	GLUETUN_PLACE_SIZE = 64,
	GLUETUN_BODY_MAX = 16 * 1024,
	GLUETUN_KEY_SIZE = 256,
};

enum gluetun_outcome {
	GLUETUN_UNASKED,
	GLUETUN_ANSWERED,
	GLUETUN_NEEDS_KEY, /* 401: of this server's keys, ours is none; says nothing of the VPN */
	GLUETUN_SILENT,    /* nobody answers there */
	GLUETUN_ODD,       /* something else than Gluetun's answer */
};

enum gluetun_health {
	GLUETUN_HEALTH_UNKNOWN,
	GLUETUN_HEALTHY,
	GLUETUN_UNHEALTHY,
};

struct gluetun_status {
	int64_t asked_at_ms; /* wall clock; 0: not yet */
	enum gluetun_outcome control;
	enum gluetun_health health;
	char vpn[GLUETUN_WORD_SIZE]; /* "running", "stopped", ...; "": not told */
	struct address exit;         /* as the Internet sees it; AF_UNSPEC: not told */
	char country[GLUETUN_PLACE_SIZE];
	uint16_t port; /* forwarded by the provider; 0: none */
	char problem[128];
};

/* Begins to ask nobody. NULL + errno. Before other threads, for libcurl's sake. */
MUST_CHECK struct gluetun *gluetun_new(void);

/* Ends the thread; waits for a question under way, 3 s at most. */
void gluetun_free(struct gluetun *gluetun);

/* Whom to ask from now on: the URL of a control server (NULL: nobody) and its key (NULL: none).
 * Both are copied. Any thread. -1: no memory. */
MUST_CHECK int gluetun_watch(struct gluetun *gluetun, const char *url, const char *key);

/* Something happened to the tunnel: asks at once. Any thread. */
void gluetun_wake(struct gluetun *gluetun);

/* Any thread. */
void gluetun_status(struct gluetun *gluetun, struct gluetun_status *status);

struct gluetun_answer {
	enum gluetun_outcome outcome;
	int status; /* HTTP's */
	char body[GLUETUN_BODY_MAX];
	size_t len;
};

/* The first line of a file. -1 + errno; ENODATA: there is no key in it. */
MUST_CHECK int gluetun_read_key(const char *path, char key[GLUETUN_KEY_SIZE]);

/* One question, at most 3 s. key and body may be NULL. */
void gluetun_ask(const char *url, const char *key, const char *method, const char *path,
		 const char *body, struct gluetun_answer *answer);

/*
 * The members of Gluetun's answers, strict: what is not there, of another type, too long, or not
 * printable ASCII is false. Pure.
 */
MUST_CHECK bool gluetun_read_word(const char *bytes, size_t len, const char *member,
				  char word[GLUETUN_WORD_SIZE]);
/* Gluetun knows none while the VPN is stopped: true with AF_UNSPEC. */
MUST_CHECK bool gluetun_read_exit(const char *bytes, size_t len, struct address *address,
				  char country[GLUETUN_PLACE_SIZE]);
MUST_CHECK bool gluetun_read_port(const char *bytes, size_t len, uint16_t *port);

const char *gluetun_outcome_name(enum gluetun_outcome outcome);
const char *gluetun_health_name(enum gluetun_health health);

#endif
