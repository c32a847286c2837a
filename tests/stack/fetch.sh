#!/bin/sh
# fetch.sh CACHE: brings a current Docker Engine with Compose, Debian 12's own engine, the oldest Compose that Debian still has
# (packages, unpacked and not installed) and a Debian 12 base image into a cache folder. What is there already is not fetched again.
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
fetch_engine() {
	[ ! -x engine/usr/sbin/dockerd ] || return 0
	echo "fetching a Docker Engine and Compose"
	unpack sid engine docker.io docker-cli docker-compose docker-buildx
}

# With the commands of its time, and no buildx.
fetch_old_engine() {
	[ ! -x engine-20.10/usr/sbin/dockerd ] || return 0
	echo "fetching Docker Engine 20.10"
	unpack bookworm engine-20.10 docker.io tini
}

fetch_oldest() {
	[ ! -d oldest ] || return 0
	echo "fetching an older Compose"
	unpack trixie oldest docker-compose
}

# With what the stand-ins need: their image then has nothing left to fetch.
make_base() {
	[ ! -s base.tar ] || return 0
	echo "making a Debian 12 base image"
	rm -rf base
	# What it mounts goes with it, even when it is killed.
	unshare --mount debootstrap --variant=minbase --include=ca-certificates,python3,curl,wget,openvpn,iptables,iproute2,procps bookworm base \
		http://deb.debian.org/debian >base.log 2>&1 || { tail -n 20 base.log >&2 && return 1; }
	rm -rf base/var/cache/apt/archives/*.deb base/var/lib/apt/lists/*
	tar -C base --numeric-owner -cf base.tar.new .
	rm -rf base base.log
	mv base.tar.new base.tar
}

make_base &
base=$!
trap 'kill "$base" 2>/dev/null || :' EXIT
fetch_engine
if [ -z "${EGRESSD_STACK_MAY_SKIP:-}" ]; then # CI does without these
	fetch_oldest
	fetch_old_engine
fi
wait "$base"
