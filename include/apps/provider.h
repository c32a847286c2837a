/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lists of Prowlarr and Radarr that hold "providers": indexer proxies, applications, download
 * clients. One is looked for, and made or changed where it is not as wanted; whatever else it says
 * stays as it is.
 */
#ifndef APPS_PROVIDER_H
#define APPS_PROVIDER_H

#include <jansson.h>
#include <stdbool.h>

#include "apps/report.h"
#include "apps/session.h"

enum setup_mode {
	SETUP_CHECK, /* what is not as wanted is a finding */
	SETUP_DRY,   /* what would change */
	SETUP_DO,
};

enum {
	WISH_FIELDS_MAX = 8,
};

/* One of the provider's fields: a text, or a number when text is NULL. */
struct wish_field {
	const char *name;
	const char *text;
	int number;
	bool is_url;    /* slashes at its end do not count */
	bool is_secret; /* shown to nobody; the app may show stars in its place */
};

struct wish {
	const char *path;           /* "/api/v1/applications" */
	const char *implementation; /* "Radarr" */
	const char *name;           /* of a new one */
	const char *what;           /* for people: "the application Radarr" */
	const char *why;            /* it is wanted: for a finding */
	const char *match; /* the field that tells ours from others of this implementation */
	struct wish_field fields[WISH_FIELDS_MAX];
	size_t field_count;
	bool adopts;            /* one that leads elsewhere is ours too when it is the only one */
	const char *switch_key; /* the member that switches it on and off ... */
	json_t *on,
		*off; /* ... and how; borrowed. Off is not tested by the app when it is saved. */
};

/* 1: something was or would be changed; 0: it is as wanted; -1: it could not be told, and the
 * report says why. */
MUST_CHECK int provider_ensure(struct app_session *session, const struct wish *wish,
			       enum setup_mode mode, struct app_report *report);

/* The value of a field; NULL: there is none of that name. Borrowed. */
json_t *provider_field(const json_t *provider, const char *name);

/* Its text, or "". */
const char *provider_text(const json_t *provider, const char *name);

/* The same but for slashes at the end and the case of letters? */
bool url_equals(const char *a, const char *b);

#endif
