# Two more: r2 at 10.0.0.2 and r3 at 10.0.0.3.
for number in 2 3; do
    ironraft region join 10.0.0.1:5241 --token "$(token region)" --data-dir /var/lib/ironraft-r$number \
        --address 10.0.0.$number --name r$number
    ironraft region run --data-dir /var/lib/ironraft-r$number 2>r$number.log &
    wait_for curl -fsS http://10.0.0.$number:5240/readyz
done
export IRONRAFT_DATA_DIR=/var/lib/ironraft
