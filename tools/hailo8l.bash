# SPDX-License-Identifier: MIT
# bash completion for hailo8l. The options come from the help of the program
# that is being completed, so they are always those that it has.
# shellcheck shell=bash

# _hailo8l_options COMMAND: all its options
_hailo8l_options() {
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null |
		sed -n '/^Options:/,/^$/s/^  \(-.,\)\? *\(--[a-z-]*\).*/\1 \2/p' | tr -d ,
}

# _hailo8l_commands: all commands
_hailo8l_commands() {
	"${COMP_WORDS[0]}" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_hailo8l_devices() {
	local node
	for node in /dev/hailo[0-9]*; do
		[[ -e $node ]] && echo "$node"
	done
}

# _hailo8l_words WORD...: those that begin like the word at the cursor
_hailo8l_words() {
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# What follows an option that takes an argument; fails for others.
_hailo8l_argument() {
	case $1 in
	-d | --device) _hailo8l_words "$(_hailo8l_devices)" ;;
	-o | --output-format) _hailo8l_words text json ;;
	-k | --kind) _hailo8l_words driver core soft forced ;;
	-c | --cpu) _hailo8l_words app core ;;
	--fit) _hailo8l_words stretch letterbox crop exact ;;
	-f | --format) _hailo8l_words u8 u16 f32 ;;
	-F | --dump | --labels | -i | --input | -O | --output | --raw-output | --save-input)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--sysfs) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-g | --group | -n | --frames | --interval | --count | --queue | -t | --top | --timeout) ;;
	*) return 1 ;;
	esac
}

_hailo8l() {
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]}

	COMPREPLY=()
	if [[ $COMP_CWORD -eq 1 ]]; then
		_hailo8l_words "$(_hailo8l_commands)" --help --version
		return
	fi
	_hailo8l_argument "$previous" && return
	if [[ $cur == -* ]]; then
		_hailo8l_words "$(_hailo8l_options "$command")"
	elif [[ $command == hef || $command == run ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.hef' -- "$cur")
	fi
}

complete -o filenames -F _hailo8l hailo8l
