#!/bin/sh
# lint.sh FLAGS FILE...: clang-tidy over the C files, compiled with those flags, and shellcheck over every script.
set -eu
cd "$(dirname "$0")/.."
tests/packages.sh clang-tidy shellcheck
flags=$1
shift
# Its standard error only counts what it left out of system headers.
# shellcheck disable=SC2016 # expanded inside
printf '%s\n' "$@" | FLAGS=$flags xargs -P "$(nproc)" -n 6 sh -c 'clang-tidy --quiet "$@" -- $FLAGS 2>/dev/null' sh
shellcheck tests/*.sh tests/stack/*.sh compose/*.sh .ci/run
shellcheck --shell=bash src/egressctl/egressctl.bash
echo "lint: $# C files and the scripts are clean"
