/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One screen of text: labels on the left, what there is to say beside them. */
#ifndef EGRESSCTL_SCREEN_H
#define EGRESSCTL_SCREEN_H

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

#endif
