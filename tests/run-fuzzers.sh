#!/bin/sh
# run-fuzzers.sh SECONDS FUZZER...: each fuzzer for that long, from its corpus in tests/fuzz/corpus; two at a time.
if [ "$1" = --one ]; then
	name=$(basename "$3" _fuzz)
	work=$(mktemp -d)
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	if "$3" -max_total_time="$2" -timeout=5 -rss_limit_mb=1024 -max_len=8192 \
		-artifact_prefix="$work/" "$work" ${seeds:+"$seeds"} >"$work.log" 2>&1; then
		echo "$name: clean, $(grep -o 'Done [0-9]* runs' "$work.log")"
		rm -rf "$work" "$work.log"
		exit 0
	fi
	echo "$name: FAILED, input in $work"
	tail -n 40 "$work.log"
	exit 1
fi
seconds=$1
shift
printf '%s\n' "$@" | xargs -P 2 -n 1 "$0" --one "$seconds"
