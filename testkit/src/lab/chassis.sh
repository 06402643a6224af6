#!/bin/sh
# The arm of a simulated BMC: ipmi_sim asks for and sets the state of the chassis through it.
#
#   chassis.sh get power boot ...      prints power:0 or power:1, boot:default, ...
#   chassis.sh set power 1 boot pxe ...
#
# The machine is the process that holds the lock on power.lock; it is started by the script
# `machine` beside this one, and is told there whether the network or the disk boots first. ipmi_sim
# waits for this script, so it must be quick, and nothing it starts may keep its output open.
folder=$(dirname "$0")
lock=$folder/power.lock

running() {
    ! flock --nonblock "$lock" true
}

boot_device() {
    cat "$folder/boot" 2>/dev/null || echo default
}

power_on() {
    running && return
    case $(boot_device) in
        disk) network=2 disk=1 ;;
        *) network=1 disk=2 ;;
    esac
    # The boot device holds for one start.
    rm -f "$folder/boot"
    NETWORK_INDEX=$network DISK_INDEX=$disk setsid flock --nonblock --no-fork "$lock" \
        "$folder/machine" </dev/null >>"$folder/machine.log" 2>&1 &
    echo $! >"$folder/machine.pid"
    echo "$(date +%T) on network=$network disk=$disk" >>"$folder/chassis.log"
}

power_off() {
    if running; then
        kill -KILL "$(cat "$folder/machine.pid")" 2>/dev/null
        flock --timeout 2 "$lock" true
    fi
    echo "$(date +%T) off" >>"$folder/chassis.log"
}

set_one() {
    case "$1=$2" in
        power=1) power_on ;;
        power=0 | shutdown=1) power_off ;;
        reset=1) power_off; power_on ;;
        boot=*) echo "$2" >"$folder/boot" ;;
    esac
}

get_one() {
    case $1 in
        power) if running; then echo power:1; else echo power:0; fi ;;
        boot) echo "boot:$(boot_device)" ;;
    esac
}

order=$1
shift
case $order in
    get) for word in "$@"; do get_one "$word"; done ;;
    set) while [ $# -gt 1 ]; do set_one "$1" "$2"; shift 2; done ;;
esac
exit 0
