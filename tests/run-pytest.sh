#!/bin/sh
# run-pytest.sh BUILD FOLDER [PATTERN]: runs the system tests of a folder against the programs in BUILD.
build=$1
folder=$2
shift 2
export EGRESSD_BUILD="$PWD/$build" PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider --tb=short --durations=5 "$folder" ${1:+-k "$1"}
