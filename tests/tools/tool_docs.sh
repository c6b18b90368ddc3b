#!/bin/bash
# SPDX-License-Identifier: MIT
# Man pages and completion say the same as the program.
SOURCE=@SOURCE@
BUILD=@BUILD@
. "$SOURCE/tests/tools/lib.sh"

MAN=$SOURCE/tools/man
COMMANDS=(scan identify hef run log sensors monitor reset)

# options_of COMMAND: long options that its help shows
options_of() {
	hailo8l "$1" --help | sed -n '/^Options:/,/^$/s/^  \(-.,\)\? *--\([a-z-]*\).*/\2/p' | sort
}

# complete_line WORD...: what completion offers for the last word
complete_line() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_hailo8l
	printf '%s\n' "${COMPREPLY[@]}" | sort
}

case_man_pages_are_well_formed() {
	# whether the other pages are installed here does not matter
	mandoc -T lint -W style "$MAN"/*.1 >found 2>&1 || true
	grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' found >out || true
	silent out
	[[ $(find "$MAN" -name '*.1' | wc -l) -eq 9 ]] || fail "a page is missing"
}

case_man_pages_have_every_option() {
	local command
	for command in "${COMMANDS[@]}"; do
		options_of "$command" >help
		sed -n 's/^\.It Fl \(. , \)\?-\([a-z-]*\).*/\2/p' "$MAN/hailo8l-$command.1" |
			sort >page
		diff -u help page || fail "options of $command differ"
		[[ -s help ]]
		says "$MAN/hailo8l.1" ".It Cm $command"
	done
}

case_man_pages_have_every_letter() {
	local command
	for command in "${COMMANDS[@]}"; do
		hailo8l "$command" --help | sed -n 's/^  -\(.\), --\([a-z-]*\).*/\1 \2/p' | sort >help
		sed -n 's/^\.It Fl \(.\) , -\([a-z-]*\).*/\1 \2/p' "$MAN/hailo8l-$command.1" |
			sort >page
		diff -u help page || fail "letters of $command differ"
	done
}

case_completion_offers_commands_and_options() {
	local command
	. "$SOURCE/tools/hailo8l.bash"
	complete_line hailo8l "" >out
	printf '%s\n' "${COMMANDS[@]}" --help --version | sort | diff -u - out
	[[ $(complete_line hailo8l i) == identify ]] || fail "no identify"
	for command in "${COMMANDS[@]}"; do
		complete_line hailo8l "$command" -- | sed 's/^--//' >out
		options_of "$command" | diff -u - out
	done
	complete_line hailo8l log - >out
	printf '%s\n' -d --device -c --cpu -O --output -h --help | sort | diff -u - out
}

case_completion_knows_every_argument() {
	local command option
	. "$SOURCE/tools/hailo8l.bash"
	for command in "${COMMANDS[@]}"; do
		while read -r option; do
			cur="" _hailo8l_argument "--$option" || fail "$command --$option"
		done < <(hailo8l "$command" --help |
			sed -n '/^Options:/,/^$/s/^  \(-.,\)\? *--\([a-z-]*\) [[A-Z].*/\2/p')
	done
	[[ $(complete_line hailo8l scan -o j) == json ]]
	[[ $(complete_line hailo8l run --fit l) == letterbox ]]
	touch net.hef photo.png
	[[ $(complete_line hailo8l run "") == net.hef ]]
	[[ $(complete_line hailo8l run -i p) == photo.png ]]
}

# example NUMBER < BLOCK: what stands in a page, as a function
example() {
	echo "void example$1(struct h8l_device *device, struct h8l_network *network,"
	echo "	struct h8l_memory *memory, int camera, int fd, const int *exported);"
	echo "void example$1(struct h8l_device *device, struct h8l_network *network,"
	echo "	struct h8l_memory *memory, int camera, int fd, const int *exported)"
	echo "{"
	echo "	struct h8l_error error;"
	echo "	(void)device, (void)network, (void)memory, (void)camera, (void)fd;"
	echo "	(void)exported, (void)error;"
	sed 's/\\e/\\/g; s/\\-/-/g'
	echo "}"
}

case_examples_in_man_pages_compile() {
	local page count=0
	printf '#include <%s>\n' err.h sys/ioctl.h linux/dma-buf.h linux/videodev2.h \
		hailo8l.h >examples.c
	echo "void use(const void *p); void look_at(const void *p);" >>examples.c
	for page in "$SOURCE"/lib/man/*.3; do
		awk -v name=block -v n="$count" '/^\.EX$/ { n++; inside = 1; next }
			/^\.EE$/ { inside = 0 }
			inside { print >(name n ".c") }' "$page"
		while [[ -e block$((count + 1)).c ]]; do
			count=$((count + 1))
			example $count <block$count.c >>examples.c
		done
	done
	[[ $count -ge 2 ]] || fail "$count examples were found"
	"${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -I"$SOURCE/include" examples.c
}

case_readme_shows_the_first_program() {
	sed -n '/^```c$/,/^```$/p' "$SOURCE/README.md" | sed '1d;$d' >shown.c
	diff -u "$SOURCE/lib/examples/first.c" shown.c || fail "README.md differs"
}

case_readme_names_what_there_is() {
	local path version
	for path in $(grep -oE '\]\([a-zA-Z0-9_./]+\)' "$SOURCE/README.md" | tr -d '()]') \
		dkms.conf tests/vm/install-deps tests/vm/run; do
		[[ -e $SOURCE/$path ]] || fail "$path is not there"
		says "$SOURCE/README.md" "$path"
	done
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$SOURCE/dkms.conf")
	says "$SOURCE/README.md" "sudo make dkms-install"
	hailo8l --version >out
	says out "hailo8l $version"
}

case_sources_carry_a_licence() {
	local file
	for file in "$SOURCE"/tools/*.* "$SOURCE"/tools/man/* "$SOURCE"/tests/tools/*.sh \
		"$SOURCE"/tests/tools/*.c; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || fail "$file has none"
	done
}

run_cases
