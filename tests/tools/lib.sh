# SPDX-License-Identifier: MIT
# For shell tests of the program: cases that print TAP. A case is a function
# named case_...; it fails when a command in it does. Each runs in an empty
# folder of its own. The test sets SOURCE and BUILD before it reads this.
# shellcheck shell=bash

PATH=$BUILD/tests/tools:$PATH
export LC_ALL=C
unset NO_COLOR FAKE_H8L

# fail WORDS...: why a case fails, and the end of it
fail() {
	echo "# $*"
	exit 1
}

# skip WORDS...: a case that cannot be tried here
skip() {
	echo "$*" >skipped
	exit 77
}

# runs RC COMMAND...: output to out, messages to err, exit code compared
runs() {
	local expected=$1 rc=0
	shift
	"$@" >out 2>err </dev/null || rc=$?
	[[ $rc -eq $expected ]] && return
	sed 's/^/# /' out err
	fail "exit code $rc, not $expected: $*"
}

# says FILE TEXT: the file has the text
says() {
	grep -qF -e "$2" "$1" && return
	sed 's/^/# /' "$1"
	fail "'$2' is not in $1"
}

# silent FILE: the file is empty
silent() {
	[[ ! -s $1 ]] && return
	sed 's/^/# /' "$1"
	fail "$1 should be empty"
}

# lines FILE COUNT
lines() {
	[[ $(wc -l <"$1") -eq $2 ]] && return
	sed 's/^/# /' "$1"
	fail "$1 has not $2 lines"
}

# only NAME...: no other file is in the folder (out and err do not count)
only() {
	local found
	found=$(find . -mindepth 1 ! -name out ! -name err -printf '%P\n' | sort | tr '\n' ' ')
	[[ $found == "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ]] ||
		fail "there are other files than expected: $found"
}

run_cases() {
	local cases name number=0 folder rc
	mapfile -t cases < <(compgen -A function case_)
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	echo "1..${#cases[@]}"
	for name in "${cases[@]}"; do
		number=$((number + 1))
		mkdir "$folder/$name"
		# not as a condition: that would switch `set -e` off
		(
			cd "$folder/$name" || exit 1
			set -eu
			"$name"
		)
		rc=$?
		case $rc in
		0) echo "ok $number - ${name#case_}" ;;
		77) echo "ok $number - ${name#case_} # SKIP $(cat "$folder/$name/skipped")" ;;
		*) echo "not ok $number - ${name#case_}" ;;
		esac
		rm -rf "${folder:?}/$name"
	done
}
