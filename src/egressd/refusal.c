/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table: a reason in HTTP's, SOCKS' and people's words. */
#include "egressd/refusal.h"

#include <stddef.h>

static const struct refusal_words refusals[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = {"none", 500, "proxy_internal_error", SOCKS5_GENERAL_FAILURE, ""},
	[REFUSAL_POLICY] = {"policy", 403, "http_request_denied", SOCKS5_NOT_ALLOWED,
			    "The policy does not allow this."},
	[REFUSAL_LOGIN_NEEDED] = {"login_needed", 407, "http_request_denied", SOCKS5_NOT_ALLOWED,
				  "This proxy asks for a user and a password."},
	[REFUSAL_LOGIN_WRONG] = {"login_wrong", 407, "http_request_denied", SOCKS5_NOT_ALLOWED,
				 "The user or the password is wrong."},
	[REFUSAL_LOGIN_LIMITED] =
		{"login_limited", 429, "http_request_denied", SOCKS5_NOT_ALLOWED,
		 "Too many wrong passwords came from this address; try again in a minute."},
	[REFUSAL_BAD_REQUEST] = {"bad_request", 400, "http_request_error", SOCKS5_GENERAL_FAILURE,
				 "The request is not well-formed."},
	[REFUSAL_NOT_SUPPORTED] = {"not_supported", 501, "http_request_error",
				   SOCKS5_COMMAND_NOT_SUPPORTED,
				   "This proxy does not offer that command."},
	[REFUSAL_SELF] = {"self", 400, "http_request_error", SOCKS5_NOT_ALLOWED,
			  "This is a proxy, not a web site; set it as the proxy of your program."},
	[REFUSAL_LOOP] = {"loop", 502, "proxy_loop_detected", SOCKS5_NOT_ALLOWED,
			  "The request came back to the proxy that sent it."},
	[REFUSAL_SESSION_LIMIT] = {"session_limit", 503, "connection_limit_reached",
				   SOCKS5_GENERAL_FAILURE,
				   "This client has as many sessions as the policy gives it."},
	[REFUSAL_TUNNEL_DOWN] = {"tunnel_down", 503, "destination_unavailable",
				 SOCKS5_NETWORK_UNREACHABLE,
				 "The tunnel is down, and nothing goes around it."},
	[REFUSAL_HOLD_FULL] = {"hold_full", 503, "destination_unavailable",
			       SOCKS5_NETWORK_UNREACHABLE,
			       "The tunnel is down and too many requests wait for it already."},
	[REFUSAL_LOCAL_NAME] = {"local_name", 502, "destination_not_found", SOCKS5_HOST_UNREACHABLE,
				"This is a name of a local network; it is never asked of a public "
				"resolver. To reach a "
				"local service, do not use the proxy for it."},
	[REFUSAL_FORBIDDEN_ADDRESS] = {"forbidden_address", 403, "destination_ip_prohibited",
				       SOCKS5_NOT_ALLOWED,
				       "This leads to an address that must not be dialled."},
	[REFUSAL_NAME_NOT_FOUND] = {"name_not_found", 502, "destination_not_found",
				    SOCKS5_HOST_UNREACHABLE, "There is no such name."},
	[REFUSAL_NAME_FAILED] = {"name_failed", 502, "dns_error", SOCKS5_HOST_UNREACHABLE,
				 "The resolver could not answer for this name."},
	[REFUSAL_NAME_TIMEOUT] = {"name_timeout", 504, "dns_timeout", SOCKS5_HOST_UNREACHABLE,
				  "The resolver did not answer in time."},
	[REFUSAL_CONNECTION_REFUSED] = {"connection_refused", 502, "connection_refused",
					SOCKS5_CONNECTION_REFUSED,
					"The destination refused the connection."},
	[REFUSAL_UNREACHABLE] = {"unreachable", 502, "destination_ip_unroutable",
				 SOCKS5_NETWORK_UNREACHABLE,
				 "There is no way to this destination."},
	[REFUSAL_CONNECT_TIMEOUT] = {"connect_timeout", 504, "connection_timeout",
				     SOCKS5_TTL_EXPIRED, "The destination did not answer in time."},
	[REFUSAL_UPSTREAM] = {"upstream", 502, "destination_unavailable", SOCKS5_GENERAL_FAILURE,
			      "The proxy that this egress goes through failed."},
	[REFUSAL_ORIGIN_PROTOCOL] = {"origin_protocol", 502, "http_protocol_error",
				     SOCKS5_GENERAL_FAILURE,
				     "The origin's answer is not well-formed."},
	[REFUSAL_ORIGIN_CLOSED] = {"origin_closed", 502, "http_response_incomplete",
				   SOCKS5_GENERAL_FAILURE,
				   "The origin closed the connection before it answered."},
	[REFUSAL_ORIGIN_TIMEOUT] = {"origin_timeout", 504, "http_response_timeout",
				    SOCKS5_GENERAL_FAILURE, "The origin did not answer in time."},
	[REFUSAL_SHUTTING_DOWN] = {"shutting_down", 503, "proxy_internal_response",
				   SOCKS5_GENERAL_FAILURE, "The proxy is shutting down."},
	[REFUSAL_NO_RESOURCES] = {"no_resources", 503, "proxy_internal_error",
				  SOCKS5_GENERAL_FAILURE,
				  "The proxy is out of descriptors or memory."},
};

const struct refusal_words *refusal_words(enum refusal refusal)
{
	return &refusals[refusal];
}

enum refusal refusal_of_dial(enum dial_result result)
{
	switch (result) {
	case DIAL_OK:
		return REFUSAL_NONE;
	case DIAL_NAME_NOT_FOUND:
		return REFUSAL_NAME_NOT_FOUND;
	case DIAL_NAME_FAILED:
		return REFUSAL_NAME_FAILED;
	case DIAL_NAME_TIMEOUT:
		return REFUSAL_NAME_TIMEOUT;
	case DIAL_LOCAL_NAME:
		return REFUSAL_LOCAL_NAME;
	case DIAL_FORBIDDEN_ADDRESS:
		return REFUSAL_FORBIDDEN_ADDRESS;
	case DIAL_REFUSED:
		return REFUSAL_CONNECTION_REFUSED;
	case DIAL_UNREACHABLE:
		return REFUSAL_UNREACHABLE;
	case DIAL_TIMEOUT:
		return REFUSAL_CONNECT_TIMEOUT;
	case DIAL_DEVICE_GONE:
		return REFUSAL_TUNNEL_DOWN;
	case DIAL_UPSTREAM_FAILED:
	case DIAL_UPSTREAM_DENIED:
	case DIAL_UPSTREAM_LOGIN:
		return REFUSAL_UPSTREAM;
	case DIAL_NO_RESOURCES:
		break;
	}
	return REFUSAL_NO_RESOURCES;
}

const char *refusal_status_phrase(unsigned status)
{
	switch (status) {
	case 400:
		return "400 Bad Request";
	case 403:
		return "403 Forbidden";
	case 405:
		return "405 Method Not Allowed";
	case 407:
		return "407 Proxy Authentication Required";
	case 414:
		return "414 URI Too Long";
	case 417:
		return "417 Expectation Failed";
	case 429:
		return "429 Too Many Requests";
	case 431:
		return "431 Request Header Fields Too Large";
	case 501:
		return "501 Not Implemented";
	case 502:
		return "502 Bad Gateway";
	case 503:
		return "503 Service Unavailable";
	case 504:
		return "504 Gateway Timeout";
	case 505:
		return "505 HTTP Version Not Supported";
	default:
		return "500 Internal Server Error";
	}
}
