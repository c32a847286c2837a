/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the flat XML that these apps write, and nothing that merely resembles it. */
#include "apps/config_xml.h"

#include <stdbool.h>
#include <string.h>

#include "base/span.h"

enum {
	CONFIG_XML_MAX = 64 * 1024, /* theirs has about 1 KiB */
};

struct xml {
	const char *at, *end;
};

static bool character_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool character_is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void xml_skip_space(struct xml *xml)
{
	while (xml->at < xml->end && character_is_space(*xml->at))
		xml->at++;
}

static bool xml_take(struct xml *xml, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(xml->end - xml->at) < len || memcmp(xml->at, text, len) != 0)
		return false;
	xml->at += len;
	return true;
}

static struct span xml_take_name(struct xml *xml)
{
	struct span name = {.bytes = xml->at};

	while (xml->at < xml->end && character_is_alphanumeric(*xml->at))
		xml->at++;
	name.len = (size_t)(xml->at - name.bytes);
	return name;
}

/* "<Name>text</Name>" or "<Name/>", with the '<' of it next. */
static bool xml_take_element(struct xml *xml, struct span *name, struct span *text)
{
	struct span closing;

	if (!xml_take(xml, "<"))
		return false;
	*name = xml_take_name(xml);
	*text = (struct span){.bytes = xml->at};
	if (name->len == 0)
		return false;
	xml_skip_space(xml);
	if (xml_take(xml, "/>"))
		return true;
	if (!xml_take(xml, ">"))
		return false;
	text->bytes = xml->at;
	while (xml->at < xml->end && *xml->at != '<')
		xml->at++;
	text->len = (size_t)(xml->at - text->bytes);
	if (!xml_take(xml, "</"))
		return false;
	closing = xml_take_name(xml);
	return closing.len == name->len && memcmp(closing.bytes, name->bytes, name->len) == 0 &&
	       xml_take(xml, ">");
}

static bool key_take(struct span text, char *key, size_t size)
{
	if (text.len == 0 || text.len >= size)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!character_is_alphanumeric(text.bytes[i]))
			return false;
	}
	memcpy(key, text.bytes, text.len);
	key[text.len] = '\0';
	return true;
}

/* What may stand before the root: a byte order mark and a declaration. */
static bool xml_take_prolog(struct xml *xml)
{
	const char *end;

	(void)xml_take(xml, "\xef\xbb\xbf");
	if (xml_take(xml, "<?xml ")) {
		end = memmem(xml->at, (size_t)(xml->end - xml->at), "?>", 2);
		if (end == NULL)
			return false;
		xml->at = end + 2;
	}
	xml_skip_space(xml);
	return xml_take(xml, "<Config>");
}

int config_xml_key(const char *bytes, size_t len, char *key, size_t size, const char **problem)
{
	struct xml xml = {bytes, bytes + len};
	struct span name, text;
	bool found = false;

	*problem = "it is not a config.xml as Prowlarr and Radarr write it";
	if (len > CONFIG_XML_MAX || !xml_take_prolog(&xml))
		return -1;
	for (xml_skip_space(&xml); !xml_take(&xml, "</Config>"); xml_skip_space(&xml)) {
		if (!xml_take_element(&xml, &name, &text))
			return -1;
		if (!span_equals(name, "ApiKey"))
			continue;
		if (found || !key_take(text, key, size)) {
			*problem = "its ApiKey is no key";
			return -1;
		}
		found = true;
	}
	xml_skip_space(&xml);
	if (xml.at != xml.end)
		return -1;
	*problem = found ? NULL : "it has no ApiKey";
	return found ? 0 : -1;
}
