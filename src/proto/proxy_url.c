/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the URL of an upstream proxy out of the policy file. */
#include "proto/proxy_url.h"

#include <string.h>

#include "base/span.h"

struct proxy_scheme {
	const char *name;
	enum proxy_kind kind;
	uint16_t port;
};

static const struct proxy_scheme proxy_schemes[] = {
	{"http", PROXY_HTTP, 3128},
	{"https", PROXY_HTTPS, 443},
	{"socks5", PROXY_SOCKS5, 1080},
	{"socks5h", PROXY_SOCKS5, 1080},
};

/* Takes what stands before the first separator, and the separator, off the front of rest. */
static bool proxy_url_cut(struct span *rest, const char *separator, struct span *before)
{
	size_t len = strlen(separator);
	const char *at = rest->len == 0 ? NULL : memmem(rest->bytes, rest->len, separator, len);

	if (at == NULL)
		return false;
	*before = (struct span){rest->bytes, (size_t)(at - rest->bytes)};
	rest->bytes = at + len;
	rest->len -= before->len + len;
	return true;
}

static const struct proxy_scheme *proxy_url_find_scheme(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(proxy_schemes); i++) {
		if (span_equals_nocase(name, proxy_schemes[i].name))
			return &proxy_schemes[i];
	}
	return NULL;
}

static int proxy_url_hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte = (char)(byte | 0x20);
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* NULL when decoded, else what is wrong. */
static const char *proxy_url_decode(struct span text, char out[256])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.bytes[i];

		if (byte <= ' ' || byte >= 0x7f)
			return "a byte in the login must be percent-encoded";
		if (byte == '%') {
			int high = i + 2 < text.len ? proxy_url_hex_digit(text.bytes[i + 1]) : -1;
			int low = i + 2 < text.len ? proxy_url_hex_digit(text.bytes[i + 2]) : -1;

			if (high < 0 || low < 0)
				return "'%' in the login is not followed by two hex digits";
			byte = (unsigned char)(high << 4 | low);
			i += 2;
		}
		/* Kept as C strings: what follows a NUL would silently be lost. */
		if (byte == '\0')
			return "the login contains a NUL";
		if (len == 255)
			return "the login is longer than 255 bytes";
		out[len++] = (char)byte;
	}
	out[len] = '\0';
	return NULL;
}

static const char *proxy_url_parse_login(struct span login, struct proxy_url *parsed)
{
	const char *problem;
	struct span user = login;

	if (proxy_url_cut(&login, ":", &user)) {
		problem = proxy_url_decode(login, parsed->password);
		if (problem != NULL)
			return problem;
	}
	problem = proxy_url_decode(user, parsed->user);
	if (problem != NULL)
		return problem;
	if (parsed->user[0] == '\0')
		return "the user name is empty";
	/* RFC 7617 2: the first colon ends the user name. */
	if (parsed->kind != PROXY_SOCKS5 && strchr(parsed->user, ':') != NULL)
		return "HTTP cannot carry a user name with a colon";
	return NULL;
}

static const char *proxy_url_parse_authority(struct span text, struct proxy_url *parsed)
{
	struct span host = text;

	if (text.len > 0 && text.bytes[0] == '[') {
		if (!proxy_url_cut(&text, "]", &host))
			return "']' is missing";
		host.len++;
		if (text.len > 0 && text.bytes[0] != ':')
			return "only a port may follow ']'";
		if (text.len > 0) {
			text.bytes++;
			text.len--;
			if (!port_parse(text.bytes, text.len, &parsed->port) || parsed->port == 0)
				return "the port is not a number from 1 to 65535";
		}
	} else if (proxy_url_cut(&text, ":", &host)) {
		if (memchr(text.bytes, ':', text.len) != NULL)
			return "an IPv6 address needs brackets";
		if (!port_parse(text.bytes, text.len, &parsed->port) || parsed->port == 0)
			return "the port is not a number from 1 to 65535";
	}
	if (!host_parse(host.bytes, host.len, &parsed->host))
		return "the host is neither a name nor an address";
	return NULL;
}

static const char *proxy_url_parse_all(struct span rest, struct proxy_url *parsed)
{
	const struct proxy_scheme *scheme;
	struct span part;
	const char *problem;

	if (!proxy_url_cut(&rest, "://", &part))
		return "a proxy is written http://, https:// or socks5://, then its host";
	scheme = proxy_url_find_scheme(part);
	if (scheme == NULL)
		return "the scheme is none of http, https, socks5, socks5h";
	parsed->kind = scheme->kind;
	parsed->port = scheme->port;
	if (rest.len > 0 && rest.bytes[rest.len - 1] == '/')
		rest.len--;
	for (size_t i = 0; i < rest.len; i++) {
		if (strchr("/?#", rest.bytes[i]) != NULL && rest.bytes[i] != '\0')
			return "nothing may follow the host and port but \"/\"";
	}
	if (proxy_url_cut(&rest, "@", &part)) {
		if (memchr(rest.bytes, '@', rest.len) != NULL)
			return "'@' in the login must be written %40";
		problem = proxy_url_parse_login(part, parsed);
		if (problem != NULL)
			return problem;
	}
	return proxy_url_parse_authority(rest, parsed);
}

int proxy_url_parse(const char *url, size_t len, struct proxy_url *parsed, const char **problem)
{
	memset(parsed, 0, sizeof(*parsed));
	*problem = proxy_url_parse_all((struct span){url, len}, parsed);
	return *problem == NULL ? 0 : -1;
}
