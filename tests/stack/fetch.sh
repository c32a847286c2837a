#!/bin/sh
# fetch.sh CACHE: brings a current Docker Engine with Compose, the oldest Compose that Debian still has (packages, unpacked and
# not installed) and a Debian 12 base image into a cache folder. What is there already is not fetched again.
set -eu
cache=$1
mkdir -p "$cache"
cd "$cache"

# unpack SUITE FOLDER PACKAGE...
unpack() {
	suite=$1 folder=$2
	shift 2
	rm -rf "$folder" "$folder.new" apt
	mkdir -p apt/lists/partial apt/deb
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" \
		>apt/sources.list
	for words in update "download $*"; do
		# shellcheck disable=SC2086 # words on purpose
		(cd apt/deb && apt-get -qq -o "Dir::Etc::sourcelist=$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
			-o "Dir::State::lists=$cache/apt/lists" -o APT::Sandbox::User=root $words)
	done
	for package in apt/deb/*.deb; do dpkg-deb -x "$package" "$folder.new"; done
	mv "$folder.new" "$folder"
	rm -rf apt
}

# The engine of Debian 12 is three years old: isolated networks, inline configs and depends_on.restart came later.
if [ ! -x engine/usr/sbin/dockerd ]; then
	echo "fetching a Docker Engine and Compose"
	unpack sid engine docker.io docker-cli docker-compose docker-buildx
fi
if [ ! -d oldest ]; then
	echo "fetching an older Compose"
	unpack trixie oldest docker-compose
fi

if [ ! -s base.tar ]; then
	echo "making a Debian 12 base image"
	rm -rf base
	debootstrap --variant=minbase --include=ca-certificates bookworm base http://deb.debian.org/debian >base.log 2>&1 ||
		{ tail -n 20 base.log >&2 && exit 1; }
	rm -rf base/var/cache/apt/archives/*.deb base/var/lib/apt/lists/*
	tar -C base --numeric-owner -cf base.tar.new .
	rm -rf base base.log
	mv base.tar.new base.tar
fi
