/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every parser of bytes off the wire answers. */
#ifndef PROTO_PARSE_H
#define PROTO_PARSE_H

enum parse_result {
	PARSE_DONE, /* the struct is filled */
	PARSE_MORE, /* well-formed so far, but not all of it is here */
	PARSE_BAD,  /* can never become well-formed */
};

#endif
