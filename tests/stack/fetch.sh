#!/bin/sh
# fetch.sh CACHE: brings a current Docker Engine with Compose (Debian sid's packages, unpacked and not installed) and a
# Debian 12 base image into a cache folder. What is there already is not fetched again.
set -eu
cache=$1
mkdir -p "$cache"
cd "$cache"

# The engine of Debian 12 is three years old: isolated networks, inline configs and depends_on.restart came later.
fetch_engine() {
	[ ! -x engine/usr/sbin/dockerd ] || return 0
	echo "fetching a Docker Engine and Compose"
	rm -rf engine engine.new apt
	mkdir -p apt/lists/partial apt/deb
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main" \
		>apt/sources.list
	apt() {
		apt-get -qq -o "Dir::Etc::sourcelist=$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
			-o "Dir::State::lists=$cache/apt/lists" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
	}
	(
		cd apt
		apt update
		cd deb
		apt download docker.io docker-cli docker-compose docker-buildx
	)
	for package in apt/deb/*.deb; do dpkg-deb -x "$package" engine.new; done
	mv engine.new engine
	rm -rf apt
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
wait "$base"
