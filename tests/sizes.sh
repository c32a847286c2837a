#!/bin/sh
# Holds the sizes of the style: a file at most 400 lines, a header 120, a function 60.
set -eu
cd "$(dirname "$0")/.."
awk '
	FNR == 1 { limit = FILENAME ~ /\.h$/ ? 120 : 400 }
	FNR == limit + 1 { print FILENAME ": more than " limit " lines"; bad++ }
	/^[a-z].*\(/ { start = FNR; name = $0 }
	/^\{$/ { inside = 1 }
	/^\}/ && inside {
		if (FNR - start + 1 > 60) { print FILENAME ":" start ": " FNR - start + 1 " lines: " name; bad++ }
		inside = 0
	}
	END { if (!bad) print "sizes: as agreed"; exit bad > 0 }
' src/*/*.c src/*/*.h include/*/*.h
