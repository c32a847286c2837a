/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of labels and what stands beside them. */
#include "egressctl/screen.h"

#include <stdio.h>

void screen_end_line(struct screen *screen)
{
	putchar('\n');
	screen->lines++;
}

void screen_label(const struct screen *screen, const char *label)
{
	char cut[SCREEN_LABEL_MAX + 1];

	printf("  %s%-*s%s  ", style_on(STYLE_DIM), (int)screen->label,
	       text_cut_tail(label, screen->label, cut, sizeof(cut)), style_off());
}

void screen_text(struct screen *screen, enum style style, const char *text, size_t room)
{
	char cut[PRINT_SIZE];

	print_styled(style, text_cut_tail(text, room, cut, sizeof(cut)));
	screen_end_line(screen);
}
