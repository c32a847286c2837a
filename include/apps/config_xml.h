/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config.xml of Prowlarr and Radarr, as far as we want it: the API key. Pure. */
#ifndef APPS_CONFIG_XML_H
#define APPS_CONFIG_XML_H

#include <stddef.h>

#include "base/compiler.h"

/*
 * "<Config><Name>text</Name>...</Config>", as these apps write it: no attributes, no document type,
 * nothing within the elements but text. key gets the one ApiKey (letters and digits),
 * NUL-terminated. -1: that is not such a file, or its key does not fit; *problem says what is wrong
 * in a few words (static).
 */
MUST_CHECK int config_xml_key(const char *bytes, size_t len, char *key, size_t size,
			      const char **problem);

#endif
