#!/bin/sh
# run-fuzzers.sh SECONDS FUZZER...: each fuzzer for that long, from its corpus in tests/fuzz/corpus.
seconds=$1
shift
status=0
for fuzzer in "$@"; do
	name=$(basename "$fuzzer" _fuzz)
	work=$(mktemp -d)
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086 # one word or none
	if "$fuzzer" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=8192 \
		-artifact_prefix="$work/" "$work" $seeds >"$work.log" 2>&1; then
		echo "$name: clean, $(grep -o 'Done [0-9]* runs' "$work.log")"
		rm -rf "$work" "$work.log"
	else
		echo "$name: FAILED, input in $work"
		tail -n 40 "$work.log"
		status=1
	fi
done
exit $status
