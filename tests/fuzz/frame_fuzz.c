/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captured packets: whatever the bytes, what is found lies within them. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "leak/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const uint8_t tag[TAG_SIZE] = "0123456789abcdef";
	char text[FRAME_TEXT_SIZE];
	struct frame frame;

	if (len < 1 ||
	    !frame_parse(bytes[0] & 1 ? FRAME_IP : FRAME_ETHERNET, bytes + 1, len - 1, &frame))
		return 0;
	assert(frame.payload >= bytes + 1 && frame.payload + frame.payload_len <= bytes + len);
	(void)frame_has_tag(&frame, tag);
	(void)frame_format(&frame, len, text);
	return 0;
}
