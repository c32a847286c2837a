/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen of egressctl status: how wide its columns are, and how many lines are used up. */
#ifndef EGRESSCTL_SCREEN_H
#define EGRESSCTL_SCREEN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "egressctl/print.h"

enum {
	SCREEN_LINES = 23, /* of 24: the last one is the prompt's */
	SCREEN_COLUMNS = 80,
	SCREEN_LABEL_MAX = 20,
	SCREEN_EGRESSES_MAX = 4,
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

/* Every egress, its tunnel, and what Gluetun says of it. */
void screen_egresses(struct screen *screen);

#endif
