# SPDX-License-Identifier: MIT
# guests: amd64-debug-kasan
# subtests: yes
# timeout: 1200
#
# Whatever fails in any call of the driver: an error that fits, nothing lost,
# and a chip that runs frames. The rows are the table of calls and errors.
. /t/guest/_lib
insmod /t/mod/inject.ko || die "inject"
for what in calls device; do
	for kind in failslab fail_page_alloc fail_usercopy function; do
		fail_nth $kind $what || bad "$kind in $what ended with $?"
	done
done
rmmod inject
rmmod hailo8l
/t/guest/_leaks >/tmp/leaks
if [ -s /tmp/leaks ]; then
	bad "memory is lost"
	head -n 60 /tmp/leaks
else
	ok "nothing is lost: kmemleak"
fi
