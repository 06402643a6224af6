# A region that runs: r1 at 10.0.0.1, and its administrator has a password.
ironraft region init --data-dir /var/lib/ironraft --address 10.0.0.1 --name r1 --admin-password of-the-administrator >made
token() { awk -v kind="$1" '$1 == kind && $2 == "token" { print $NF }' made; }
ironraft region run --data-dir /var/lib/ironraft 2>r1.log &
wait_for curl -fsS http://10.0.0.1:5240/readyz
