# SPDX-License-Identifier: MIT
# guests: amd64-debug-kcsan
# violations: yes
# subtests: yes
#
# Everything at once, so that data races show: networks of several programs,
# those who look on, events, resets, programs that die.
. /t/guest/_lib
node=/sys/class/hailo_chardev/hailo0

# again NAME COMMAND...: until it is enough; counts how often it succeeded
again() {
	name=$1 n=0
	shift
	while [ ! -e /tmp/enough ]; do
		"$@" >/dev/null 2>&1 && n=$((n + 1))
	done
	echo "$n" >"/tmp/done.$name"
}
dying() { hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 100000 --wait & sleep 1; kill -9 $!; wait $!; true; }

again networks hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 20 --wait &
again frames abi_frames 50 &
again deaths dying &
again identify hailo8l identify --extended &
again sensors hailo8l sensors &
again events send_event 0 &
again monitor timeout 3 hailo8l monitor --events -n 2 &
again state sh -c 'cat /sys/kernel/debug/hailo8l/*/state' &
again fdinfo sh -c 'cat /proc/[0-9]*/fdinfo/*' &
again sysfs cat $node/reset_count $node/firmware_version $node/architecture &
resets=0
for _ in 1 2 3 4 5 6; do
	sleep 4
	echo 1 >$node/reset && resets=$((resets + 1))
done
touch /tmp/enough
wait
for name in networks frames deaths identify sensors events monitor state sysfs; do
	n=$(cat /tmp/done.$name)
	if [ "${n:-0}" -gt 0 ]; then ok "$name"; else bad "$name never succeeded"; fi
done
[ $resets -gt 3 ] || bad "only $resets resets"
run_net /t/hef/edges_small.hef >/tmp/log || bad "afterwards: $(cat /tmp/log)"
exit "$worst"
