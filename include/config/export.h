/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A config as JSON: what is in force with every default filled in. Credentials are left out. */
#ifndef CONFIG_EXPORT_H
#define CONFIG_EXPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/compiler.h"

struct config;

/* NULL: no memory. */
MUST_CHECK json_t *config_to_json(const struct config *config);

/* Writes bytes of a policy file; the user and password in a URL become three asterisks. */
void config_print_redacted(FILE *out, const char *text, size_t len);

#endif
