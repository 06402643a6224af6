# The rack k1 at 10.0.0.11, which serves 10.1.0.0/24.
ironraft rack join 10.0.0.1:5241 --token "$(token rack)" --data-dir /var/lib/ironraft-rack --name k1
ironraft rack run --data-dir /var/lib/ironraft-rack 2>k1.log &
wait_for curl -fsS http://10.0.0.11:5248/readyz
ironraft subnet create cidr=10.1.0.0/24 name=machines vlan=1 gateway_ip=10.1.0.1
ironraft ip-range create type=dynamic start_ip=10.1.0.100 end_ip=10.1.0.199
ironraft fabric vlan set fabric-0 0 dhcp_on=true primary_rack=k1
wait_for grep -q 'DHCP is served' k1.log
