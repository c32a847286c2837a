/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table whose columns are as wide as what stands in them, and no wider than the terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egressctl/print.h"

enum {
	COLUMN_GAP = 2,
	ELASTIC_MIN = 12,
};

void table_add(struct table *table, const char *text)
{
	if (table->row_count == table->row_room) {
		size_t room = table->row_room ? 2 * table->row_room : 64;
		void *grown = reallocarray(table->cells, room, sizeof(*table->cells));

		if (!grown)
			return;
		table->cells = grown;
		table->row_room = room;
	}
	snprintf(table->cells[table->row_count++], CELL_SIZE, "%s", text);
}

void table_clear(struct table *table)
{
	free(table->cells);
	table->cells = NULL;
	table->row_count = table->row_room = 0;
}

static void table_measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	size_t terminal = terminal_width();
	size_t total = 0;

	for (size_t column = 0; column < table->column_count; column++) {
		widths[column] = strlen(table->columns[column].title);
		for (size_t i = column; i < table->row_count; i += table->column_count) {
			size_t len = strlen(table->cells[i]);

			if (len > widths[column])
				widths[column] = len;
		}
		total += widths[column] + (column > 0 ? COLUMN_GAP : 0);
	}
	if (terminal > 0 && total > terminal) {
		size_t *elastic = &widths[table->elastic];
		size_t excess = total - terminal;

		*elastic = *elastic > excess + ELASTIC_MIN ? *elastic - excess : ELASTIC_MIN;
	}
}

/* Cells are ASCII but for users' names; those stand a little off and nothing else. */
static void table_print_cell(const struct table *table, size_t column, size_t width,
			     const char *text)
{
	char cut[CELL_SIZE];
	size_t len = strlen(text);
	size_t pad;

	if (len > width) {
		snprintf(cut, sizeof(cut), "%.*s~", (int)width - 1, text);
		text = cut;
		len = width;
	}
	pad = width - len;
	if (column > 0)
		printf("%*s", COLUMN_GAP, "");
	if (table->columns[column].right)
		printf("%*s", (int)pad, "");
	print_clean(text);
	if (!table->columns[column].right && column + 1 < table->column_count)
		printf("%*s", (int)pad, "");
}

void table_print(const struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX];

	table_measure(table, widths);
	fputs(style_on(STYLE_BOLD), stdout);
	for (size_t column = 0; column < table->column_count; column++)
		table_print_cell(table, column, widths[column], table->columns[column].title);
	puts(style_off());
	for (size_t i = 0; i < table->row_count; i++) {
		size_t column = i % table->column_count;

		table_print_cell(table, column, widths[column], table->cells[i]);
		if (column + 1 == table->column_count)
			putchar('\n');
	}
}
