/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one screen of egressctl status: a label on the left, what there is to say beside it. */
#ifndef EGRESSCTL_SCREEN_H
#define EGRESSCTL_SCREEN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "egressctl/print.h"

enum {
	SCREEN_LABEL_MAX = 20,
};

struct screen {
	const json_t *status;
	int64_t now_ms;
	int lines;    /* so far */
	size_t label; /* how wide the words on the left are */
	size_t room;  /* how wide what stands beside them may be */
};

void screen_end_line(struct screen *screen);
void screen_label(const struct screen *screen, const char *label);

/* To the end of the line, cut where room ends. */
void screen_text(struct screen *screen, enum style style, const char *text, size_t room);

/* How the packet rules stand, and what of the proxy is not as it should be. */
void screen_firewall(struct screen *screen);
void screen_proxy(struct screen *screen);

#endif
