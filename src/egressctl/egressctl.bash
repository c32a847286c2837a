# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of egressctl for bash.

# The names of the clients or egresses of the policy, one a line.
_egressctl_names() {
	egressctl "${@:2}" config show --json 2>/dev/null |
		sed -n "/^  \"$1\": \[/,/^  \]/s/^      \"name\": \"\(.*\)\",*/\1/p"
}

_egressctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' place=0 word named=()
	local common='--json --help --socket --config'
	COMPREPLY=()
	case $previous in
	--socket | --docker-socket | --config | --pcap | --*key-file | --config-dir)
		compopt -o default
		return
		;;
	--only)
		mapfile -t COMPREPLY < <(compgen -W 'T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12' -- "$current")
		return
		;;
	--device)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$current")
		return
		;;
	esac
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--uid | --apps | --bridge | --*-url | --exit-url6 | --*key-file | --config-dir | --proxy | --echo | --only | --netns | --host | \
			--device | --pcap | --rebinding-name | --docker-socket | --project | --real-address | --target | --endpoint | --down | --up) i=$((i + 1)) ;;
		--socket | --config)
			named+=("$word" "${COMP_WORDS[++i]}")
			;;
		-*) ;;
		*)
			if [ -z "$command" ]; then command=$word; else place=$((place + 1)); fi
			;;
		esac
	done
	local words=
	case $command:$place in
	:*) words='status health explain check config connections reload apps passwd rules tunnel leak-test doctor rejoin version help' ;;
	explain:0) words=$(_egressctl_names clients "${named[@]}") ;;
	config:0) words='show' ;;
	connections:0) words='kill' ;;
	tunnel:0) words='status restart' ;;
	apps:0) words='check setup heal' ;;
	apps:*) words='prowlarr flaresolverr radarr qbittorrent overseerr' ;;
	rules:0) words='show apply verify diff remove' ;;
	rules:1) words='gateway hub app host witness' ;;
	help:0) words='status health explain check config connections reload apps passwd rules tunnel leak-test doctor rejoin version' ;;
	check:0 | passwd:0) compopt -o default ;;
	esac
	if [[ $current == -* ]]; then
		words=$common
		case $command in
		'') words+=' --version' ;;
		explain) words+=' --file --udp' ;;
		config) words+=' --file' ;;
		connections) words+=' --watch' ;;
		doctor) words+=' --preflight --host' ;;
		tunnel) words+=' --key-file' ;;
		rejoin) words+=' --watch --dry-run --project --docker-socket' ;;
		apps)
			words+=' --dry-run --proxy --echo --config-dir --flaresolverr-url'
			for word in prowlarr radarr qbittorrent overseerr; do words+=" --$word-url --$word-key-file"; done
			;;
		rules) words+=' --uid --apps --bridge --strict' ;;
		leak-test)
			words+=' --only --list --strict --disruptive --direct-query --netns --host --device --pcap --proxy --exit-url'
			words+=' --exit-url6 --echo-url --rebinding-name --real-address --target --endpoint --down --up --uid --apps'
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _egressctl egressctl
