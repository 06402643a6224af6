# What every document finds on its host.
set -euo pipefail
sudo() { "$@"; }
export EDITOR=true
# Goes on when a command succeeds. Nothing ends it: a test that hangs is ended by who runs the tests.
wait_for() { until "$@" >/dev/null 2>&1; do sleep 0.1; done; }
# The button of the first server.
power() { ipmitool -I lanplus -C 3 -H 10.0.0.102 -U factory -P factory-secret power "$1"; }
