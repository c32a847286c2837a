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
	if (table->cell_count == table->cell_room) {
		size_t room = table->cell_room ? 2 * table->cell_room : 64;
		void *grown = reallocarray(table->cells, room, sizeof(*table->cells));

		if (!grown)
			return;
		table->cells = grown;
		table->cell_room = room;
	}
	snprintf(table->cells[table->cell_count++], CELL_SIZE, "%s", text);
}

void table_clear(struct table *table)
{
	free(table->cells);
	table->cells = NULL;
	table->cell_count = table->cell_room = 0;
}

static size_t table_measure_column(const struct table *table, size_t column)
{
	size_t width = table->without_titles ? 0 : strlen(table->columns[column].title);

	for (size_t i = column; i < table->cell_count; i += table->column_count) {
		size_t len = strlen(table->cells[i]);

		if (len > width)
			width = len;
	}
	return width;
}

/* A column of width 0 is not printed. */
static void table_measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	size_t room = table->width ? table->width : terminal_width();
	size_t *elastic = &widths[table->elastic];
	size_t total = table->indent;

	for (size_t column = 0; column < table->column_count; column++) {
		widths[column] = table_measure_column(table, column);
		total += widths[column] + (column > 0 ? COLUMN_GAP : 0);
	}
	if (room == 0 || total <= room)
		return;
	for (size_t column = 1; column < table->column_count; column++) {
		if (table->columns[column].extra) {
			total -= widths[column] + COLUMN_GAP;
			widths[column] = 0;
		}
	}
	if (total > room)
		*elastic = *elastic > total - room + ELASTIC_MIN ? *elastic - (total - room)
								 : ELASTIC_MIN;
}

/* Cells are ASCII but for users' names; those stand a little off and nothing else. */
static void table_print_cell(const struct table *table, size_t column, size_t width,
			     const char *text)
{
	char cut[CELL_SIZE];
	size_t len = strlen(text);
	size_t pad;

	if (width == 0)
		return;
	if (len > width) {
		text = text_cut_head(text, width, cut, sizeof(cut));
		len = width;
	}
	pad = width - len;
	printf("%*s", column > 0 ? COLUMN_GAP : (int)table->indent, "");
	if (table->columns[column].right)
		printf("%*s", (int)pad, "");
	print_clean(text);
	if (!table->columns[column].right && column + 1 < table->column_count)
		printf("%*s", (int)pad, "");
}

static void table_print_titles(const struct table *table, const size_t widths[TABLE_COLUMNS_MAX])
{
	fputs(style_on(STYLE_BOLD), stdout);
	for (size_t column = 0; column < table->column_count; column++)
		table_print_cell(table, column, widths[column], table->columns[column].title);
	puts(style_off());
}

void table_print(const struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX];

	table_measure(table, widths);
	if (!table->without_titles)
		table_print_titles(table, widths);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t column = i % table->column_count;

		table_print_cell(table, column, widths[column], table->cells[i]);
		if (column + 1 == table->column_count)
			putchar('\n');
	}
}
