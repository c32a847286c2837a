#!/bin/sh
# Runs the unit test programs given; the last line says how many passed.
passed=0
failed=0
for program in "$@"; do
	if output=$("$program" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s\n%s failed\n' "$output" "$program"
	fi
done
echo "unit programs: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
